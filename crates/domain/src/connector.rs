//! Connectors: entries of the catalogue, kept by superusers.

mod secret;

pub use secret::{SECRET_HEADER_MAX, SECRET_MAX, SecretHeader, check_secret};

use crate::{
    Timestamp,
    field::{self, FieldError},
    ids::ConnectorId,
    tool::{TemplateView, ToolView},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The longest name, in characters.
pub const NAME_MAX: u32 = 255;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: u32 = 2000;
/// The longest URL that is taken from a person, in characters.
pub const URL_MAX: u32 = 2048;

/// A connector's name: one line, unique in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorName(String);

impl ConnectorName {
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

/// A connector's description: some lines of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Trims and checks.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        field::lines(text, DESCRIPTION_MAX).map(Self)
    }

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a connector is good for right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectorMode {
    /// Registered or switched off: listed, never called.
    Deactive,
    /// Its definitions follow the upstream; existing servers run, new ones can't be made.
    Sync,
    /// Its definitions are pinned; servers can be made.
    Active,
}

impl ConnectorMode {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deactive => "deactive",
            Self::Sync => "sync",
            Self::Active => "active",
        }
    }

    /// The mode of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "deactive" => Some(Self::Deactive),
            "sync" => Some(Self::Sync),
            "active" => Some(Self::Active),
            _ => None,
        }
    }

    /// The badge's words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Deactive => "Not Activated",
            Self::Sync => "Sync Mode",
            Self::Active => "Active",
        }
    }
}

impl fmt::Display for ConnectorMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a connector in a list comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectorKind {
    /// The catalogue.
    Catalog,
    /// One user's own.
    Personal,
}

/// A connector in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectorSummary {
    /// Its identifier.
    pub id: ConnectorId,
    /// Its number.
    pub connector_id: i64,
    /// Where it comes from.
    pub kind: ConnectorKind,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where its manifest or MCP endpoint is; empty until it is activated.
    pub url: String,
    /// Its version, as its manifest says; `0.0.0` until it is activated.
    pub version: String,
    /// What it is good for right now.
    pub mode: ConnectorMode,
    /// Whether a secret is stored for it.
    pub has_secret: bool,
    /// The header that carries the secret; nothing for `Authorization: Bearer`.
    pub secret_header: Option<String>,
    /// The path of its logo on this server, if there is one.
    pub logo_url: Option<String>,
    /// How many tools it offers.
    pub tools_count: u32,
    /// How many templates it offers.
    pub templates_count: u32,
    /// The number of the version of its definitions that is in force; 0 before the first.
    pub definitions_version: u32,
    /// Whether its service now says something else than what is pinned.
    pub changes: Option<ChangesState>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What became of a difference between what is pinned and what the service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangesState {
    /// A superuser has to look at it.
    Waiting,
    /// A superuser looked, and kept what is pinned.
    Refused,
}

impl ChangesState {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "waiting" => Some(Self::Waiting),
            "refused" => Some(Self::Refused),
            _ => None,
        }
    }

    /// The badge's words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Changes waiting",
            Self::Refused => "Changes refused",
        }
    }
}

/// In which order a list of connectors comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectorSort {
    /// The last registered first.
    #[default]
    Newest,
    /// The last changed first.
    Updated,
    /// By name, whatever its case.
    Name,
}

impl ConnectorSort {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Updated => "updated",
            Self::Name => "name",
        }
    }

    /// The order of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Newest, Self::Updated, Self::Name]
            .into_iter()
            .find(|sort| sort.as_str() == word)
    }

    /// What a page calls it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Newest => "Newest first",
            Self::Updated => "Last changed first",
            Self::Name => "By name",
        }
    }
}

/// A connector with what it offers, as a page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectorView {
    /// What the list shows too.
    #[serde(flatten)]
    pub summary: ConnectorSummary,
    /// Its tools.
    pub tools: Vec<ToolView>,
    /// Its templates.
    pub templates: Vec<TemplateView>,
    /// The JSON Schema of a server's or source's configuration, if it takes one.
    pub config_params: Option<Value>,
    /// How a form for it is laid out, if it says so.
    pub config_ui_schema: Option<Value>,
    /// When its service was last asked, and why that failed if it did; nothing before the first time.
    pub check: Option<CheckView>,
}

/// The last time that a connector's service was asked for its definitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// When.
    pub checked_at: Timestamp,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// `POST /api/connectors/register`, and the register form.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterConnector {
    /// One line that no other connector has.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_MAX)))]
    pub name: String,
    /// What it is for, in some lines.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = DESCRIPTION_MAX)))]
    pub description: String,
    /// Sent to the connector with every call; empty means none. Anything that a header can carry.
    #[cfg_attr(feature = "schema", schemars(length(max = SECRET_MAX)))]
    #[serde(default, skip_serializing)]
    pub secret: Option<String>,
    /// The header that carries the secret; empty means `Authorization: Bearer`.
    #[serde(default)]
    pub secret_header: Option<String>,
}

impl fmt::Debug for RegisterConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterConnector")
            .field("name", &self.name)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

/// `POST /api/connectors`: registers and reads the definitions in one step. Kept for programs from before the two steps.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddConnector {
    /// Where its manifest or MCP endpoint is.
    pub connector_url: String,
    /// One line that no other connector has; the manifest's name when there is none.
    #[serde(default)]
    pub name: Option<String>,
    /// `sync` when nothing is said.
    #[serde(default)]
    pub mode: Option<ConnectorMode>,
    /// Sent to the connector with every call; empty means none. Anything that a header can carry.
    #[serde(default, skip_serializing)]
    pub secret: Option<String>,
    /// The header that carries the secret; empty means `Authorization: Bearer`.
    #[serde(default)]
    pub secret_header: Option<String>,
}

impl fmt::Debug for AddConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddConnector")
            .field("connector_url", &self.connector_url)
            .field("name", &self.name)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// `PUT /api/connectors/{id}`: what is absent stays as it is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateConnector {
    /// What it is to be good for. Not every mode can follow every other.
    #[serde(default)]
    pub mode: Option<ConnectorMode>,
    /// What it is for, in some lines.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = DESCRIPTION_MAX)))]
    #[serde(default)]
    pub description: Option<String>,
    /// A new secret; an empty one removes the one from before.
    #[cfg_attr(feature = "schema", schemars(length(max = SECRET_MAX)))]
    #[serde(default, skip_serializing)]
    pub secret: Option<String>,
    /// The header that carries the secret; empty means `Authorization: Bearer`.
    #[serde(default)]
    pub secret_header: Option<String>,
}

impl fmt::Debug for UpdateConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateConnector")
            .field("mode", &self.mode)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

/// What activation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// The connector as it is now.
    pub connector: ConnectorSummary,
    /// What didn't go well but didn't stop it: a logo that could not be had, an MCP endpoint that doesn't answer.
    pub warnings: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_column_and_have_one_line() {
        assert_eq!(ConnectorName::parse(" notes ").unwrap().as_str(), "notes");
        assert!(ConnectorName::parse(&"n".repeat(255)).is_ok());
        assert_eq!(
            ConnectorName::parse(&"n".repeat(256)),
            Err(FieldError::TooLong { max: 255 })
        );
        assert_eq!(ConnectorName::parse("a\nb"), Err(FieldError::BadCharacters));
    }

    #[test]
    fn a_mode_is_the_same_word_everywhere() {
        for mode in [ConnectorMode::Deactive, ConnectorMode::Sync, ConnectorMode::Active] {
            assert_eq!(ConnectorMode::parse(mode.as_str()), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
    }
}
