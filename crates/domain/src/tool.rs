//! Tools as people see them. What clients get is the upstream's own text, which never passes through these types.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool on a page: enough to read about it and to try it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolView {
    /// The name that clients call.
    pub name: String,
    /// A name for people, if the tool has one.
    pub title: Option<String>,
    /// What it does, in its own words.
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
    /// Whether it says of itself that it changes nothing.
    pub read_only: bool,
    /// Whether a server's owner made it from a template; such a tool can be deleted.
    #[serde(default)]
    pub dynamic: bool,
}

/// A template on a page: a factory of tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateView {
    /// Its name.
    pub name: String,
    /// What its tools do, in its own words.
    pub description: Option<String>,
    /// The JSON Schema of its arguments, if it says what they are.
    pub input_schema: Option<Value>,
}

/// The longest name of a dynamic tool, in characters; what MCP clients take.
pub const DYNAMIC_TOOL_NAME_MAX: u32 = 64;

/// `POST /api/mcp-servers/{id}/tools`: makes a tool from a template of the server's connector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTool {
    /// The name that clients call: letters, digits, `_`, `-` and `.`, at most [`DYNAMIC_TOOL_NAME_MAX`].
    pub name: String,
    /// What it does, for the model; the template's own words when there are none.
    #[serde(default)]
    pub description: Option<String>,
    /// The template's name.
    pub template: String,
    /// The template's arguments, an object. A `{placeholder}` in a text becomes an argument of the new tool.
    #[serde(default)]
    pub template_args: Value,
}

/// What came of trying a tool, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolTrial {
    /// Whether the tool or the way to it failed.
    pub is_error: bool,
    /// The result or the error, as indented JSON.
    pub json: String,
    /// The text parts of the result, joined; empty when there are none.
    pub text: String,
    /// How long the call took, in milliseconds.
    pub took_ms: u64,
}
