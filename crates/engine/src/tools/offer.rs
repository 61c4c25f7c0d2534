//! What a connector offers, read once for all that a server has of it.

use crate::{
    Error,
    connectors::blocked_tools,
    storage::tools::StoredOffer,
    templates::{self, Template},
};
use patchbay_domain::connector::ConnectorMode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// A connector's tools and templates, beside all else that is stored of it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) stored: StoredOffer,
    pub(super) tools: Vec<Defined>,
    pub(super) templates: Vec<Template>,
    /// The templates that nothing is called by, for now.
    pub(super) blocked_templates: HashSet<String>,
}

/// One of a connector's tools.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) name: String,
    pub(super) definition: Box<RawValue>,
    /// Whether its service has changed it since somebody approved it.
    pub(super) is_blocked: bool,
}

impl Offer {
    /// Reads what is stored. What can't be read is offered as nothing: a server's other connectors work without it.
    pub(super) fn read(stored: StoredOffer) -> Self {
        let tools = tools(&stored);
        let templates = stored.templates.as_deref().map_or(Ok(Vec::new()), templates::read);
        for error in [tools.as_ref().err(), templates.as_ref().err()].into_iter().flatten() {
            tracing::error!(
                connector = %stored.connector,
                error = error as &dyn std::error::Error,
                "a connector's definitions can't be read"
            );
        }
        let blocked_templates = match (&stored.templates, &templates) {
            (Some(pinned), Ok(_)) => blocked(pinned, stored.upstream_templates.as_deref()),
            _ => HashSet::new(),
        };
        Self {
            tools: tools.unwrap_or_default(),
            templates: templates.unwrap_or_default(),
            blocked_templates,
            stored,
        }
    }

    pub(super) fn is_off(&self) -> bool {
        self.stored.mode == ConnectorMode::Deactive
    }
}

/// What a tool object is called.
#[derive(Deserialize)]
struct Named {
    name: String,
}

fn tools(stored: &StoredOffer) -> Result<Vec<Defined>, Error> {
    let definitions: Vec<&RawValue> = serde_json::from_str(stored.tools.get()).map_err(Error::internal)?;
    let blocked = blocked(&stored.tools, stored.upstream_tools.as_deref());
    let read = definitions.into_iter().map(|definition| {
        let Named { name } = serde_json::from_str(definition.get()).map_err(Error::internal)?;
        Ok(Defined {
            is_blocked: blocked.contains(&name),
            name,
            definition: definition.to_owned(),
        })
    });
    read.collect()
}

/// The names of a connector's tools; of what can't be read there are none.
pub(crate) fn tool_names(tools: &str) -> Vec<String> {
    let named: Vec<Named> = serde_json::from_str(tools).unwrap_or_default();
    named.into_iter().map(|tool| tool.name).collect()
}

/// What must not be called.
fn blocked(pinned: &RawValue, upstream: Option<&RawValue>) -> HashSet<String> {
    upstream.map_or_else(HashSet::new, |upstream| blocked_tools(pinned, upstream))
}
