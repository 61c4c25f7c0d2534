//! The schemas of what is taken and of what is given. The same type can be both, and mean something else: what may be
//! absent in a request is there in an answer.

use super::doc::{SchemaOf, Shape};
use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

/// Collects what is referred to.
pub(super) struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        Self {
            taken: generator(Contract::Deserialize),
            given: generator(Contract::Serialize),
        }
    }

    /// What some part of answers is made of.
    pub(super) fn given(&mut self, of: SchemaOf) -> Value {
        of(&mut self.given).to_value()
    }

    /// What is in a request's body.
    pub(super) fn of_body(&mut self, shape: &Shape) -> Option<Value> {
        shaped(&mut self.taken, shape)
    }

    /// What is in an answer's.
    pub(super) fn of_answer(&mut self, shape: &Shape) -> Option<Value> {
        shaped(&mut self.given, shape)
    }

    /// All that is referred to, by name.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut all: Vec<_> = self.given.take_definitions(false).into_iter().collect();
        for (name, schema) in self.taken.take_definitions(false) {
            match all.iter().find(|(known, _)| *known == name) {
                None => all.push((name, schema)),
                // A test sees to it that one name has one meaning.
                Some((_, known)) => debug_assert_eq!(*known, schema, "{name} is taken and given in two shapes"),
            }
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.into_iter().collect()
    }

    /// The parameters of a query, one for each property of an object.
    pub(super) fn query(&mut self, of: SchemaOf) -> Vec<Value> {
        // An object of its own, not a reference: it is taken apart here, and nothing else refers to it.
        let mut generator = generator(Contract::Deserialize);
        let name = reference(&of(&mut generator).to_value()).map(str::to_owned);
        let mut definitions = generator.take_definitions(false);
        let object = name.and_then(|name| definitions.remove(&name)).unwrap_or_default();
        // What its properties refer to has to be there, too.
        for (name, schema) in definitions {
            self.taken.definitions_mut().entry(name).or_insert(schema);
        }
        let required: Vec<&str> = object["required"]
            .as_array()
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let properties = object["properties"].as_object().cloned().unwrap_or_default();
        properties
            .into_iter()
            .map(|(name, schema)| parameter(&name, "query", required.contains(&name.as_str()), without_null(schema)))
            .collect()
    }
}

/// A parameter, whose description stands beside its schema.
pub(super) fn parameter(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let description = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("description"))
        .unwrap_or_default();
    json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema })
}

fn generator(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings.contract = contract;
        })
        .into_generator()
}

fn shaped(generator: &mut SchemaGenerator, shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Of(of) => Some(of(generator).to_value()),
        Shape::List { name, items } => {
            let mut items: Vec<Value> = items.iter().map(|of| of(generator).to_value()).collect();
            let items = if items.len() == 1 {
                items.remove(0)
            } else {
                json!({ "anyOf": items })
            };
            Some(json!({
                "type": "object",
                "required": [name, "total", "next_cursor"],
                "properties": {
                    *name: { "type": "array", "items": items, "description": "What is on this page." },
                    "total": {
                        "type": "integer", "minimum": 0,
                        "description": "How many the whole list has, with the same filters.",
                    },
                    "next_cursor": {
                        "type": ["string", "null"],
                        "description": "Where the next page begins, for `cursor`; `null` on the last one.",
                    },
                },
            }))
        }
        Shape::Text => Some(json!({ "type": "string" })),
        // In OpenAPI 3.1, what is no text has no schema.
        Shape::Bytes => None,
    }
}

/// The name of the schema that is referred to.
fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// A query has no `null`: there, what is nothing is absent.
fn without_null(mut schema: Value) -> Value {
    let Some(members) = schema.as_object_mut() else {
        return schema;
    };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(one)] = &choices[..] {
            let one = one.clone();
            members.remove("anyOf");
            members.extend(one);
        }
    }
    schema
}
