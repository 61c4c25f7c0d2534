//! Users' MCP servers: made from a connector, from sources, or from both, given an endpoint, and kept by their owner. What
//! their tools are is [`crate::tools`]' matter, and what their tokens open [`crate::tokens`]'.

mod create;
mod duplicate;
pub(crate) mod names;
mod removal;
mod update;
mod view;

use crate::{
    Engine, Error,
    endpoint::Endpoints,
    error::NotFound,
    storage::{Tx, sources::HeldSource},
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ServerId, SourceId, UserId},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// How far back the calls go that a server's view counts.
const USAGE_WINDOW: Duration = Duration::hours(24);
/// How many sources a server can be made from.
pub(crate) const SOURCES_MAX: usize = 32;
/// The field of a request, and the name that errors of a server's configuration begin with.
const CONFIGURATION: &str = "configuration";

/// Which servers a list shows.
#[derive(Debug, Clone, Default)]
pub struct ServerFilter {
    /// Part of a name or endpoint (for admins also of an owner's address), whatever its case.
    pub q: Option<String>,
    /// Deleted ones instead of those that are there.
    pub deleted: bool,
}

impl ServerFilter {
    /// What is searched for; nothing when that is everything.
    pub(crate) fn needle(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }
}

/// A server to be stored: checked, sealed, with its endpoint.
#[derive(Debug)]
pub(crate) struct NewServer<'a> {
    pub(crate) id: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) endpoint: &'a str,
    /// What it is itself made from, and how; both or neither.
    pub(crate) connector: Option<ConnectorId>,
    pub(crate) configuration: Option<&'a SealedConfiguration>,
    /// In order. Prefixes are given to them once it is stored.
    pub(crate) source_ids: &'a [SourceId],
}

/// A configuration as it is stored.
#[derive(Debug)]
pub(crate) struct SealedConfiguration {
    pub(crate) sealed: Vec<u8>,
    /// JSON pointers, as JSON, to what is secret in it, for whoever shows it when the connector's schema is another. Only the
    /// values are sealed: a schema is public, and so are the keys that it describes.
    pub(crate) secret_places: String,
}

/// The places that were noted when a configuration was sealed.
pub(crate) fn places_of(noted: Option<&str>) -> Result<Vec<String>, Error> {
    noted.map_or_else(
        || Ok(Vec::new()),
        |noted| serde_json::from_str(noted).map_err(Error::internal),
    )
}

impl Engine {
    /// Seals a configuration, with what is secret in it by its JSON pointers.
    pub(crate) fn seal_configuration(
        &self,
        id: ServerId,
        configuration: &Value,
        secret_places: &[String],
    ) -> SealedConfiguration {
        let text = configuration.to_string();
        SealedConfiguration {
            sealed: self.vault().seal(&configuration_purpose(id), text.as_bytes()),
            secret_places: json!(secret_places).to_string(),
        }
    }

    fn open_configuration(&self, id: ServerId, sealed: &[u8]) -> Result<Value, Error> {
        let opened = self
            .vault()
            .open(&configuration_purpose(id), sealed)
            .map_err(Error::internal)?;
        serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)
    }

    /// The same for its owner, who would put things right: a lost key must not keep them from it.
    fn readable_configuration(&self, id: ServerId, sealed: &[u8]) -> Option<Value> {
        let opened = self.open_configuration(id, sealed);
        opened
            .inspect_err(|error| {
                let source = std::error::Error::source(error);
                tracing::error!(server_id = %id, %error, ?source, "a configuration can't be opened");
            })
            .ok()
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints::new(self.config())
    }

    pub(crate) fn usage_since(&self) -> OffsetDateTime {
        self.clock().now() - USAGE_WINDOW
    }
}

/// What of a configuration may be told to others than its owner: which parts it has.
pub(crate) fn keys(configuration: &Value) -> Vec<&str> {
    let members = configuration.as_object();
    members
        .into_iter()
        .flat_map(|members| members.keys())
        .map(String::as_str)
        .collect()
}

/// Which parts are another, new or gone.
pub(crate) fn changed_keys<'a>(before: &'a Value, after: &'a Value) -> Vec<&'a str> {
    let mut changed = keys(after);
    changed.extend(keys(before).into_iter().filter(|key| after.get(*key).is_none()));
    changed.retain(|key| before.get(*key) != after.get(*key));
    changed
}

/// What binds a server's sealed configuration to its row.
pub(crate) fn configuration_purpose(id: ServerId) -> String {
    format!("mcp_servers.configuration:{id}")
}

/// Reads the ids of sources; what is wrong with the list as a whole is noted.
fn parse_source_ids(texts: &[String], errors: &mut FieldErrors) -> Result<Vec<SourceId>, Error> {
    if texts.len() > SOURCES_MAX {
        errors.add("source_ids", too_many_sources());
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let id = parse_source_id(text)?;
        if ids.contains(&id) {
            let reason = format!("Source {id} stands there twice.");
            errors.add("source_ids", FieldError::Refused { reason });
        }
        ids.push(id);
    }
    Ok(ids)
}

fn parse_source_id(text: &str) -> Result<SourceId, Error> {
    text.parse().map_err(|_| Error::InvalidSourceId)
}

fn too_many_sources() -> FieldError {
    FieldError::Refused {
        reason: format!("At most {SOURCES_MAX} sources for an MCP server."),
    }
}

/// Holds the sources that a server is to be made from, in the order in which they were named.
async fn hold_all(tx: &mut Tx, user: UserId, ids: &[SourceId]) -> Result<Vec<HeldSource>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut held = tx.hold_sources(user, ids).await?;
    let place = |id: SourceId| ids.iter().position(|wanted| *wanted == id);
    if let Some(missing) = ids.iter().find(|id| held.iter().all(|source| source.id != **id)) {
        return Err(Error::UnknownSource(*missing));
    }
    held.sort_by_key(|source| place(source.id));
    Ok(held)
}

/// A server that isn't deleted, of this transaction's user.
pub(crate) async fn check_server(tx: &mut Tx, id: ServerId) -> Result<(), Error> {
    if tx.has_mcp_server(id).await? {
        Ok(())
    } else {
        Err(NotFound::Server.into())
    }
}
