//! What a connector offers and where, as one value: read from its service, stored with it, or kept in its history.

use crate::upstream::manifest::Definitions;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// What a connector offers, and where. The texts are the service's own, checked when they were read.
#[derive(Debug, Clone)]
pub(crate) struct DefinitionSet {
    /// Where they come from; empty before the first activation.
    pub(crate) url: String,
    /// Where calls go.
    pub(crate) mcp_url: Option<String>,
    /// The connector's version, as its service says.
    pub(crate) version: String,
    /// A JSON array of MCP tool objects with distinct names.
    pub(crate) tools: Box<RawValue>,
    /// How many those are.
    pub(crate) tools_count: u32,
    /// A JSON array or object of templates.
    pub(crate) templates: Box<RawValue>,
    /// How many those are.
    pub(crate) templates_count: u32,
    /// `{params, ui_schema}`, if servers take a configuration.
    pub(crate) config: Option<Box<RawValue>>,
}

impl DefinitionSet {
    /// Over the texts that clients and forms are made from. Another order of keys is another hash: it tells quickly that
    /// nothing has changed, not that something has.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [Some(&self.tools), Some(&self.templates), self.config.as_ref()] {
            hash.update(part.map_or("", |json| json.get()));
            hash.update([0]);
        }
        hash.finalize().into()
    }
}

impl From<&Definitions> for DefinitionSet {
    fn from(definitions: &Definitions) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            url: definitions.url.to_string(),
            mcp_url: Some(definitions.mcp_url.to_string()),
            version: definitions.version.clone(),
            tools: definitions.tools.clone(),
            tools_count: count(definitions.tools_count),
            templates: definitions.templates.clone(),
            templates_count: count(definitions.templates_count),
            config: definitions.config.clone(),
        }
    }
}
