//! The input schema of a tool that is made from a template: what its placeholders are, by the template's own schema.

use super::{
    budget::Budget,
    placeholders::{Part, parts},
};
use serde_json::{Map, Value, json};
use std::cell::OnceCell;

/// How many references are followed from one to the next.
const LINKS_MAX: usize = 16;
/// Where a schema keeps what it refers to.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// Asks clients to repeat an argument in a header. Here the header is made from the filled-in arguments instead.
const HEADER: &str = "x-mcp-header";

/// An argument of the new tool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Input {
    /// The placeholder's name.
    pub(super) name: String,
    /// Its JSON Schema.
    pub(super) schema: Value,
    /// Whether only a text will do.
    pub(super) text: bool,
}

/// The arguments that these placeholders make, in the order in which they first occur; nothing when they are more than
/// the budget.
pub(super) fn inputs(args: &Map<String, Value>, template: Option<&Value>, budget: &mut Budget) -> Option<Vec<Input>> {
    let root = template.unwrap_or(&Value::Null);
    let mut occurrences = Occurrences {
        root,
        sound: Default::default(),
        found: Vec::new(),
    };
    occurrences.object(args, template);
    for schema in occurrences.found.iter().filter_map(|occurrence| occurrence.schema) {
        // Places are compared, so that each must be of a size that can be.
        budget.clone().take(schema)?;
    }
    let mut names: Vec<&str> = Vec::new();
    for occurrence in &occurrences.found {
        if !names.contains(&occurrence.name) {
            names.push(occurrence.name);
        }
    }
    let mut inputs = Vec::with_capacity(names.len());
    for name in names {
        let input = occurrences.input(name);
        budget.take(&input.name)?;
        budget.take(&input.schema)?;
        inputs.push(input);
    }
    Some(inputs)
}

/// The whole schema of an object with these members, all of them needed; nothing when what they refer to is more than the
/// budget.
pub(super) fn of_object(inputs: &[Input], template: Option<&Value>, budget: &mut Budget) -> Option<Value> {
    let mut schema = Map::new();
    if let Some(dialect) = template.and_then(|template| template.get("$schema")) {
        budget.take(dialect)?;
        schema.insert("$schema".into(), dialect.clone());
    }
    schema.insert("type".into(), "object".into());
    let properties: Map<_, _> = inputs
        .iter()
        .map(|input| (input.name.clone(), input.schema.clone()))
        .collect();
    schema.insert("properties".into(), properties.into());
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    schema.insert("required".into(), names.into());
    schema.insert("additionalProperties".into(), false.into());
    for key in DEFINITIONS {
        let referred = inputs.iter().any(|input| refers_to(&input.schema, key));
        if let (true, Some(definitions)) = (referred, template.and_then(|template| template.get(key))) {
            budget.take(definitions)?;
            schema.insert(key.into(), without_headers(definitions.clone()));
        }
    }
    Some(schema.into())
}

/// Where a placeholder stands.
struct Occurrence<'a> {
    name: &'a str,
    /// Whether it is all of the text.
    whole: bool,
    /// What the template says of that place.
    schema: Option<&'a Value>,
}

struct Occurrences<'a> {
    /// The template's schema, which places in it may refer to.
    root: &'a Value,
    /// Whether the references in what it keeps under each of [`DEFINITIONS`] lead there in the tool, too. Looked at once:
    /// it may be megabytes.
    sound: [OnceCell<bool>; 2],
    found: Vec<Occurrence<'a>>,
}

impl<'a> Occurrences<'a> {
    fn object(&mut self, object: &'a Map<String, Value>, schema: Option<&'a Value>) {
        let schema = schema.map(|schema| resolved(self.root, schema));
        for (key, value) in object {
            let of_key = schema.and_then(|schema| {
                let properties = schema.get("properties");
                properties
                    .and_then(|properties| properties.get(key))
                    .or_else(|| schema.get("additionalProperties"))
            });
            self.value(value, of_key);
        }
    }

    fn value(&mut self, value: &'a Value, schema: Option<&'a Value>) {
        match value {
            Value::Object(object) => self.object(object, schema),
            Value::Array(items) => {
                let schema = schema.map(|schema| resolved(self.root, schema));
                for (index, item) in items.iter().enumerate() {
                    let of_item = schema.and_then(|schema| {
                        let first = schema.get("prefixItems").and_then(|items| items.get(index));
                        first.or_else(|| schema.get("items"))
                    });
                    self.value(item, of_item);
                }
            }
            Value::String(text) => {
                let parts = parts(text);
                let whole = parts.len() == 1;
                for part in parts {
                    if let Part::Placeholder(name) = part {
                        self.found.push(Occurrence { name, whole, schema });
                    }
                }
            }
            _ => {}
        }
    }

    /// What a placeholder takes, everywhere where it stands. Where places disagree, a text fits them best.
    fn input(&self, name: &str) -> Input {
        let mut places = self.found.iter().filter(|occurrence| occurrence.name == name);
        let first = places.next().filter(|first| first.whole);
        let schema = first.and_then(|first| self.portable(first.schema?)).filter(|schema| {
            places.all(|other| {
                let schema_there = other.schema.and_then(|schema| self.portable(schema));
                other.whole && schema_there.is_some_and(|there| same_values(&there, schema))
            })
        });
        let Some(schema) = schema else {
            let mut text = json!({"type": "string"});
            if let Some(description) = self.description(name) {
                text["description"] = description.clone();
            }
            return Input {
                name: name.to_owned(),
                schema: text,
                text: true,
            };
        };
        let text = resolved(self.root, &schema).get("type") == Some(&Value::from("string"));
        Input {
            name: name.to_owned(),
            schema,
            text,
        }
    }

    fn description(&self, name: &str) -> Option<&'a Value> {
        self.found
            .iter()
            .filter(|occurrence| occurrence.name == name)
            .filter_map(|occurrence| occurrence.schema)
            .find_map(|schema| {
                let own = schema.get("description");
                own.or_else(|| resolved(self.root, schema).get("description"))
            })
            .filter(|description| description.is_string())
    }

    /// A place's schema as it can stand in another tool's. One whose references don't lead there as they did in the
    /// template is reduced to its words: then any value fits, and the upstream judges.
    fn portable(&self, schema: &Value) -> Option<Value> {
        match schema {
            Value::Bool(true) => return Some(json!({})),
            Value::Object(_) => {}
            _ => return None,
        }
        let is_sound = |(key, sound): (&&str, &OnceCell<bool>)| {
            !refers_to(schema, key) || *sound.get_or_init(|| self.root.get(*key).is_none_or(leads_there))
        };
        if leads_there(schema) && DEFINITIONS.iter().zip(&self.sound).all(is_sound) {
            return Some(without_headers(schema.clone()));
        }
        let words = ["title", "description"].into_iter().filter_map(|key| {
            let text = schema.get(key)?.as_str()?;
            Some((key.to_owned(), text.into()))
        });
        Some(Value::Object(words.collect()))
    }
}

/// The schema, or what it refers to within the same document.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..LINKS_MAX {
        let target = link(schema)
            .and_then(|link| link.strip_prefix('#'))
            .and_then(|pointer| root.pointer(pointer));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

fn link(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

/// Whether two schemas say the same of a value, in whatever words.
fn same_values(one: &Value, other: &Value) -> bool {
    let bare = |schema: &Value| {
        let mut schema = schema.clone();
        if let Some(members) = schema.as_object_mut() {
            members.retain(|key, _| !matches!(key.as_str(), "title" | "description" | "examples" | "default"));
        }
        schema
    };
    bare(one) == bare(other)
}

/// Whether all its references lead to definitions that go along, or to another document.
fn leads_there(schema: &Value) -> bool {
    all_nodes(schema, &mut |node| {
        !["$dynamicRef", "$recursiveRef"]
            .iter()
            .any(|key| node.get(key).is_some())
            && link(node).is_none_or(|link| {
                let below = |key: &&str| link.strip_prefix("#/").is_some_and(|rest| rest.starts_with(*key));
                link.contains("://") || DEFINITIONS.iter().any(below)
            })
    })
}

/// Whether it refers to what the document keeps under that key.
fn refers_to(schema: &Value, key: &str) -> bool {
    !all_nodes(schema, &mut |node| {
        link(node)
            .and_then(|link| link.strip_prefix("#/"))
            .is_none_or(|rest| !rest.starts_with(key))
    })
}

/// Whether something holds for a value and all below it.
fn all_nodes(node: &Value, holds: &mut impl FnMut(&Value) -> bool) -> bool {
    holds(node)
        && match node {
            Value::Object(members) => members.values().all(|member| all_nodes(member, holds)),
            Value::Array(items) => items.iter().all(|item| all_nodes(item, holds)),
            _ => true,
        }
}

fn without_headers(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            members.remove(HEADER);
            for member in members.values_mut() {
                *member = without_headers(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_headers(item.take());
            }
        }
        _ => {}
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &Value, template: Option<&Value>) -> Value {
        let args = args.as_object().unwrap();
        let budget = &mut Budget::new(usize::MAX);
        of_object(&inputs(args, template, budget).unwrap(), template, budget).unwrap()
    }

    fn property(args: &Value, template: &Value, name: &str) -> Value {
        of(args, Some(template))["properties"][name].clone()
    }

    #[test]
    fn whole_placeholders_are_what_the_template_says_and_others_are_texts() {
        let template = json!({"type": "object", "properties": {
            "max": {"type": "integer", "minimum": 1, "description": "How many"},
            "title": {"type": "string", "maxLength": 9, "description": "The title"},
        }});
        let args = json!({"max": "{n}", "title": "About {what}", "more": "{x}"});
        assert_eq!(
            of(&args, Some(&template)),
            json!({
                "type": "object",
                "properties": {
                    "n": {"type": "integer", "minimum": 1, "description": "How many"},
                    "what": {"type": "string", "description": "The title"},
                    "x": {"type": "string"},
                },
                "required": ["n", "what", "x"],
                "additionalProperties": false,
            })
        );
        assert_eq!(of(&args, None)["properties"]["n"], json!({"type": "string"}));
        assert_eq!(of(&json!({"tag": "a"}), Some(&template))["required"], json!([]));
    }

    #[test]
    fn a_name_used_twice_must_agree_or_is_a_text() {
        let template = json!({"properties": {
            "a": {"type": "integer", "description": "One"}, "b": {"type": "integer", "description": "Two"},
            "c": {"type": "number"}, "d": {"type": "string"},
        }});
        let agreed = property(&json!({"a": "{n}", "b": "{n}"}), &template, "n");
        assert_eq!(agreed, json!({"type": "integer", "description": "One"}));
        for other in [json!({"a": "{n}", "c": "{n}"}), json!({"a": "{n}", "d": "No. {n}"})] {
            let text = property(&other, &template, "n");
            assert_eq!(text, json!({"type": "string", "description": "One"}), "{other}");
        }
    }

    #[test]
    fn places_are_found_at_any_depth_and_behind_references() {
        let template = json!({
            "$defs": {
                "Filter": {"properties": {"limit": {"$ref": "#/$defs/Limit"}}},
                "Limit": {"type": "integer", "x-mcp-header": "Limit"},
            },
            "properties": {
                "filters": {"items": {"$ref": "#/$defs/Filter"}},
                "pair": {"prefixItems": [{"type": "boolean"}]},
                "free": {"additionalProperties": {"type": "number", "x-mcp-header": "Free"}},
            },
        });
        let args = json!({"filters": [{"limit": "{n}"}], "pair": ["{flag}"], "free": {"any": "{f}"}});
        let schema = of(&args, Some(&template));
        assert_eq!(
            schema["properties"],
            json!({"n": {"$ref": "#/$defs/Limit"}, "flag": {"type": "boolean"}, "f": {"type": "number"}})
        );
        assert_eq!(
            schema["$defs"]["Limit"],
            json!({"type": "integer"}),
            "clients aren't asked for headers"
        );
        assert!(
            jsonschema::validator_for(&schema)
                .unwrap()
                .is_valid(&json!({"n": 1, "flag": true, "f": 1.5}))
        );
    }

    #[test]
    fn a_reference_that_would_lead_nowhere_leaves_any_value() {
        let template = json!({"properties": {
            "tree": {"$ref": "#", "description": "A tree"},
            "loop": {"$ref": "#/properties/loop"},
        }});
        let args = json!({"tree": "{t}", "loop": "{l}"});
        let schema = of(&args, Some(&template));
        assert_eq!(schema["properties"], json!({"t": {"description": "A tree"}, "l": {}}));
    }
}
