//! MCP servers: what users make from connectors and what MCP clients talk to.

use crate::{
    Timestamp,
    connector::ConnectorMode,
    field::{self, FieldError},
    ids::{ConnectorId, ConnectorRef, ServerId, ServerTokenId},
    usage::UsageView,
};
use serde::{Deserialize, Serialize};
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

/// `POST /api/mcp-servers`, and the form of *Create Server*.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateServer {
    /// See [`ServerName`].
    pub name: String,
    /// The active connector to make it from.
    pub connector_id: ConnectorRef,
    /// What the connector's `config.params` schema asks for; `{}` when it asks for nothing.
    #[serde(default = "empty_object")]
    pub configuration: Value,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

/// The connector of a server, as the server's page names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// An MCP server, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerView {
    /// Its identifier.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// The URL that MCP clients use. Given at creation, never changed.
    pub endpoint: String,
    /// What it is made from.
    pub connector: ServerConnector,
    /// Its configuration; secret fields are masked.
    pub configuration: Value,
    /// Its calls in the last 24 hours.
    pub usage: UsageView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A new server, with the one sight of its first token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
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
