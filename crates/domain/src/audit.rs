//! The audit log as people and programs read it.

use crate::{Timestamp, ids::UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// By which way a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A page or form.
    Dashboard,
    /// The REST API.
    Api,
    /// The `patchbay` command.
    CommandLine,
    /// The server itself.
    System,
}

impl Door {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Api => "api",
            Self::CommandLine => "command_line",
            Self::System => "system",
        }
    }

    /// The door of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Dashboard, Self::Api, Self::CommandLine, Self::System]
            .into_iter()
            .find(|door| door.as_str() == word)
    }
}

/// One row of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEvent {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who; nothing for the server itself and for the command line.
    pub actor_id: Option<UserId>,
    /// Their email then, unless it was erased.
    pub actor: Option<String>,
    /// Where from: a network address, unless it was erased.
    pub address: Option<String>,
    /// What a browser that somebody signed in with calls itself, unless it was erased.
    #[serde(default)]
    pub device: Option<String>,
    /// By which way.
    pub door: Door,
    /// The request, as in the log and in `x-request-id`.
    pub request_id: Option<String>,
    /// What was done, such as `connector.activate`.
    pub action: String,
    /// To what kind of thing, such as `connector`.
    pub subject_type: String,
    /// To which.
    pub subject_id: Option<Uuid>,
    /// Its name then; for a person their email, unless it was erased.
    pub subject: Option<String>,
    /// The parts that changed, as they were. Secrets are never among them.
    pub before: Option<Value>,
    /// The parts that changed, as they are since.
    pub after: Option<Value>,
    /// What whoever did it said.
    pub note: Option<String>,
}

/// Which rows of the audit log are wanted. Everything that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// By whom: an id, or a part of an email.
    #[serde(default)]
    pub actor: Option<String>,
    /// What was done: an action, or the part of one before its point (`connector`).
    #[serde(default)]
    pub action: Option<String>,
    /// To what kind of thing.
    #[serde(default)]
    pub subject_type: Option<String>,
    /// To which thing: an id, or a part of its name.
    #[serde(default)]
    pub subject: Option<String>,
    /// By which way.
    #[serde(default)]
    pub door: Option<Door>,
    /// Not before this time: RFC 3339, or a day as `2026-11-20`.
    #[serde(default)]
    pub from: Option<String>,
    /// Before this time; a day counts to its end.
    #[serde(default)]
    pub to: Option<String>,
}
