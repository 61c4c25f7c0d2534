//! The arguments that a schema asks for, for reading.

use leptos::prelude::*;
use serde_json::Value;

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Argument {
    name: String,
    /// What it takes, in a few words.
    kind: String,
    required: bool,
    description: Option<String>,
}

/// How many arguments a schema asks for.
pub(super) fn arguments_count(schema: &Value) -> u64 {
    schema["properties"].as_object().map_or(0, serde_json::Map::len) as u64
}

/// Each argument with its type, whether it is required, and what it is for.
#[component]
pub(super) fn Arguments(schema: Value) -> AnyView {
    let arguments = parse(&schema);
    if arguments.is_empty() {
        return view! { <p class="arguments-none">"It takes no arguments."</p> }.into_any();
    }
    view! {
        <dl class="arguments">
            {arguments.into_iter().map(|argument| view! {
                <div>
                    <dt>
                        <code class="row-name">{argument.name}</code>
                        <span class="arguments-kind">{argument.kind}</span>
                        {argument.required.then(|| view! { <span class="tag">"required"</span> })}
                    </dt>
                    <dd>{argument.description.unwrap_or_else(|| "No description.".to_owned())}</dd>
                </div>
            }).collect_view()}
        </dl>
    }
    .into_any()
}

fn parse(schema: &Value) -> Vec<Argument> {
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    properties
        .iter()
        .map(|(name, property)| Argument {
            name: name.clone(),
            kind: kind(property),
            required: required.contains(&name.as_str()),
            description: ["description", "title"]
                .into_iter()
                .find_map(|member| property[member].as_str())
                .map(str::to_owned),
        })
        .collect()
}

fn kind(property: &Value) -> String {
    if let Some(values) = property["enum"].as_array() {
        let values: Vec<_> = values.iter().map(Value::to_string).collect();
        return format!("one of {}", values.join(", "));
    }
    let named = match &property["type"] {
        Value::String(one) if one == "array" && property["items"].is_object() => {
            format!("array of {}", kind(&property["items"]))
        }
        Value::String(one) => one.clone(),
        Value::Array(several) => {
            let several: Vec<_> = several.iter().filter_map(Value::as_str).collect();
            several.join(" or ")
        }
        _ => String::new(),
    };
    if named.is_empty() { "anything".to_owned() } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_read_in_the_order_of_the_schema() {
        let schema = json!({
            "properties": {
                "title": {"type": "string", "description": "What it is about."},
                "tags": {"type": "array", "items": {"type": "string"}, "title": "Tags"},
                "limit": {"type": ["integer", "null"]},
                "order": {"enum": ["up", 2]},
                "odd": true,
            },
            "required": ["title", "nowhere"],
        });
        let read: Vec<_> = parse(&schema)
            .into_iter()
            .map(|it| {
                format!(
                    "{}: {}, {}, {}",
                    it.name,
                    it.kind,
                    it.required,
                    it.description.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                "title: string, true, What it is about.",
                "tags: array of string, false, Tags",
                "limit: integer or null, false, ",
                "order: one of \"up\", 2, false, ",
                "odd: anything, false, ",
            ]
        );
        assert_eq!(arguments_count(&schema), 5);
        assert!(parse(&json!({"type": "object"})).is_empty());
    }
}
