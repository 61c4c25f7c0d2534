//! Whether definitions have the form that everything later relies on, and how many of them there are.

use crate::upstream::discover::TOOLS_MAX;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::collections::HashSet;

const TOOL_NAME_MAX: usize = 256;
/// More templates than anybody chooses from.
pub(super) const TEMPLATES_MAX: usize = 1000;
/// How deeply tools may be nested. Whoever reads them as JSON values later has a limit, too, a little above this one.
const DEPTH_MAX: usize = 100;

#[derive(Deserialize)]
struct ToolHead {
    name: String,
    #[serde(rename = "inputSchema")]
    input_schema: Option<Value>,
}

/// How many tools there are, when each has a name of its own and a schema that is one, and all that they say can be read.
pub(crate) fn check_tools(tools: &RawValue) -> Result<usize, String> {
    if depth(tools) > DEPTH_MAX {
        return Err(format!("Its tools are nested more than {DEPTH_MAX} levels deep."));
    }
    let refused = |error: serde_json::Error| format!("Its tools are not a list of MCP tools: {error}.");
    let tools: Vec<&RawValue> = serde_json::from_str(tools.get()).map_err(refused)?;
    if tools.len() > TOOLS_MAX {
        return Err(format!("It has more than {TOOLS_MAX} tools."));
    }
    let mut names = HashSet::new();
    for tool in &tools {
        let ToolHead { name, input_schema } = serde_json::from_str(tool.get()).map_err(refused)?;
        // What isn't looked at here is skipped, not read: a broken escape or a number that is none would pass.
        serde_json::from_str::<Value>(tool.get())
            .map_err(|error| format!("The tool '{name}' can't be read: {error}."))?;
        if name.is_empty() || name.chars().count() > TOOL_NAME_MAX || name.chars().any(char::is_control) {
            return Err(format!(
                "A tool's name is not a line of 1 to {TOOL_NAME_MAX} characters."
            ));
        }
        if !input_schema.as_ref().is_some_and(is_schema) {
            return Err(format!(
                "The inputSchema of the tool '{name}' is not a JSON Schema object."
            ));
        }
        if names.contains(&name) {
            return Err(format!("There are two tools with the name '{name}'."));
        }
        names.insert(name);
    }
    Ok(tools.len())
}

/// How many lists and objects are open at once at the most.
fn depth(json: &RawValue) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.get().bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether this is a schema object by its own dialect. A dialect that isn't known here is taken at its word: nobody
/// here checks arguments against a tool's schema.
fn is_schema(schema: &Value) -> bool {
    let known = schema.get("$schema").is_none_or(|dialect| {
        dialect
            .as_str()
            .is_some_and(|dialect| dialect.contains("//json-schema.org/"))
    });
    schema.is_object() && (!known || jsonschema::meta::validate(schema).is_ok())
}

/// How many templates there are, when each of them is an object.
pub(crate) fn check_templates(templates: &RawValue) -> Result<usize, String> {
    let count = match serde_json::from_str(templates.get()) {
        Ok(Value::Array(list)) if list.iter().all(Value::is_object) => list.len(),
        Ok(Value::Object(object)) if object.values().all(Value::is_object) => object.len(),
        _ => return Err("Its templates are neither a list of objects nor an object of objects.".into()),
    };
    if count > TEMPLATES_MAX {
        return Err(format!("It has more than {TEMPLATES_MAX} templates."));
    }
    Ok(count)
}

/// Whether servers' configuration can be checked with what this says of it.
pub(crate) fn check_config(config: &RawValue) -> Result<(), String> {
    let config: Value = serde_json::from_str(config.get()).map_err(|error| error.to_string())?;
    let Some(config) = config.as_object() else {
        return Err("Its config is not an object.".into());
    };
    match config.get("params") {
        None | Some(Value::Null) => Ok(()),
        Some(params) if params.is_object() && jsonschema::validator_for(params).is_ok() => Ok(()),
        Some(_) => Err("Its config.params is not a JSON Schema object.".into()),
    }
}
