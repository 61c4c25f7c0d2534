//! How much is being called.

use crate::{Timestamp, ids::ServerId};
use serde::{Deserialize, Serialize};

/// Calls over some span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageView {
    /// Finished calls, failed ones among them.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Their mean duration in milliseconds; 0 without calls.
    pub mean_ms: u64,
}

/// How long the spans are that calls are counted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageStep {
    /// Minutes; over two days at the most.
    Minute,
    /// Hours; over 62 days at the most.
    #[default]
    Hour,
    /// Days, in UTC.
    Day,
}

impl UsageStep {
    /// The word on the wire, which PostgreSQL's `date_trunc` takes, too.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// Calls of one tool of one server in one span of time, or of more where less was asked to be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsagePoint {
    /// When the span begins.
    pub at: Timestamp,
    /// The server; nothing where all of them are counted together.
    pub mcp_server_id: Option<ServerId>,
    /// The name that clients called; nothing where all tools are counted together.
    pub tool: Option<String>,
    /// The calls.
    #[serde(flatten)]
    pub usage: UsageView,
    /// Bytes of their results.
    pub bytes: u64,
}

/// `GET /api/usage`: which calls, and what to tell apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// The spans of time.
    #[serde(default)]
    pub step: UsageStep,
    /// From when on; a day ago when nobody says.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when; now when nobody says.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Only of this server.
    #[serde(default)]
    pub mcp_server_id: Option<ServerId>,
    /// Only of this tool.
    #[serde(default)]
    pub tool: Option<String>,
    /// Tell servers apart.
    #[serde(default)]
    pub by_server: bool,
    /// Tell tools apart.
    #[serde(default)]
    pub by_tool: bool,
}
