//! Finding what in a configuration is secret, and masking it.

use super::{MASK, below};
use serde_json::Value;

/// How deep a configuration is looked into; what lies deeper is masked.
const DEPTH_MAX: usize = 16;

/// How much work masking may be.
const STEPS_MAX: usize = 10_000;

/// The configuration as it may be shown. Masked is
///
/// * what the schema marks `writeOnly` or `format: password`; a schema that marks something in a way that isn't followed
///   here has everything masked: a secret is worth more than a sight;
/// * what no schema describes: the schema may have lost its field since somebody typed a secret there;
/// * what was secret when the configuration was sealed, by its JSON pointers, as [`secret_places`] gave them: the schema
///   may have lost its mark.
pub(crate) fn masked(schema: Option<&Value>, sealed: &[String], mut configuration: Value) -> Value {
    mask(schema, true, &mut configuration);
    masked_at(sealed, configuration)
}

/// The configuration with only that masked which these JSON pointers lead to.
pub(crate) fn masked_at(places: &[String], mut configuration: Value) -> Value {
    for place in places {
        if let Some(value) = configuration.pointer_mut(place) {
            hide(value, 1);
        }
    }
    configuration
}

/// The configuration with only that masked which the schema marks.
pub(crate) fn marked(schema: Option<&Value>, mut configuration: Value) -> Value {
    mask(schema, false, &mut configuration);
    configuration
}

/// The JSON pointers to what is masked by the schema alone, to be kept beside the sealed configuration.
pub(crate) fn secret_places(schema: Option<&Value>, configuration: &Value) -> Vec<String> {
    let mut places = Vec::new();
    collect(&masked(schema, &[], configuration.clone()), "", &mut places);
    places
}

fn collect(shown: &Value, pointer: &str, places: &mut Vec<String>) {
    match shown {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, field)| collect(field, &below(pointer, key), places)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| collect(item, &below(pointer, &index.to_string()), places)),
        Value::String(text) if text == MASK => places.push(pointer.to_owned()),
        _ => {}
    }
}

fn mask(schema: Option<&Value>, unknown_too: bool, configuration: &mut Value) {
    let mut masker = Masker {
        root: schema.unwrap_or(&Value::Null),
        unknown_too,
        steps: 0,
    };
    if schema.is_some_and(marks_beyond) {
        hide(configuration, 0);
    } else {
        masker.mask(schema.as_slice(), configuration, 0);
    }
}

/// Whether a schema marks secrets, and perhaps in places that [`Masker`] doesn't look at.
fn marks_beyond(schema: &Value) -> bool {
    let (mut marked, mut beyond) = (false, false);
    let mut left = vec![schema];
    while let Some(node) = left.pop() {
        match node {
            Value::Object(fields) => {
                marked |= is_marked(node);
                beyond |= fields.iter().any(|(key, value)| is_beyond(key, value));
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    marked && beyond
}

fn is_marked(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
        || schema.get("format").and_then(Value::as_str) == Some("password")
}

/// Keywords that apply schemas in ways that [`Masker`] doesn't follow.
fn is_beyond(key: &str, value: &Value) -> bool {
    match key {
        "$anchor"
        | "$dynamicAnchor"
        | "$dynamicRef"
        | "$recursiveRef"
        | "patternProperties"
        | "prefixItems"
        | "dependentSchemas"
        | "dependencies"
        | "contains"
        | "propertyNames"
        | "unevaluatedProperties"
        | "unevaluatedItems"
        | "additionalItems" => true,
        "items" => value.is_array(),
        "$ref" => !value
            .as_str()
            .is_some_and(|link| link == "#" || (link.starts_with("#/") && !link.contains('%'))),
        _ => false,
    }
}

/// Masks a value whole, so that not even its shape tells of it. Of the configuration itself the keys are left to be seen.
fn hide(value: &mut Value, depth: usize) {
    match value {
        Value::Object(fields) if depth == 0 => fields.values_mut().for_each(|field| hide(field, 1)),
        Value::Null => {}
        _ => *value = MASK.into(),
    }
}

/// Walks a configuration beside its schema.
struct Masker<'a> {
    root: &'a Value,
    /// What no schema describes is masked, too.
    unknown_too: bool,
    /// How much work was done; a schema can be written to take for ever.
    steps: usize,
}

impl<'a> Masker<'a> {
    fn mask(&mut self, schemas: &[&'a Value], value: &mut Value, depth: usize) {
        let Some(schemas) = self.all_that_apply(schemas).filter(|_| depth < DEPTH_MAX) else {
            return hide(value, depth);
        };
        if self.unknown_too && schemas.is_empty() || schemas.iter().any(|schema| is_marked(schema)) {
            return hide(value, depth);
        }
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let of_field: Vec<_> = schemas.iter().filter_map(|schema| property(schema, name)).collect();
                    self.mask(&of_field, field, depth + 1);
                }
            }
            Value::Array(items) => {
                let of_item: Vec<_> = schemas.iter().filter_map(|schema| schema.get("items")).collect();
                for item in items {
                    self.mask(&of_item, item, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// The schemas and what they also stand for: references inside the same document, and combinations. Nothing
    /// when that takes too much work.
    fn all_that_apply(&mut self, schemas: &[&'a Value]) -> Option<Vec<&'a Value>> {
        let mut found: Vec<&Value> = schemas.to_vec();
        let mut next = 0;
        while let Some(&schema) = found.get(next) {
            next += 1;
            for other in alternatives(self.root, schema) {
                self.steps += 1;
                if self.steps > STEPS_MAX {
                    return None;
                }
                if !found.iter().any(|known| std::ptr::eq(*known, other)) {
                    found.push(other);
                }
            }
        }
        Some(found)
    }
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema
        .get("properties")
        .and_then(|properties| properties.get(name))
        .or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()))
}

fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
    let referred = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix('#'))
        .and_then(|pointer| root.pointer(pointer));
    let combined = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword).and_then(Value::as_array))
        .flatten();
    let conditional = ["if", "then", "else", "not"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword));
    referred.into_iter().chain(combined).chain(conditional)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(schema: &Value, configuration: Value) -> Value {
        masked(Some(schema), &[], configuration)
    }

    #[test]
    fn secrets_are_masked_wherever_the_schema_marks_them() {
        let schema = json!({
            "$defs": {"Login": {"properties": {"user": {}, "password": {"type": "string", "format": "password"}}}},
            "properties": {
                "token": {"type": "string", "writeOnly": true},
                "optional": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
                "login": {"$ref": "#/$defs/Login"},
                "list": {"items": {"writeOnly": true}},
                "name": {"type": "string"}
            },
            "allOf": [{"properties": {"name2": {"writeOnly": true}}}]
        });
        let configuration = json!({
            "token": "s", "optional": "s", "login": {"user": "u", "password": "s"}, "list": ["s"], "name": "n", "name2": "s"
        });
        assert_eq!(
            shown(&schema, configuration.clone()),
            json!({"token": MASK, "optional": MASK, "login": {"user": "u", "password": MASK}, "list": [MASK], "name": "n", "name2": MASK})
        );
        assert_eq!(
            secret_places(Some(&schema), &configuration),
            ["/token", "/optional", "/login/password", "/list/0", "/name2"]
        );
    }

    #[test]
    fn what_no_schema_describes_is_secret() {
        let configuration = json!({"a": {"b": 1, "c/~": [{}]}, "none": null});
        let hidden = json!({"a": MASK, "none": null});
        assert_eq!(masked(None, &[], configuration.clone()), hidden);
        for schema in [json!(true), json!({}), json!({"properties": {"b": {}}})] {
            assert_eq!(shown(&schema, configuration.clone()), hidden, "{schema}");
            assert_eq!(marked(Some(&schema), configuration.clone()), configuration, "{schema}");
        }
        let open = json!({"properties": {"a": {"properties": {"b": true}}}});
        assert_eq!(
            shown(&open, configuration.clone()),
            json!({"a": {"b": 1, "c/~": MASK}, "none": null})
        );
        assert_eq!(secret_places(Some(&open), &configuration), ["/a/c~1~0"]);
        let any = json!({"additionalProperties": {}, "properties": {"a": {"additionalProperties": {"items": {"properties": {}}}}}});
        assert_eq!(shown(&any, configuration.clone()), configuration);
    }

    #[test]
    fn what_was_secret_once_stays_secret() {
        let configuration = json!({"key": "s", "a/b": {"~": ["t", "u"]}, "name": "n"});
        let then = json!({"properties": {
            "key": {"writeOnly": true}, "name": {}, "a/b": {"properties": {"~": {"items": {"format": "password"}}}}
        }});
        let places = secret_places(Some(&then), &configuration);
        let today = json!({"additionalProperties": {"additionalProperties": {"items": {}}}});
        assert_eq!(shown(&today, configuration.clone()), configuration);
        assert_eq!(
            masked(Some(&today), &places, configuration),
            json!({"key": MASK, "a/b": {"~": [MASK, MASK]}, "name": "n"})
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({
            "$ref": "#", "allOf": [{"$ref": "#"}, {"$ref": "#"}],
            "properties": {"s": {"writeOnly": true}, "a": {"$ref": "#"}, "b": {}}
        });
        assert_eq!(
            shown(&schema, json!({"a": {"b": 1, "a": {"s": 1}}, "s": 1})),
            json!({"a": {"b": 1, "a": {"s": MASK}}, "s": MASK})
        );
    }

    #[test]
    fn where_a_mark_can_not_be_followed_everything_is_masked() {
        let secret = json!({"writeOnly": true});
        for schema in [
            json!({"patternProperties": {"^key": secret}}),
            json!({"properties": {"key": {"$ref": "#/$defs/a%20b"}}, "$defs": {"a b": secret}}),
            json!({"properties": {"key": {"prefixItems": [secret]}}}),
        ] {
            let configuration = json!({"key": "s", "list": [1, null], "none": null});
            let hidden = json!({"key": MASK, "list": MASK, "none": null});
            assert_eq!(shown(&schema, configuration.clone()), hidden, "{schema}");
            assert_eq!(marked(Some(&schema), configuration), hidden, "{schema}");
        }
        let plain = json!({"patternProperties": {"^key": {"type": "string"}}});
        assert_eq!(marked(Some(&plain), json!({"key": "s"})), json!({"key": "s"}));
    }
}
