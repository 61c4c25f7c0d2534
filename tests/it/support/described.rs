//! The API's description, as those read it who make clients from it.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// An OpenAPI document.
pub(crate) struct Description {
    pub(crate) document: Value,
    /// The same components, whose objects have nothing that isn't described.
    closed: Value,
}

/// One method of one path.
pub(crate) struct Operation<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) value: &'a Value,
}

impl Description {
    pub(crate) fn new(document: Value) -> Self {
        let mut closed = document["components"].clone();
        close(&mut closed);
        Self { document, closed }
    }

    /// All that is described, in its order.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.document["paths"].as_object().expect("paths");
        paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods
                .iter()
                .map(move |(method, value)| Operation { method, path, value })
        })
    }

    /// The operation of this method and path.
    #[track_caller]
    pub(crate) fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.document["paths"][path][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "{method} {path} isn't described");
        operation
    }

    /// What a `$ref` stands for.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(path) => self
                .document
                .pointer(&path[1..])
                .unwrap_or_else(|| panic!("{path} leads nowhere")),
            None => value,
        }
    }

    /// What answers with this status look like, if anything is said of them.
    pub(crate) fn response<'a>(&'a self, operation: &'a Value, status: u16) -> Option<&'a Value> {
        let responses = &operation["responses"];
        let of_status = responses.get(status.to_string());
        let found = of_status.or_else(|| responses.get("default").filter(|_| status >= 400))?;
        Some(self.resolved(found))
    }

    /// What is wrong with a value that should be of a schema of this document.
    pub(crate) fn problems(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut schema = schema.clone();
        close(&mut schema);
        if let Some(members) = schema.as_object_mut() {
            members.insert("components".to_owned(), self.closed.clone());
        }
        validator(&schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

/// A schema of 2020-12 that is one.
#[track_caller]
pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// Lets objects have no members but those that are described. What must be one of several objects, and more, is closed as a whole.
fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_object = members.get("properties").is_some_and(Value::is_object);
            for (name, inside) in members.iter_mut() {
                match (name.as_str(), inside) {
                    ("example" | "const" | "enum", _) => {}
                    ("oneOf" | "anyOf", Value::Array(choices)) if is_object => {
                        choices.iter_mut().for_each(close_within);
                    }
                    (_, inside) => close(inside),
                }
            }
            if is_object && !members.contains_key("additionalProperties") {
                members.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Closes what the members of a choice hold, and not the choice.
fn close_within(choice: &mut Value) {
    let properties = choice.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).for_each(close);
}
