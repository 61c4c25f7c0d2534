//! MCP servers: what users make from a connector, from sources, or from both, and what MCP clients talk to.

use crate::{
    Timestamp,
    connector::ConnectorMode,
    field::{self, FieldError},
    ids::{ConnectorId, ConnectorRef, ServerId, ServerTokenId, SourceId, UserId},
    source::BindingState,
    usage::UsageView,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

/// The longest name, in characters.
pub const NAME_MAX: u32 = 255;

/// An MCP server's name: one line. A user may have two of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName(String);

impl ServerName {
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

/// A token's name: one line, for its owner to know where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

impl TokenName {
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

/// `POST /api/mcp-servers`, and the forms that make a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateServer {
    /// What its owner calls it, in one line.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_MAX)))]
    pub name: String,
    /// The sources to make it from, in order, each once. They are texts, because what is no identifier has an answer of
    /// its own.
    #[serde(default)]
    pub source_ids: Vec<String>,
    /// The active connector to make it from.
    #[serde(default)]
    pub connector_id: Option<ConnectorRef>,
    /// What that connector's `config.params` schema asks for; `{}` when it asks for nothing. Only with a connector.
    #[serde(default = "empty_object")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub configuration: Value,
}

/// `PATCH /api/mcp-servers/{id}`: what isn't there stays. What a server is itself made from can't become another connector.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateServer {
    /// What its owner calls it, in one line.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_MAX)))]
    #[serde(default)]
    pub name: Option<String>,
    /// All of its sources, in order, each once.
    #[serde(default)]
    pub source_ids: Option<Vec<String>>,
    /// The whole of it. A secret that is sent back as `"********"` stays what it was.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub configuration: Option<Value>,
    /// Taken, so that a server can be sent back as it was read, and ignored: an endpoint can't be changed.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Value>"))]
    pub endpoint: Option<IgnoredAny>,
}

pub(crate) fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

/// The connector of a server, as the server's page names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerConnector {
    /// Its identifier.
    pub id: ConnectorId,
    /// Its number.
    pub connector_id: i64,
    /// Its name.
    pub name: String,
    /// What it is good for right now.
    pub mode: ConnectorMode,
    /// The path of its logo on this server, if there is one.
    pub logo_url: Option<String>,
    /// How many tools it offers.
    pub tools_count: u32,
}

/// One of the things that a server's tools come from: its own connector, or a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BindingView {
    /// The source; nothing for the server's own connector.
    pub source_id: Option<SourceId>,
    /// The source's type, or the connector's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// What its owner calls the source.
    pub name: Option<String>,
    /// What stands before its tools' names, with `__` in between; empty for the first one.
    pub prefix: String,
    /// Whether it contributes tools.
    pub state: BindingState,
    /// The same as a sentence; nothing where all is well.
    pub notice: Option<String>,
    /// The connector, if there is one of that type.
    pub connector: Option<ServerConnector>,
}

/// An MCP server, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerView {
    /// Its identifier.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// The URL that MCP clients use. Given at creation, never changed.
    pub endpoint: String,
    /// What it is itself made from, if it is.
    pub connector: Option<ServerConnector>,
    /// Its configuration for that connector; secret fields are masked. `{}` without one.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))]
    pub configuration: Value,
    /// The sources that it is made from, in order.
    pub source_ids: Vec<SourceId>,
    /// All that its tools come from, in order: its own connector first, then its sources.
    pub bindings: Vec<BindingView>,
    /// Its calls in the last 24 hours.
    pub usage: UsageView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; its version for `If-Match`.
    pub updated_at: Timestamp,
    /// Since when it is deleted: it answers nobody, keeps its endpoint, and can be restored.
    pub deleted_at: Option<Timestamp>,
}

/// A server, as an admin sees everybody's: nothing of what its owner configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerOfUser {
    /// Its identifier.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// The URL that MCP clients use.
    pub endpoint: String,
    /// Its owner.
    pub user_id: UserId,
    /// Its owner's address.
    pub owner: String,
    /// The name of the connector that it is itself made from, if it is.
    pub connector: Option<String>,
    /// How many sources it is made from.
    pub sources_count: u32,
    /// Its calls in the last 24 hours.
    pub usage: UsageView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; its version for `If-Match`.
    pub updated_at: Timestamp,
    /// Since when it is deleted.
    pub deleted_at: Option<Timestamp>,
}

/// A new server, with the one sight of its first token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedServer {
    /// The server.
    #[serde(flatten)]
    pub server: ServerView,
    /// What a client sends as `Authorization: Bearer`. Not stored; this is its only sight.
    pub token: String,
}

impl std::fmt::Debug for CreatedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedServer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// A token of a server, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServerTokenView {
    /// Its identifier.
    pub id: ServerTokenId,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters, to tell it from others.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, within a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A new token, with its one sight.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedServerToken {
    /// The token's row.
    #[serde(flatten)]
    pub view: ServerTokenView,
    /// What a client sends as `Authorization: Bearer`. Not stored; this is its only sight.
    pub token: String,
}

impl std::fmt::Debug for CreatedServerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedServerToken")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}
