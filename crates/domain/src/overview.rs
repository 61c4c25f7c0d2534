//! What a person wants to see first.

use crate::{
    Timestamp,
    ids::{ServerId, SourceId},
    source::BindingState,
    usage::UsageView,
};
use serde::{Deserialize, Serialize};

/// `GET /api/overview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overview {
    /// Their MCP servers.
    pub mcp_servers: u64,
    /// Their sources.
    pub sources: u64,
    /// Connectors that sources and servers can be made from.
    pub connectors_active: u64,
    /// Connectors that a superuser has yet to activate.
    pub connectors_waiting: u64,
    /// Their calls in the last 24 hours.
    pub usage: UsageView,
    /// What needs attention, the most urgent first.
    pub attention: Vec<Attention>,
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// A server none of whose parts contributes tools.
    ServerWithoutTools {
        /// The server.
        mcp_server_id: ServerId,
        /// Its name.
        name: String,
    },
    /// A server many of whose calls failed in the last 24 hours.
    ServerFailing {
        /// The server.
        mcp_server_id: ServerId,
        /// Its name.
        name: String,
        /// Its calls.
        usage: UsageView,
    },
    /// A source that contributes no tools, or whose configuration doesn't fit its connector any more.
    Source {
        /// The source.
        source_id: SourceId,
        /// Its name, or else its type.
        name: String,
        /// What is the matter.
        state: BindingState,
    },
    /// A token that opens a server has ended, or will within a week.
    ServerToken {
        /// The server.
        mcp_server_id: ServerId,
        /// The server's name.
        mcp_server: String,
        /// The token's name.
        name: String,
        /// When it ends, or has ended.
        expires_at: Timestamp,
    },
    /// A token that programs sign in with has ended, or will within a week.
    ApiToken {
        /// The token's name.
        name: String,
        /// When it ends, or has ended.
        expires_at: Timestamp,
    },
    /// For superusers: connectors whose services changed something that nobody has decided about.
    ConnectorChanges {
        /// How many.
        connectors: u64,
    },
}
