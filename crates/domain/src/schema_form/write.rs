//! From what was typed to typed JSON.

use super::{Choice, FieldKind, MASK, SchemaField, SchemaForm, template::is_placeholder};
use crate::field::{FieldError, FieldErrors};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

impl SchemaForm {
    /// The object that was typed, by key. An empty field is left out. Errors are named `{prefix}.{name}`, all at once.
    pub fn to_object(&self, typed: &BTreeMap<String, String>, prefix: &str) -> Result<Value, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut object = Map::new();
        for field in &self.fields {
            let text = typed.get(&field.key).map_or("", String::as_str);
            if let Some(Some(value)) = errors.check(&format!("{prefix}.{}", field.name), value(field, text)) {
                object.insert(field.name.clone(), value);
            }
        }
        if errors.is_empty() {
            Ok(Value::Object(object))
        } else {
            Err(errors)
        }
    }
}

fn value(field: &SchemaField, text: &str) -> Result<Option<Value>, FieldError> {
    let trimmed = text.trim();
    if trimmed.is_empty() && field.kind != FieldKind::Checkbox {
        return if field.required {
            Err(FieldError::Required)
        } else {
            Ok(None)
        };
    }
    of_kind(&field.kind, field, text)
}

fn of_kind(kind: &FieldKind, field: &SchemaField, text: &str) -> Result<Option<Value>, FieldError> {
    let trimmed = text.trim();
    match kind {
        FieldKind::Checkbox => {
            let ticked = !trimmed.is_empty() && trimmed != "false";
            // Without a tick nothing is said, unless that would be taken as the default, which may be a tick.
            return Ok((ticked || field.default.is_some()).then_some(Value::Bool(ticked)));
        }
        // White space may be meant in a text, and browsers send CRLF for a line's end.
        FieldKind::Text | FieldKind::Password => Ok(Value::String(text.to_owned())),
        FieldKind::TextArea => Ok(Value::String(text.replace("\r\n", "\n"))),
        FieldKind::Integer(_) => integer(trimmed).ok_or_else(|| malformed("a whole number")),
        FieldKind::Number(_) => number(trimmed).ok_or_else(|| malformed("a number")),
        FieldKind::Select(choices) => chosen(choices, text).ok_or_else(|| malformed("one of the choices")),
        FieldKind::Json => serde_json::from_str(trimmed).map_err(|_| malformed("valid JSON")),
        FieldKind::Open(_) if is_placeholder(trimmed) => Ok(Value::String(trimmed.to_owned())),
        FieldKind::Masked(_) if trimmed == MASK => Ok(Value::String(MASK.to_owned())),
        FieldKind::Open(kind) | FieldKind::Masked(kind) => return of_kind(kind, field, text),
    }
    .map(Some)
}

fn malformed(expected: &str) -> FieldError {
    FieldError::Malformed {
        expected: expected.to_owned(),
    }
}

fn integer(text: &str) -> Option<Value> {
    text.parse::<i64>()
        .map(Value::from)
        .or_else(|_| text.parse::<u64>().map(Value::from))
        .ok()
}

fn number(text: &str) -> Option<Value> {
    integer(text).or_else(|| Some(Value::Number(Number::from_f64(text.parse().ok()?)?)))
}

fn chosen(choices: &[Choice], text: &str) -> Option<Value> {
    choices
        .iter()
        .find(|choice| choice.text == text)
        .map(|choice| choice.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> SchemaForm {
        SchemaForm::parse(&json!({
            "type": "object",
            "required": ["notebook", "limit"],
            "properties": {
                "notebook": {"type": "string"},
                "limit": {"type": "integer"},
                "ratio": {"type": "number"},
                "strict": {"type": "boolean"},
                "cache": {"type": "boolean", "default": true},
                "level": {"enum": ["1", 1]},
                "tags": {"type": "array"},
                "note": {"type": "string", "format": "textarea"},
                "odd name": {"type": "string"},
            },
        }))
    }

    fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn what_was_typed_gets_its_types_back() {
        let typed = typed(&[
            ("notebook", " work "),
            ("limit", "18446744073709551615"),
            ("ratio", "0.5"),
            ("strict", "on"),
            ("cache", "true"),
            ("level", "1"),
            ("tags", "[\"a\"]"),
            ("note", "a\r\nb"),
            ("x~6f6464206e616d65", "yes"),
        ]);
        assert_eq!(
            form().to_object(&typed, "configuration").unwrap(),
            json!({
                "notebook": " work ", "limit": 18_446_744_073_709_551_615_u64, "ratio": 0.5, "strict": true,
                "cache": true, "level": "1", "tags": ["a"], "note": "a\nb", "odd name": "yes",
            })
        );
    }

    #[test]
    fn what_is_left_empty_is_left_out_and_an_unticked_default_is_said() {
        let object = form()
            .to_object(&typed(&[("notebook", "n"), ("limit", " 3 ")]), "configuration")
            .unwrap();
        assert_eq!(object, json!({"notebook": "n", "limit": 3, "cache": false}));
    }

    #[test]
    fn all_wrong_fields_are_named_at_once_by_their_path() {
        let typed = typed(&[("limit", "3.5"), ("ratio", "NaN"), ("level", "2"), ("tags", "[")]);
        let errors = form().to_object(&typed, "configuration").unwrap_err();
        let names: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "configuration.level",
                "configuration.limit",
                "configuration.notebook",
                "configuration.ratio",
                "configuration.tags"
            ]
        );
        assert_eq!(errors.get("configuration.notebook"), Some(&FieldError::Required));
        assert_eq!(
            errors.get("configuration.limit"),
            Some(&FieldError::Malformed {
                expected: "a whole number".into()
            })
        );
    }
}
