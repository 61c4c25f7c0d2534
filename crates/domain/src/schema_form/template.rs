//! Forms for a template's arguments, where a `{placeholder}` may stand for any value that each call is to give.

use super::{Choice, FieldKind, SchemaField, SchemaForm};
use serde_json::Value;

impl SchemaForm {
    /// As [`SchemaForm::parse`], with fields that also take a placeholder.
    #[must_use]
    pub fn parse_template(schema: &Value) -> Self {
        let fields = Self::parse(schema).fields;
        Self {
            fields: fields.into_iter().map(open).collect(),
        }
    }
}

/// Whether a text is one placeholder and nothing else: such a one keeps the type of what is given for it.
pub(super) fn is_placeholder(text: &str) -> bool {
    let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    name.is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn open(mut field: SchemaField) -> SchemaField {
    field.kind = match field.kind {
        // A text may have one anywhere.
        kind @ (FieldKind::Text | FieldKind::Password | FieldKind::TextArea) => kind,
        kind @ (FieldKind::Number(_) | FieldKind::Integer(_) | FieldKind::Json) => FieldKind::Open(Box::new(kind)),
        FieldKind::Checkbox => {
            let choices = [(true, "Yes"), (false, "No")].map(|(value, label)| Choice {
                text: value.to_string(),
                label: label.to_owned(),
                value: Value::Bool(value),
            });
            FieldKind::Select(choices.into_iter().chain(each_call(&field.name)).collect())
        }
        FieldKind::Select(mut choices) => {
            choices.extend(each_call(&field.name));
            FieldKind::Select(choices)
        }
        kind @ (FieldKind::Open(_) | FieldKind::Masked(_)) => kind,
    };
    field
}

/// What is chosen so that each call says it, under the property's own name.
fn each_call(name: &str) -> Option<Choice> {
    let text = format!("{{{name}}}");
    is_placeholder(&text).then(|| Choice {
        label: format!("Each call says it: {text}"),
        value: Value::String(text.clone()),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn typed(schema: &Value, pairs: &[(&str, &str)]) -> Result<Value, Vec<String>> {
        let typed: BTreeMap<_, _> = pairs
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect();
        let object = SchemaForm::parse_template(schema).to_object(&typed, "args");
        object.map_err(|errors| errors.0.into_keys().collect())
    }

    #[test]
    fn whatever_a_field_takes_it_also_takes_a_placeholder() {
        let schema = json!({"properties": {
            "text": {"type": "string"},
            "count": {"type": "integer"},
            "ratio": {"type": "number"},
            "list": {"type": "array"},
            "kind": {"enum": ["a", "b"]},
            "loud": {"type": "boolean"},
        }});
        let placeholders = [
            ("text", "for {who}"),
            ("count", " {n} "),
            ("ratio", "{r}"),
            ("list", "{l}"),
            ("kind", "{kind}"),
            ("loud", "{loud}"),
        ];
        assert_eq!(
            typed(&schema, &placeholders).unwrap(),
            json!({"text": "for {who}", "count": "{n}", "ratio": "{r}", "list": "{l}", "kind": "{kind}", "loud": "{loud}"})
        );
        let fixed = [
            ("count", "3"),
            ("ratio", "0.5"),
            ("list", "[1]"),
            ("kind", "b"),
            ("loud", "false"),
        ];
        assert_eq!(
            typed(&schema, &fixed).unwrap(),
            json!({"count": 3, "ratio": 0.5, "list": [1], "kind": "b", "loud": false})
        );
        assert_eq!(
            typed(&schema, &[]).unwrap(),
            json!({}),
            "nothing is said about what is left empty"
        );
        let wrong = [("count", "No. {n}"), ("list", "{1}"), ("kind", "{other}")];
        assert_eq!(
            typed(&schema, &wrong).unwrap_err(),
            ["args.count", "args.kind", "args.list"]
        );
    }

    #[test]
    fn a_name_that_is_no_placeholder_is_not_offered_as_one() {
        let schema = json!({"properties": {"a b": {"enum": [1]}}});
        let FieldKind::Select(choices) = &SchemaForm::parse_template(&schema).fields[0].kind else {
            panic!("no select")
        };
        assert_eq!(choices.len(), 1);
    }
}
