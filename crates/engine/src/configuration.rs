//! A server's configuration against its connector's JSON Schema: checking it, and finding what in it is secret.

use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::Value;

/// What stands where a secret was.
pub(crate) const MASK: &str = "********";

/// How deep a configuration is looked into; what lies deeper is masked.
const DEPTH_MAX: usize = 16;

/// How much work masking may be.
const STEPS_MAX: usize = 10_000;

/// The most field errors that one answer carries.
const ERRORS_MAX: usize = 20;

/// Checks a configuration. Field errors are named `configuration.<path>`; the schema itself was checked when the
/// connector was activated. Values are never repeated in an error: they may be secret.
pub(crate) fn check(schema: Option<&Value>, configuration: &Value) -> Result<(), FieldErrors> {
    let Some(object) = configuration.as_object() else {
        return Err(FieldErrors::one(
            "configuration",
            FieldError::Malformed {
                expected: "a JSON object".into(),
            },
        ));
    };
    let Some(schema) = schema else {
        return if object.is_empty() {
            Ok(())
        } else {
            let reason = "This connector takes no configuration.".into();
            Err(FieldErrors::one("configuration", FieldError::Refused { reason }))
        };
    };
    let validator = jsonschema::validator_for(schema).map_err(|_| {
        let reason = "The connector's own schema can't be used. Tell its superuser.".into();
        FieldErrors::one("configuration", FieldError::Refused { reason })
    })?;
    let mut errors = FieldErrors::default();
    for error in validator.iter_errors(configuration).take(ERRORS_MAX) {
        let mut path = format!("configuration{}", error.instance_path().as_str().replace('/', "."));
        let field_error = match error.kind() {
            jsonschema::error::ValidationErrorKind::Required { property } => {
                if let Some(name) = property.as_str() {
                    path = format!("{path}.{name}");
                }
                FieldError::Required
            }
            _ => FieldError::Refused {
                reason: sentence(&error.masked().to_string()),
            },
        };
        errors.add(&path, field_error);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

pub(crate) fn sentence(text: &str) -> String {
    let mut text = text.replacen("value", "This value", usize::from(text.starts_with("value")));
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// The configuration as it may be shown: what the schema marks `writeOnly` or `format: password` is masked. A schema
/// that marks something in a way that isn't followed here has everything masked: a secret is worth more than a sight.
pub(crate) fn masked(schema: Option<&Value>, mut configuration: Value) -> Value {
    let Some(schema) = schema else { return configuration };
    match Marks::of(schema) {
        Marks::None => {}
        Marks::Beyond => mask_all(&mut configuration),
        Marks::Followable => Masker { root: schema, steps: 0 }.mask(&[schema], &mut configuration, 0),
    }
    configuration
}

/// Whether a schema marks secrets, and whether only in places that [`Masker`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Marks {
    None,
    Followable,
    Beyond,
}

impl Marks {
    fn of(schema: &Value) -> Self {
        let mut marked = false;
        let mut beyond = false;
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
        match (marked, beyond) {
            (false, _) => Self::None,
            (true, false) => Self::Followable,
            (true, true) => Self::Beyond,
        }
    }
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

fn mask_all(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(mask_all),
        Value::Array(items) => items.iter_mut().for_each(mask_all),
        Value::Null => {}
        _ => *value = MASK.into(),
    }
}

/// Walks a configuration beside its schema.
struct Masker<'a> {
    root: &'a Value,
    /// How much work was done; a schema can be written to take for ever.
    steps: usize,
}

impl<'a> Masker<'a> {
    fn mask(&mut self, schemas: &[&'a Value], value: &mut Value, depth: usize) {
        let Some(schemas) = self.all_that_apply(schemas).filter(|_| depth < DEPTH_MAX) else {
            return mask_all(value);
        };
        if schemas.iter().any(|schema| is_marked(schema)) {
            if !value.is_null() {
                *value = MASK.into();
            }
            return;
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

    #[test]
    fn what_breaks_the_schema_is_named_and_never_repeated() {
        let schema = json!({
            "type": "object",
            "required": ["notebook"],
            "properties": {"notebook": {"type": "string"}, "max": {"type": "integer", "maximum": 5}, "key": {"maxLength": 3}},
            "additionalProperties": false
        });
        assert_eq!(check(Some(&schema), &json!({"notebook": "main"})), Ok(()));
        let errors = check(Some(&schema), &json!({"max": 9, "key": "hunter2"})).unwrap_err();
        assert_eq!(errors.get("configuration.notebook"), Some(&FieldError::Required));
        assert!(errors.get("configuration.max").is_some());
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
        assert!(check(Some(&schema), &json!([])).is_err());
        assert!(check(None, &json!({})).is_ok());
        assert!(check(None, &json!({"a": 1})).is_err());
    }

    #[test]
    fn secrets_are_masked_wherever_the_schema_marks_them() {
        let schema = json!({
            "$defs": {"Login": {"properties": {"password": {"type": "string", "format": "password"}}}},
            "properties": {
                "token": {"type": "string", "writeOnly": true},
                "optional": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
                "login": {"$ref": "#/$defs/Login"},
                "list": {"items": {"writeOnly": true}},
                "name": {"type": "string"}
            },
            "allOf": [{"properties": {"name2": {"writeOnly": true}}}]
        });
        let shown = masked(
            Some(&schema),
            json!({"token": "s", "optional": "s", "login": {"user": "u", "password": "s"}, "list": ["s"], "name": "n", "name2": "s", "other": 1}),
        );
        assert_eq!(
            shown,
            json!({"token": MASK, "optional": MASK, "login": {"user": "u", "password": MASK}, "list": [MASK], "name": "n", "name2": MASK, "other": 1})
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema =
            json!({"$ref": "#", "allOf": [{"$ref": "#"}, {"$ref": "#"}], "properties": {"s": {"writeOnly": true}}});
        let shown = masked(Some(&schema), json!({"a": {"b": 1}, "s": 1}));
        assert_eq!(shown, json!({"a": {"b": 1}, "s": MASK}));
    }

    #[test]
    fn where_a_mark_can_not_be_followed_everything_is_masked() {
        let secret = json!({"writeOnly": true});
        for schema in [
            json!({"patternProperties": {"^key": secret}}),
            json!({"properties": {"key": {"$ref": "#/$defs/a%20b"}}, "$defs": {"a b": secret}}),
            json!({"properties": {"key": {"prefixItems": [secret]}}}),
        ] {
            let shown = masked(Some(&schema), json!({"key": "s", "list": [1, null]}));
            assert_eq!(shown, json!({"key": MASK, "list": [MASK, null]}), "{schema}");
        }
        let plain = json!({"patternProperties": {"^key": {"type": "string"}}});
        assert_eq!(masked(Some(&plain), json!({"key": "s"})), json!({"key": "s"}));
    }
}
