//! What a document says, and how it is written.
//!
//! The order of everything is the order of names, so that the same data is the same bytes. Definitions are written with
//! their keys in the order in which their service wrote them; only white space and the spelling of texts are made even.

use super::{
    node::Node,
    reference::Reference,
    server_entry::{ServerEntry, SourceEntry},
    yaml,
};
use crate::{connectors::Logo, upstream::manifest::empty_list};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use patchbay_domain::{connector::ConnectorMode, user::Role};
use serde_json::value::RawValue;

/// The form of documents that this program writes and reads.
pub(super) const VERSION: &str = "1";

const YAML_HEAD: &str =
    "# Everything that Patchbay keeps, but for secrets and what can't be given away: see docs/import-export.md.\n";

/// How a document is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people, and for their version control.
    Yaml,
    /// For programs.
    Json,
}

impl Format {
    /// The format of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Connectors, users, sources and servers, as they are written out and read in.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(super) connectors: Vec<ConnectorEntry>,
    pub(super) users: Vec<UserEntry>,
    pub(super) sources: Vec<SourceEntry>,
    pub(super) servers: Vec<ServerEntry>,
    /// It isn't one of ours but a registry's `server.json`, which says nothing of users and what is theirs.
    pub(super) is_registry_entry: bool,
}

/// A connector. What a document doesn't say of one stays as it is, or gets what a new one has.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectorEntry {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) mode: Option<ConnectorMode>,
    pub(super) url: Option<String>,
    pub(super) mcp_url: Option<String>,
    pub(super) version: Option<String>,
    pub(super) definitions: Option<DefinitionsEntry>,
    pub(super) secret: Option<Reference>,
    /// An empty text says that there is none.
    pub(super) secret_header: Option<String>,
    pub(super) logo: Option<Logo>,
}

/// What a connector offers, in its canonical form.
#[derive(Debug, Clone)]
pub(super) struct DefinitionsEntry {
    pub(super) tools: Box<RawValue>,
    pub(super) tools_count: u32,
    pub(super) templates: Box<RawValue>,
    pub(super) templates_count: u32,
    pub(super) config: Option<Box<RawValue>>,
}

impl DefinitionsEntry {
    /// What a connector has whose service was never asked.
    pub(super) fn empty() -> Self {
        Self {
            tools: empty_list(),
            tools_count: 0,
            templates: empty_list(),
            templates_count: 0,
            config: None,
        }
    }
}

impl PartialEq for DefinitionsEntry {
    fn eq(&self, other: &Self) -> bool {
        self.tools.get() == other.tools.get()
            && self.templates.get() == other.templates.get()
            && self.config.as_deref().map(RawValue::get) == other.config.as_deref().map(RawValue::get)
    }
}

impl PartialEq for ConnectorEntry {
    fn eq(&self, other: &Self) -> bool {
        self.to_node() == other.to_node()
    }
}

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserEntry {
    pub(super) email: String,
    pub(super) roles: Option<Vec<Role>>,
}

impl Document {
    /// Whether it is a registry's `server.json` and not one of ours.
    #[must_use]
    pub fn is_registry_entry(&self) -> bool {
        self.is_registry_entry
    }

    /// The names of its connectors.
    pub fn connector_names(&self) -> impl Iterator<Item = &str> {
        self.connectors.iter().map(|connector| connector.name.as_str())
    }

    /// Writes it down. Equal documents are equal texts.
    #[must_use]
    pub fn to_text(&self, format: Format) -> String {
        let node = self.to_node();
        let yaml = match format {
            Format::Yaml => yaml::write(&node),
            Format::Json => None,
        };
        match yaml {
            Some(yaml) => format!("{YAML_HEAD}{yaml}"),
            // JSON is YAML, too, should there be something in it that our YAML can't carry.
            None => node.to_pretty_json() + "\n",
        }
    }

    fn to_node(&self) -> Node {
        object([
            ("patchbay", Some(Node::Number(VERSION.into()))),
            ("connectors", Some(list(&self.connectors, ConnectorEntry::to_node))),
            ("users", Some(list(&self.users, UserEntry::to_node))),
            ("sources", Some(list(&self.sources, SourceEntry::to_node))),
            ("servers", Some(list(&self.servers, ServerEntry::to_node))),
        ])
    }
}

impl ConnectorEntry {
    fn to_node(&self) -> Node {
        object([
            ("name", text(&self.name)),
            ("description", self.description.as_deref().and_then(text)),
            ("mode", self.mode.and_then(|mode| text(mode.as_str()))),
            ("url", self.url.as_deref().and_then(text)),
            ("mcp_url", self.mcp_url.as_deref().and_then(text)),
            ("version", self.version.as_deref().and_then(text)),
            ("secret", self.secret.as_ref().map(Reference::to_node)),
            ("secret_header", self.secret_header.as_deref().and_then(text)),
            (
                "logo",
                self.logo.as_ref().map(|logo| {
                    object([
                        ("content_type", text(&logo.content_type)),
                        ("base64", text(&STANDARD.encode(&logo.bytes))),
                    ])
                }),
            ),
            (
                "definitions",
                self.definitions.as_ref().map(|definitions| {
                    object([
                        ("tools", Some(json(&definitions.tools))),
                        ("templates", Some(json(&definitions.templates))),
                        ("config", definitions.config.as_deref().map(json)),
                    ])
                }),
            ),
        ])
    }
}

impl UserEntry {
    fn to_node(&self) -> Node {
        object([
            ("email", text(&self.email)),
            (
                "roles",
                self.roles
                    .as_ref()
                    .map(|roles| list(roles, |role| Node::text(role.as_str()))),
            ),
        ])
    }
}

pub(super) fn object<const N: usize>(entries: [(&str, Option<Node>); N]) -> Node {
    Node::Map(
        entries
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect(),
    )
}

#[expect(clippy::unnecessary_wraps, reason = "stands among what may be absent")]
pub(super) fn text(text: &str) -> Option<Node> {
    Some(Node::text(text))
}

pub(super) fn list<T>(items: &[T], node: impl Fn(&T) -> Node) -> Node {
    Node::List(items.iter().map(node).collect())
}

/// JSON as a value, or, where a document can't carry the value as it is, as a text that holds JSON.
pub(super) fn json(json: &RawValue) -> Node {
    Node::from_json(json.get())
        .ok()
        // Its place in the document takes some levels, too.
        .filter(|node| yaml::can_carry(node, LEVELS_ABOVE))
        .unwrap_or_else(|| Node::text(json.get()))
}

/// How deep in a document the deepest of what is written as a value of its own begins.
const LEVELS_ABOVE: usize = 8;
