//! Forms for editing what was typed before.

use super::{FieldKind, SchemaField, SchemaForm, read::text};
use serde_json::{Map, Value};

/// What stands where a secret is. Sent back, it keeps the secret.
pub const MASK: &str = "********";

impl SchemaForm {
    /// The form with an object's values in its fields.
    #[must_use]
    pub fn filled(mut self, object: &Value) -> Self {
        for field in &mut self.fields {
            let value = object.get(&field.name).filter(|value| !value.is_null());
            fill(field, value);
        }
        self
    }

    /// What of an object no field is for.
    #[must_use]
    pub fn beyond(&self, object: &Value) -> Map<String, Value> {
        let is_beyond = |name: &str| self.fields.iter().all(|field| field.name != name);
        let members = object.as_object().into_iter().flatten();
        members
            .filter(|(name, _)| is_beyond(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn fill(field: &mut SchemaField, value: Option<&Value>) {
    if value.is_some_and(|value| value == MASK) && !takes_any_text(&field.kind) {
        field.kind = FieldKind::Masked(Box::new(field.kind.clone()));
    }
    field.default = match (&field.kind, value) {
        // A tick that nothing is said about is what its default says.
        (FieldKind::Checkbox, None) => return,
        (FieldKind::Select(choices), Some(value)) => {
            let text = text(value);
            choices.iter().any(|choice| choice.text == text).then_some(text)
        }
        (FieldKind::Json, Some(value)) => serde_json::to_string_pretty(value).ok(),
        (_, value) => value.map(text),
    };
}

fn takes_any_text(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::TextArea | FieldKind::Password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn schema() -> Value {
        json!({"required": ["key"], "properties": {
            "key": {"type": "string", "format": "password"},
            "pin": {"type": "integer", "writeOnly": true},
            "level": {"enum": ["low", "high"]},
            "tags": {"type": "array"},
            "loud": {"type": "boolean", "default": true},
            "size": {"type": "integer", "default": 3},
        }})
    }

    fn filled(object: &Value) -> SchemaForm {
        SchemaForm::parse(&schema()).filled(object)
    }

    #[test]
    fn what_is_stored_stands_in_the_fields_and_nothing_else() {
        let form = filled(&json!({"key": MASK, "pin": MASK, "level": "gone", "tags": [1]}));
        let shown: Vec<_> = form.fields.iter().map(|field| field.default.as_deref()).collect();
        let tags = Some("[\n  1\n]");
        assert_eq!(shown, [Some(MASK), Some(MASK), None, tags, Some("true"), None]);
        assert!(form.is_secret("key") && form.is_secret("pin") && !form.is_secret("level"));
    }

    #[test]
    fn what_is_sent_back_untouched_is_what_was_stored() {
        let stored = json!({"key": MASK, "pin": MASK, "level": "high", "tags": ["a"], "loud": false, "size": 4});
        let form = filled(&stored);
        let typed: BTreeMap<_, _> = form
            .fields
            .iter()
            .filter(|field| field.kind != FieldKind::Checkbox)
            .map(|field| (field.key.clone(), field.default.clone().unwrap_or_default()))
            .collect();
        assert_eq!(form.to_object(&typed, "it").unwrap(), stored);
    }

    #[test]
    fn a_masked_number_is_kept_or_becomes_another_number() {
        let form = filled(&json!({"key": "k", "pin": MASK}));
        let read = |pin: &str| {
            let typed = [("key", "k"), ("pin", pin)].map(|(key, text)| (key.to_owned(), text.to_owned()));
            form.to_object(&typed.into(), "it").map(|object| object["pin"].clone())
        };
        assert_eq!(read(MASK).unwrap(), MASK);
        assert_eq!(read("12").unwrap(), 12);
        assert!(read("twelve").is_err());
    }

    #[test]
    fn what_no_field_is_for_is_told_apart() {
        let form = SchemaForm::parse(&schema());
        let beyond = form.beyond(&json!({"size": 1, "colour": "red", "key": "k"}));
        assert_eq!(Value::Object(beyond), json!({"colour": "red"}));
        assert!(form.beyond(&json!(null)).is_empty());
    }
}
