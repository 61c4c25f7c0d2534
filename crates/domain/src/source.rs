//! Sources: a user's configured uses of connectors.

use crate::{
    Timestamp,
    field::{self, FieldError},
    ids::{ServerId, SourceId},
    server::ServerConnector,
    tool::ToolView,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The longest type, in characters.
pub const TYPE_MAX: u32 = 100;
/// The longest name, in characters.
pub const NAME_MAX: u32 = 255;
/// Types that connectors of the catalogue don't have: users' personal connectors and Patchbay's own tools.
pub const RESERVED_TYPES: [&str; 2] = ["mcp", "system"];

/// What a source is a use of: the name of a connector, whether there is one yet or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceType(String);

impl SourceType {
    /// Trims and checks.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = field::line(text, TYPE_MAX)?;
        if RESERVED_TYPES.contains(&text.as_str()) {
            return Err(FieldError::Refused {
                reason: format!("'{text}' is reserved: it can't be the type of such a source."),
            });
        }
        Ok(Self(text))
    }

    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a source's owner calls it: one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName(String);

impl SourceName {
    /// Trims and checks.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        field::line(text, NAME_MAX).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `POST /api/sources`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSource {
    /// The name of the connector that it is a use of, whether there is one yet or not.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TYPE_MAX)))]
    #[serde(rename = "type")]
    pub kind: String,
    /// What its owner calls it, in one line; nothing, or an empty text, for none.
    #[cfg_attr(feature = "schema", schemars(length(max = NAME_MAX)))]
    #[serde(default)]
    pub name: Option<String>,
    /// What the connector's `config.params` schema asks for, an object.
    #[serde(default = "crate::server::empty_object")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub source_metadata: Value,
}

/// `PATCH /api/sources/{id}`: what isn't there stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateSource {
    /// The name of another connector. Its `source_metadata` has to come along, with all secrets typed anew, and to its
    /// servers it is a new source then: it gets another prefix, and what hangs on its tools there goes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TYPE_MAX)))]
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// What its owner calls it, in one line; `null`, or an empty text, takes it away.
    #[cfg_attr(feature = "schema", schemars(length(max = NAME_MAX)))]
    #[serde(default, deserialize_with = "given")]
    pub name: Option<Option<String>>,
    /// The whole of it. A secret that is sent back as `"********"` stays what it was, unless the type is another.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub source_metadata: Option<Value>,
}

/// Tells `null` from what isn't there.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether a source, or whatever else a server is made from, contributes tools right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BindingState {
    /// It does.
    Ready,
    /// It does, though its configuration isn't what its connector asks for any more.
    Misfit,
    /// Its connector was registered and not activated, or was switched off.
    SwitchedOff,
    /// No connector of this type is offered (yet).
    NoConnector,
}

/// A server, as a source that it uses names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerBrief {
    /// Its identifier.
    pub id: ServerId,
    /// Its name.
    pub name: String,
}

/// A source, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceView {
    /// Its identifier.
    pub id: SourceId,
    /// The name of the connector that it is a use of.
    #[serde(rename = "type")]
    pub kind: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its configuration; secrets are masked.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub source_metadata: Value,
    /// Whether it contributes tools.
    pub state: BindingState,
    /// The same as a sentence; nothing where all is well.
    pub notice: Option<String>,
    /// The connector of its type, if there is one.
    pub connector: Option<ServerConnector>,
    /// The servers that use it, by name; deleted ones aren't among them.
    pub mcp_servers: Vec<ServerBrief>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; its version for `If-Match`.
    pub updated_at: Timestamp,
}

/// What came of testing a source: the connector's service was asked for its tools, with the source's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceTest {
    /// Whether it answered.
    pub success: bool,
    /// The word that programs read, if it didn't.
    pub error_code: Option<String>,
    /// What went wrong, or what is odd, as a sentence.
    pub error_message: Option<String>,
    /// What it offers.
    pub tools: Vec<ToolView>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_names_of_connectors_and_not_reserved() {
        assert_eq!(SourceType::parse(" Notes ").unwrap().as_str(), "Notes");
        assert_eq!(SourceType::parse(""), Err(FieldError::Required));
        assert_eq!(
            SourceType::parse(&"t".repeat(101)),
            Err(FieldError::TooLong { max: 100 })
        );
        for reserved in ["mcp", "system", " mcp "] {
            assert!(matches!(SourceType::parse(reserved), Err(FieldError::Refused { .. })));
        }
    }

    #[test]
    fn a_name_that_is_null_is_not_one_that_is_missing() {
        let of = |json: &str| serde_json::from_str::<UpdateSource>(json).unwrap().name;
        assert_eq!(of("{}"), None);
        assert_eq!(of(r#"{"name":null}"#), Some(None));
        assert_eq!(of(r#"{"name":"a"}"#), Some(Some("a".to_owned())));
    }
}
