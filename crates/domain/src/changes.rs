//! What happens to a connector's definitions over time: differences, versions, and whom a change affects.

use crate::{
    Timestamp,
    connector::{ChangesState, ConnectorMode, ConnectorSummary},
    field::{self, FieldError},
    ids::ServerId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest note on a decision, in characters.
pub const NOTE_MAX: u32 = 1000;
/// How many names an [`Impact`] lists; what is beyond is only counted.
pub const IMPACT_NAMES_MAX: u32 = 50;

/// Trims and checks a note on a decision; an empty one is none.
pub fn check_note(note: Option<&str>) -> Result<Option<String>, FieldError> {
    match note.map(str::trim) {
        None | Some("") => Ok(None),
        Some(note) => field::lines(note, NOTE_MAX).map(Some),
    }
}

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangedPart {
    /// A tool.
    Tool,
    /// A template.
    Template,
    /// The schema of servers' configuration, all of it.
    Config,
    /// Where calls go.
    McpUrl,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another than before.
    Changed,
}

/// One thing that differs between two versions of a connector's definitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DefinitionChange {
    /// What names it when some are accepted: `tool:NAME`, `template:NAME`, `config` or `mcp_url`.
    pub key: String,
    /// What kind of thing it is.
    pub part: ChangedPart,
    /// The tool's or template's name; empty for `config` and `mcp_url`.
    pub name: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Which of its members differ, such as `description` or `inputSchema`; empty for what is new or gone.
    pub fields: Vec<String>,
    /// Whether calls of it are refused until somebody accepts it: its schema is another.
    pub blocked: bool,
    /// As it is in force; nothing for what is new.
    pub before: Option<Value>,
    /// As the service says it; nothing for what is gone.
    pub after: Option<Value>,
}

/// `GET /api/connectors/{id}/changes`: what is held back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangesView {
    /// Nothing when the service says what is in force.
    pub state: Option<ChangesState>,
    /// Names exactly this difference; a decision repeats it, so that nobody accepts what they haven't seen. Empty when there
    /// is none.
    pub revision: String,
    /// When it was first seen.
    pub found_at: Option<Timestamp>,
    /// When the service was last asked.
    pub checked_at: Option<Timestamp>,
    /// Why it could not be asked the last time.
    pub error: Option<String>,
    /// What whoever refused it said.
    pub note: Option<String>,
    /// The connector's version as in force, and as the service says it.
    pub version: (String, String),
    /// What differs, in the order in which the service names it.
    pub changes: Vec<DefinitionChange>,
}

/// `POST /api/connectors/{id}/changes/accept` and `/refuse`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The `revision` of the changes that were looked at; when absent, whatever is there now.
    #[serde(default)]
    pub revision: Option<String>,
    /// The keys of what is accepted; all of it when absent. Not for a refusal.
    #[serde(default)]
    pub accept: Option<Vec<String>>,
    /// Why, for the history.
    #[cfg_attr(feature = "schema", schemars(length(max = NOTE_MAX)))]
    #[serde(default)]
    pub note: Option<String>,
}

/// What came of asking a connector's service by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Synced {
    /// The connector as it is now.
    pub connector: ConnectorSummary,
    /// Whether the difference, if there is one, is in force now (sync) or held back (active).
    pub adopted: bool,
    /// What differed.
    pub changes: Vec<DefinitionChange>,
}

/// How a version came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VersionOrigin {
    /// The connector was activated, or activated again.
    Activated,
    /// A superuser accepted changes.
    Accepted,
    /// It followed its service.
    Synced,
    /// A sync connector was pinned.
    Pinned,
    /// A superuser went back to an earlier one.
    Restored,
    /// It came from a file.
    Imported,
}

impl VersionOrigin {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Accepted => "accepted",
            Self::Synced => "synced",
            Self::Pinned => "pinned",
            Self::Restored => "restored",
            Self::Imported => "imported",
        }
    }

    /// The origin of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Activated,
            Self::Accepted,
            Self::Synced,
            Self::Pinned,
            Self::Restored,
            Self::Imported,
        ]
        .into_iter()
        .find(|origin| origin.as_str() == word)
    }
}

/// One version of a connector's definitions, in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionView {
    /// Counts from 1.
    pub number: u32,
    /// How it came into force.
    pub origin: VersionOrigin,
    /// The connector's version, as its service said.
    pub version: String,
    /// Where it came from.
    pub url: String,
    /// How many tools it has.
    pub tools_count: u32,
    /// How many templates it has.
    pub templates_count: u32,
    /// What whoever made it said.
    pub note: Option<String>,
    /// The email of whoever made it; nothing when the server did, or the account is gone.
    pub created_by: Option<String>,
    /// When it came into force.
    pub created_at: Timestamp,
    /// Whether it is in force now.
    pub current: bool,
}

/// One version with its definitions, and how it differs from what is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionDetail {
    /// What the history shows too.
    #[serde(flatten)]
    pub version: VersionView,
    /// What going back to it would change.
    pub changes: Vec<DefinitionChange>,
}

/// Whom it affects when a connector is switched off, deleted, or loses something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Impact {
    /// MCP servers that are made from it.
    pub servers: Affected<AffectedServer>,
    /// MCP servers that aren't, and have sources of its type. When it is deleted they stay, without its tools.
    pub servers_with_sources: Affected<AffectedServer>,
    /// The owners of both.
    pub users: Affected<String>,
    /// Sources of its type, whether or not a server uses them. They stay when it is deleted.
    pub sources: u64,
    /// Servers that their owners have deleted, and that still hold their endpoints.
    pub deleted_servers: u64,
    /// Tools that users made from its templates.
    pub dynamic_tools: u64,
    /// Calls of all these servers in the last 24 hours, those of their other connectors among them.
    pub calls_today: u64,
}

impl Impact {
    /// How many servers use it, made from it or not.
    #[must_use]
    pub fn using(&self) -> u64 {
        self.servers.total + self.servers_with_sources.total
    }
}

/// How many, and the first of them by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Affected<T> {
    /// How many there are.
    pub total: u64,
    /// The first of them.
    #[cfg_attr(feature = "schema", schemars(length(max = IMPACT_NAMES_MAX)))]
    pub items: Vec<T>,
}

impl<T> Default for Affected<T> {
    fn default() -> Self {
        Self {
            total: 0,
            items: Vec::new(),
        }
    }
}

/// A server that a change affects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AffectedServer {
    /// Its identifier.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// Its owner's email.
    pub owner: String,
}

/// `DELETE /api/connectors/{id}`: what went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeletedConnector {
    /// Its name.
    pub name: String,
    /// Its mode when it went.
    pub mode: ConnectorMode,
    /// What it took along.
    pub took_along: Impact,
    /// Sources of its type that stay, without a connector.
    pub sources_left: u64,
    /// MCP servers that stay, without its tools.
    pub servers_left: u64,
}
