//! A schema as a table: a row for each field, those within others by their paths.

use super::read::referred;
use serde_json::Value;

/// How far down fields are shown.
const DEEPEST: usize = 4;

/// One field of an object, or one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name; within other fields, the path to it.
    pub(super) name: String,
    /// What it takes, in a few words.
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) about: String,
}

/// The fields of a schema, in its order.
pub(super) fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    collect(document, schema, "", 0, &mut found);
    found
}

fn collect(document: &Value, schema: &Value, before: &str, depth: usize, found: &mut Vec<Field>) {
    let schema = referred(document, schema);
    if depth > DEEPEST {
        return;
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{before}{name}");
        // Of several kinds of thing in one place, the first says what is at a path.
        if found.iter().any(|known| known.name == path) {
            continue;
        }
        found.push(Field {
            name: path.clone(),
            kind: kind(document, property),
            required: is_required(name),
            about: about(document, property),
        });
        inside(document, property, &path, depth, found);
    }
    // One of several objects: none of what isn't in all of them has to be there.
    for choice in choices(schema) {
        let before_it = found.len();
        collect(document, choice, before, depth + 1, found);
        for field in &mut found[before_it..] {
            field.required = false;
        }
    }
}

/// The fields of what a field holds, or of what the items of its list hold.
fn inside(document: &Value, property: &Value, path: &str, depth: usize, found: &mut Vec<Field>) {
    let property = referred(document, property);
    if property["properties"].is_object() {
        collect(document, property, &format!("{path}."), depth + 1, found);
    } else if property["items"].is_object() {
        inside(document, &property["items"], &format!("{path}[]"), depth, found);
    } else if property["additionalProperties"].is_object() {
        inside(
            document,
            &property["additionalProperties"],
            &format!("{path}.*"),
            depth,
            found,
        );
    } else {
        for choice in choices(property) {
            inside(document, choice, path, depth, found);
        }
    }
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|member| schema[member].as_array())
        .flatten()
}

/// What a schema takes, in a few words.
pub(super) fn kind(document: &Value, schema: &Value) -> String {
    let schema = referred(document, schema);
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    if let Some(words) = schema["enum"].as_array() {
        return one_of(words.iter().map(Value::to_string).collect());
    }
    let several: Vec<String> = choices(schema).map(|choice| kind(document, choice)).collect();
    if !several.is_empty() && !schema["properties"].is_object() {
        return one_of(several);
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    let named = names.into_iter().map(|name| match (name, schema["format"].as_str()) {
        ("array", _) if schema["items"].is_object() => format!("list of {}", kind(document, &schema["items"])),
        ("array", _) => "list".to_owned(),
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("uuid")) => "UUID".to_owned(),
        ("null", _) => "null".to_owned(),
        (name, _) => name.to_owned(),
    });
    let bounds = [("maxLength", "at most", "characters"), ("maxItems", "at most", "items")]
        .into_iter()
        .filter_map(|(member, words, unit)| Some(format!(", {words} {} {unit}", schema[member].as_u64()?)));
    one_of(named.collect()) + &bounds.collect::<String>()
}

/// Each once, in order.
fn one_of(mut words: Vec<String>) -> String {
    let mut known = Vec::new();
    words.retain(|word| {
        let is_new = !known.contains(word);
        known.push(word.clone());
        is_new
    });
    words.join(" or ")
}

/// What a field is for, and what its words mean where they say so.
fn about(document: &Value, property: &Value) -> String {
    let own = property["description"].as_str();
    let meant = referred(document, property);
    let of_type = meant["description"].as_str();
    let words = choices(property)
        .chain([meant])
        .flat_map(|choice| choices(referred(document, choice)))
        .filter_map(|choice| {
            Some(format!(
                "{}: {}",
                choice["const"].as_str()?,
                choice["description"].as_str()?
            ))
        });
    [own.or(of_type).unwrap_or_default().to_owned()]
        .into_iter()
        .chain(words)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_within_fields_are_named_by_their_paths() {
        let document = json!({
            "components": { "schemas": {
                "Mode": { "oneOf": [
                    { "const": "on", "description": "It runs." },
                    { "const": "off", "description": "It doesn't." },
                ] },
                "Thing": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {
                        "id": { "type": "string", "format": "uuid", "description": "Which." },
                        "mode": {
                            "anyOf": [{ "$ref": "#/components/schemas/Mode" }, { "type": "null" }],
                            "description": "How it is.",
                        },
                        "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                    },
                },
            } },
        });
        let schema = json!({ "$ref": "#/components/schemas/Thing" });
        let rows: Vec<String> = fields(&document, &schema)
            .into_iter()
            .take(5)
            .map(|field| format!("{} ({}, {}) {}", field.name, field.kind, field.required, field.about))
            .collect();
        assert_eq!(
            rows,
            [
                "id (UUID, true) Which.",
                "mode (\"on\" or \"off\" or null, false) How it is.\non: It runs.\noff: It doesn't.",
                "parts (list of object, false) ",
                "parts[].id (UUID, true) Which.",
                "parts[].mode (\"on\" or \"off\" or null, false) How it is.\non: It runs.\noff: It doesn't.",
            ]
        );
        assert!(
            fields(&document, &schema)
                .iter()
                .all(|field| field.name.matches("[]").count() <= DEEPEST)
        );
    }

    #[test]
    fn kinds_are_told_in_words() {
        for (schema, expected) in [
            (json!(true), "anything"),
            (
                json!({ "type": ["string", "null"], "format": "date-time" }),
                "time or null",
            ),
            (
                json!({ "type": "string", "maxLength": 255 }),
                "string, at most 255 characters",
            ),
            (
                json!({ "type": "array", "items": { "type": "integer" } }),
                "list of integer",
            ),
            (json!({ "enum": ["a", "b"] }), "\"a\" or \"b\""),
        ] {
            assert_eq!(kind(&Value::Null, &schema), expected);
        }
    }
}
