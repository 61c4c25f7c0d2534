//! A server's configuration against its connector's JSON Schema: checking it, and finding what in it is secret.

use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::{Map, Value};

/// What stands where a secret was.
pub(crate) const MASK: &str = "********";

/// How deep schemas are followed; deeper ones are not hostile, just not looked into.
const DEPTH_MAX: usize = 16;

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

fn sentence(text: &str) -> String {
    let mut text = text.replacen("value", "This value", usize::from(text.starts_with("value")));
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// The configuration as it may be shown: fields that the schema marks `writeOnly` or `format: password` are masked.
pub(crate) fn masked(schema: Option<&Value>, configuration: &Value) -> Value {
    match schema {
        Some(schema) => mask(schema, schema, configuration, 0),
        None => configuration.clone(),
    }
}

fn mask(root: &Value, schema: &Value, value: &Value, depth: usize) -> Value {
    if is_secret(root, schema, depth) {
        return if value.is_null() { Value::Null } else { MASK.into() };
    }
    match value {
        Value::Object(fields) => {
            let masked: Map<String, Value> = fields
                .iter()
                .map(|(name, field)| {
                    // A field may be described in several places (allOf, a $ref): secret in one is secret.
                    let mut shown = field.clone();
                    for_each_property(root, schema, name, depth, &mut |property| {
                        if shown != MASK {
                            shown = mask(root, property, &shown, depth + 1);
                        }
                    });
                    (name.clone(), shown)
                })
                .collect();
            Value::Object(masked)
        }
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| match schema.get("items") {
                    Some(schema) if depth < DEPTH_MAX => mask(root, schema, item, depth + 1),
                    _ => item.clone(),
                })
                .collect(),
        ),
        _ => value.clone(),
    }
}

fn is_secret(root: &Value, schema: &Value, depth: usize) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
        || schema.get("format").and_then(Value::as_str) == Some("password")
        || (depth < DEPTH_MAX && alternatives(root, schema).any(|schema| is_secret(root, schema, depth + 1)))
}

fn for_each_property(root: &Value, schema: &Value, name: &str, depth: usize, visit: &mut dyn FnMut(&Value)) {
    let property = schema.get("properties").and_then(|properties| properties.get(name));
    let others = || schema.get("additionalProperties").filter(|schema| schema.is_object());
    if let Some(property) = property.or_else(others) {
        visit(property);
    }
    if depth < DEPTH_MAX {
        for schema in alternatives(root, schema) {
            for_each_property(root, schema, name, depth + 1, visit);
        }
    }
}

/// The schemas that a schema also stands for: what it refers to inside the same document, and its combinations.
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
    let conditional = ["if", "then", "else"]
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
            &json!({"token": "s", "optional": "s", "login": {"user": "u", "password": "s"}, "list": ["s"], "name": "n", "name2": "s", "other": 1}),
        );
        assert_eq!(
            shown,
            json!({"token": MASK, "optional": MASK, "login": {"user": "u", "password": MASK}, "list": [MASK], "name": "n", "name2": MASK, "other": 1})
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$ref": "#"});
        assert_eq!(masked(Some(&schema), &json!({"a": {"b": 1}})), json!({"a": {"b": 1}}));
    }
}
