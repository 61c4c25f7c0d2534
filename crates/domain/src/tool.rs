//! Tools as people see them. What clients get is the upstream's own text, which never passes through these types.

use crate::{
    field::{self, FieldError},
    ids::SourceId,
    source::given,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool on a page: enough to read about it and to try it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ToolView {
    /// The name that clients call.
    pub name: String,
    /// A name for people, if the tool has one.
    pub title: Option<String>,
    /// What it does, in its own words.
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub input_schema: Value,
    /// Whether it says of itself that it changes nothing.
    pub read_only: bool,
    /// Whether a server's owner made it from a template; such a tool can be deleted.
    #[serde(default)]
    pub dynamic: bool,
}

/// What becomes of a tool on a server right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// Clients are offered it.
    Offered,
    /// Its owner switched it off: it isn't listed, and can't be called.
    Disabled,
    /// It is listed and can't be called: its service has changed it, and a superuser hasn't decided about that yet.
    Blocked,
    /// Its connector is switched off.
    SwitchedOff,
    /// Another tool has the name that it would have.
    Shadowed,
    /// The template that it was made from is gone, or has become something that no tool can be made from.
    TemplateGone,
    /// The server has more tools than a list holds: it would have to have fewer before this one.
    NoRoom,
}

/// A tool of a server, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerTool {
    /// The tool under the name, and with the description, that clients get. One whose name another tool has
    /// ([`ToolStatus::Shadowed`]) has a name here that only serves to address it.
    #[serde(flatten)]
    pub tool: ToolView,
    /// The source that it, or the template that it was made from, comes from; nothing for the server's own connector.
    pub source_id: Option<SourceId>,
    /// What its upstream calls it; for a tool that was made from a template, the name that it was given.
    pub upstream_name: String,
    /// The name that it has if its owner gives it no other.
    pub default_name: String,
    /// The description that it has if its owner gives it no other.
    pub default_description: Option<String>,
    /// Whether its owner has it switched on.
    pub enabled: bool,
    /// What becomes of it.
    pub status: ToolStatus,
    /// The same as a sentence; nothing where it is offered.
    pub notice: Option<String>,
}

/// `PATCH /api/mcp-servers/{id}/tools/{name}`: what isn't there stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateTool {
    /// Whether clients are offered it.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The name that clients call: letters, digits, `_`, `-` and `.`. `null`, or an empty text, gives it its own name back.
    #[serde(default, deserialize_with = "given")]
    pub name: Option<Option<String>>,
    /// What clients read; `null`, or an empty text, gives it its own words back.
    #[serde(default, deserialize_with = "given")]
    pub description: Option<Option<String>>,
}

/// `PUT /api/mcp-servers/{id}/tools/order`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToolOrder {
    /// Names of tools, in the order that clients get. Those that aren't named follow, as their upstreams have them; an empty
    /// list has all of them do so.
    pub names: Vec<String>,
}

/// A template on a page: a factory of tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemplateView {
    /// Its name.
    pub name: String,
    /// What its tools do, in its own words.
    pub description: Option<String>,
    /// The JSON Schema of its arguments, if it says what they are.
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub input_schema: Option<Value>,
}

/// The longest name of a dynamic tool, in characters; what MCP clients take.
pub const DYNAMIC_TOOL_NAME_MAX: u32 = 64;

/// A dynamic tool's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolName(String);

impl ToolName {
    /// Trims and checks.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let name = field::line(text, DYNAMIC_TOOL_NAME_MAX)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        // One that begins with a point would be another path in a URL.
        if name.bytes().all(fits) && !name.starts_with('.') {
            return Ok(Self(name));
        }
        Err(FieldError::Malformed {
            expected: "a tool's name (letters, digits, '_', '-' and '.')".into(),
        })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A template that a server's tools can be made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerTemplate {
    /// The template.
    #[serde(flatten)]
    pub template: TemplateView,
    /// Whose connector has it: a source's; nothing for the server's own.
    pub source_id: Option<SourceId>,
}

/// `POST /api/mcp-servers/{id}/tools`: makes a tool from a template of the server's connector, or of a source's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTool {
    /// The name that clients call: letters, digits, `_`, `-` and `.`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = DYNAMIC_TOOL_NAME_MAX)))]
    pub name: String,
    /// What it does, for the model; the template's own words when there are none.
    #[serde(default)]
    pub description: Option<String>,
    /// The template's name.
    pub template: String,
    /// The source whose connector has the template; nothing for the server's own connector.
    #[serde(default)]
    pub source_id: Option<SourceId>,
    /// The template's arguments, an object. A `{placeholder}` in a text becomes an argument of the new tool.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_name_is_what_clients_take() {
        assert_eq!(
            ToolName::parse(" find_recipe-2.b ").unwrap().as_str(),
            "find_recipe-2.b"
        );
        assert_eq!(ToolName::parse(" "), Err(FieldError::Required));
        assert_eq!(ToolName::parse(&"n".repeat(65)), Err(FieldError::TooLong { max: 64 }));
        for bad in ["find recipe", "größe", "a/b", "a\"b", ".."] {
            assert!(
                matches!(ToolName::parse(bad), Err(FieldError::Malformed { .. })),
                "{bad} was taken"
            );
        }
    }
}
