//! From a JSON Schema to fields.

use super::{Bounds, Choice, FieldKind, SchemaField, SchemaForm, key};
use serde_json::{Map, Value};

/// Longer than this, a text gets several lines to be typed in.
const ONE_LINE_MAX: u64 = 255;
/// How many references are followed before a schema is taken to be circular.
const REFERENCES_MAX: usize = 8;

impl SchemaForm {
    /// The form of a schema. A schema without properties, or that isn't an object's, has no fields.
    #[must_use]
    pub fn parse(schema: &Value) -> Self {
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, property)| field(schema, name, property, required.contains(&name.as_str())))
            .collect();
        Self { fields }
    }
}

fn field(root: &Value, name: &str, outer: &Value, required: bool) -> SchemaField {
    let inner = resolve(root, outer);
    // What stands beside a reference is about this use of it, so it goes first.
    let word = |key: &str| outer.get(key).or_else(|| inner.get(key));
    let kind = kind(inner, word("writeOnly"));
    let first_example = word("examples").and_then(|examples| examples.get(0)).map(text);
    SchemaField {
        name: name.to_owned(),
        key: key(name),
        label: word("title")
            .and_then(Value::as_str)
            .map_or_else(|| humanise(name), ToOwned::to_owned),
        help: word("description").and_then(Value::as_str).map(ToOwned::to_owned),
        placeholder: first_example.or_else(|| (kind == FieldKind::Json).then(|| empty(inner))),
        // A box is always either ticked or not: there is nothing left to require.
        required: required && kind != FieldKind::Checkbox,
        default: word("const")
            .or_else(|| word("default"))
            .filter(|value| !value.is_null())
            .map(text),
        kind,
    }
}

/// Follows references and picks the one alternative that isn't `null`.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..REFERENCES_MAX {
        let next = if let Some(reference) = schema["$ref"].as_str() {
            reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
        } else {
            ["anyOf", "oneOf", "allOf"]
                .iter()
                .find_map(|word| only_real(schema[*word].as_array()?))
        };
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn only_real(alternatives: &[Value]) -> Option<&Value> {
    let mut real = alternatives.iter().filter(|schema| schema["type"] != "null");
    let first = real.next()?;
    real.next().is_none().then_some(first)
}

fn kind(schema: &Value, write_only: Option<&Value>) -> FieldKind {
    if let Some(choices) = choices(schema) {
        return FieldKind::Select(choices);
    }
    match type_of(schema) {
        Some("boolean") => FieldKind::Checkbox,
        Some("integer") => FieldKind::Integer(bounds(schema)),
        Some("number") => FieldKind::Number(bounds(schema)),
        Some("string") => match schema["format"].as_str() {
            Some("password") => FieldKind::Password,
            _ if write_only == Some(&Value::Bool(true)) => FieldKind::Password,
            Some("textarea" | "markdown") => FieldKind::TextArea,
            _ if schema["maxLength"].as_u64().is_some_and(|max| max > ONE_LINE_MAX) => FieldKind::TextArea,
            _ => FieldKind::Text,
        },
        _ => FieldKind::Json,
    }
}

/// The type; of several the one that isn't `null`, and none when more than one is left.
fn type_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(name) => Some(name),
        Value::Array(names) => {
            let mut real = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            let first = real.next()?;
            real.next().is_none().then_some(first)
        }
        _ => None,
    }
}

fn choices(schema: &Value) -> Option<Vec<Choice>> {
    if let Some(values) = schema["enum"].as_array() {
        let real = values.iter().filter(|value| !value.is_null());
        return Some(real.map(|value| choice(value, None)).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![choice(value, None)]);
    }
    let alternatives = schema["oneOf"].as_array()?;
    alternatives
        .iter()
        .map(|one| Some(choice(one.get("const")?, one["title"].as_str())))
        .collect()
}

fn choice(value: &Value, label: Option<&str>) -> Choice {
    let text = text(value);
    Choice {
        label: label.map_or_else(|| text.clone(), ToOwned::to_owned),
        text,
        value: value.clone(),
    }
}

fn bounds(schema: &Value) -> Bounds {
    let number = |key: &str| schema[key].as_number().map(ToString::to_string);
    Bounds {
        min: number("minimum"),
        max: number("maximum"),
    }
}

/// A value as it is typed: a text as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn empty(schema: &Value) -> String {
    match type_of(schema) {
        Some("array") => Value::Array(Vec::new()),
        _ => Value::Object(Map::new()),
    }
    .to_string()
}

/// `max_results` and `maxResults` become "Max results".
fn humanise(name: &str) -> String {
    let mut label = String::with_capacity(name.len() + 4);
    let mut before_was_lower = false;
    for letter in name.chars() {
        if matches!(letter, '_' | '-' | '.') {
            label.push(' ');
        } else if label.is_empty() {
            label.extend(letter.to_uppercase());
        } else if letter.is_uppercase() && before_was_lower {
            label.push(' ');
            label.extend(letter.to_lowercase());
        } else {
            label.push(letter);
        }
        before_was_lower = letter.is_lowercase();
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(property: &Value) -> SchemaField {
        let mut form = SchemaForm::parse(&json!({"type": "object", "properties": {"it": property}}));
        form.fields.remove(0)
    }

    #[test]
    fn each_type_gets_the_field_that_fits_it() {
        let bounds = Bounds {
            min: Some("1".into()),
            max: Some("9".into()),
        };
        for (property, kind) in [
            (json!({"type": "string"}), FieldKind::Text),
            (json!({"type": ["null", "string"]}), FieldKind::Text),
            (json!({"type": "string", "format": "password"}), FieldKind::Password),
            (json!({"type": "string", "writeOnly": true}), FieldKind::Password),
            (json!({"type": "string", "format": "textarea"}), FieldKind::TextArea),
            (json!({"type": "string", "maxLength": 4000}), FieldKind::TextArea),
            (
                json!({"type": "integer", "minimum": 1, "maximum": 9}),
                FieldKind::Integer(bounds),
            ),
            (json!({"type": "number"}), FieldKind::Number(Bounds::default())),
            (json!({"type": "boolean"}), FieldKind::Checkbox),
            (json!({"type": "object"}), FieldKind::Json),
            (json!({"type": "array"}), FieldKind::Json),
            (json!({"type": ["string", "integer"]}), FieldKind::Json),
            (json!({}), FieldKind::Json),
            (json!(true), FieldKind::Json),
            (
                json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
                FieldKind::Integer(Bounds::default()),
            ),
        ] {
            assert_eq!(one(&property).kind, kind, "{property}");
        }
    }

    #[test]
    fn values_to_choose_from_keep_their_labels_and_references_are_followed() {
        let schema = json!({
            "properties": {
                "level": {"$ref": "#/$defs/Level", "title": "How loud", "default": "low"},
                "size": {"oneOf": [{"const": 1, "title": "Small"}, {"const": 2, "title": "Large"}]},
                "loop": {"$ref": "#/properties/loop"},
            },
            "$defs": {"Level": {"enum": ["low", "high", null], "title": "Level"}},
        });
        let fields = SchemaForm::parse(&schema).fields;
        let select = |name: &str| {
            let field = fields.iter().find(|field| field.name == name).unwrap();
            let FieldKind::Select(choices) = &field.kind else {
                panic!("{name} is no select")
            };
            choices
                .iter()
                .map(|choice| (choice.text.clone(), choice.label.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            select("level"),
            [("low".into(), "low".into()), ("high".into(), "high".into())]
        );
        assert_eq!(
            select("size"),
            [("1".into(), "Small".into()), ("2".into(), "Large".into())]
        );
        let level = fields.iter().find(|field| field.name == "level").unwrap();
        assert_eq!(
            (level.label.as_str(), level.default.as_deref()),
            ("How loud", Some("low"))
        );
    }

    #[test]
    fn names_become_labels_and_survive_the_trip() {
        let schema = json!({"properties": {"maxResults": {}, "api_key": {}, "a[0]": {}, "1st": {}, "": {}}});
        let fields = SchemaForm::parse(&schema).fields;
        let of = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
        let order: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(
            order,
            ["maxResults", "api_key", "a[0]", "1st", ""],
            "the schema's order is the form's"
        );
        assert_eq!(of("maxResults").label, "Max results");
        assert_eq!(
            (of("api_key").label.as_str(), of("api_key").key.as_str()),
            ("Api key", "api_key")
        );
        assert_eq!(of("a[0]").key, "x~615b305d");
        assert_eq!(of("1st").key, "x~317374");
        assert_eq!(of("").key, "x~");
    }

    #[test]
    fn a_schema_that_is_none_has_no_fields() {
        for schema in [
            json!(null),
            json!(true),
            json!([]),
            json!({"type": "string"}),
            json!({"properties": 3}),
        ] {
            assert!(SchemaForm::parse(&schema).fields.is_empty(), "{schema}");
        }
    }
}
