//! Tools as people see them. What clients get is the upstream's own text, which never passes through these types.

use crate::field::{self, FieldError};
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

/// `POST /api/mcp-servers/{id}/tools`: makes a tool from a template of the server's connector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTool {
    /// The name that clients call, see [`ToolName`]: letters, digits, `_`, `-` and `.`, at most [`DYNAMIC_TOOL_NAME_MAX`].
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
