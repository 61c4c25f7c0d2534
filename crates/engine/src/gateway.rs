//! What the gateway asks of the engine: what an endpoint serves, what a token opens, what has changed, and where to
//! count calls. None of it runs for a request that the gateway has seen the like of.

use crate::{
    DriftPolicy, Engine, Error,
    changes::Change,
    connectors::{blocked_tools, config_params},
    endpoint::EndpointKey,
    servers::configuration_purpose,
    storage::tools::StoredTool,
    templates::{self, Arguments},
    upstream::Target,
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, ServerTokenId, UserId},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    fmt,
    sync::Arc,
};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use url::Url;

/// How a server is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteKey {
    /// By where a client called.
    Endpoint(EndpointKey),
    /// By itself, for a call that no client makes.
    Server(ServerId),
}

/// What an endpoint serves.
#[derive(Debug, Clone)]
pub struct ServerRoute {
    /// The server.
    pub server: ServerId,
    /// Its owner.
    pub user: UserId,
    /// Its name.
    pub name: String,
    /// What its tools come from, in order; the first one's tools keep their names.
    pub bindings: Vec<Binding>,
}

/// One connector as one server uses it. Holds opened secrets.
#[derive(Clone)]
pub struct Binding {
    /// The connector.
    pub connector: ConnectorId,
    /// Its name, for messages.
    pub connector_name: String,
    /// What it is good for right now. One that is in sync mode is to be followed before its tools are listed.
    pub mode: ConnectorMode,
    /// Its version.
    pub version: String,
    /// Where its calls go; nothing for a connector that was never activated.
    pub upstream: Option<Target>,
    /// What is sent as `_meta["dev.patchbay/source"]`; only to connectors whose manifest has `config.params`.
    pub source_meta: Option<Box<RawValue>>,
    /// Its tools, in the upstream's order, and after them those that the server's owner made from its templates.
    pub tools: Vec<PinnedTool>,
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("connector", &self.connector)
            .field("mode", &self.mode)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// A tool as it is in force.
#[derive(Debug, Clone)]
pub struct PinnedTool {
    /// The name that clients call.
    pub name: String,
    /// The name that the upstream knows: the template's, for a tool that was made from one.
    pub upstream_name: String,
    /// The whole tool object; the upstream's own text, but for a tool that was made from a template.
    pub definition: Box<RawValue>,
    /// Whether it can be called.
    pub state: ToolState,
    /// How it is called, if it was made from a template.
    pub template: Option<TemplateCall>,
}

/// Whether a tool can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolState {
    /// It can.
    Callable,
    /// Its service has changed its schema since it was approved, and nobody has decided about that yet.
    Blocked,
    /// The template that it was made from is gone, or has become something that no tool can be made from. It is not
    /// listed.
    TemplateGone,
}

/// How a tool is called that was made from a template.
#[derive(Debug, Clone)]
pub struct TemplateCall {
    /// What a call's arguments become.
    pub arguments: Arguments,
    /// The template's own tool object, which says which of them travel in headers.
    pub definition: Arc<RawValue>,
}

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenGrant {
    /// The token's row.
    pub token: ServerTokenId,
    /// The one server that it opens.
    pub server: ServerId,
    /// The server's owner.
    pub user: UserId,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
}

/// Finished calls of one tool in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    /// The server.
    pub server: ServerId,
    /// The token, to note when it was last used; none for trials.
    pub token: Option<ServerTokenId>,
    /// The name that clients call.
    pub tool: String,
    /// The minute's beginning.
    pub minute: OffsetDateTime,
    /// Finished calls.
    pub calls: u64,
    /// Failed ones among them.
    pub errors: u64,
    /// Their durations, added up, in microseconds.
    pub total_micros: u64,
    /// Bytes of their results.
    pub bytes: u64,
}

/// A server with its connector, as stored.
#[derive(Debug)]
pub(crate) struct ServerRow {
    pub(crate) id: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) sealed_configuration: Vec<u8>,
    pub(crate) connector: ConnectorId,
    pub(crate) connector_name: String,
    pub(crate) mode: ConnectorMode,
    pub(crate) version: String,
    pub(crate) mcp_url: Option<String>,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    pub(crate) secret_header: Option<String>,
    pub(crate) tools: Box<RawValue>,
    pub(crate) templates: Box<RawValue>,
    /// What the service says by now, where that blocks calls.
    pub(crate) upstream_tools: Option<Box<RawValue>>,
    pub(crate) upstream_templates: Option<Box<RawValue>>,
    pub(crate) dynamic: Vec<StoredTool>,
    pub(crate) config: Option<Box<RawValue>>,
}

/// The value of `_meta["dev.patchbay/source"]`.
#[derive(Serialize)]
struct SourceMeta<'a> {
    id: ServerId,
    #[serde(rename = "type")]
    kind: &'a str,
    metadata: &'a RawValue,
}

impl Engine {
    /// What is served there; nothing where no server is, or a deleted one.
    ///
    /// # Errors
    /// When the database fails, or something sealed can't be opened.
    pub async fn load_route(&self, key: &RouteKey) -> Result<Option<ServerRoute>, Error> {
        let blocks = self.config().drift == DriftPolicy::Block;
        let row = self.db().worker().await?.server_row(key, blocks).await?;
        row.map(|row| self.route(row)).transpose()
    }

    /// What the token with this SHA-256 opens; nothing for an unknown or revoked one. Whether it has ended by itself
    /// is for the caller to compare, so that it can be kept in memory.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_token(&self, sha256: &[u8; 32]) -> Result<Option<TokenGrant>, Error> {
        self.db().worker().await?.token_grant(sha256).await
    }

    /// The endpoints of servers that are whole URLs, which the public host's paths don't tell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pool_endpoints(&self) -> Result<Vec<EndpointKey>, Error> {
        let stored = self.db().worker().await?.pool_endpoints().await?;
        Ok(stored.iter().map(|endpoint| EndpointKey::of_stored(endpoint)).collect())
    }

    /// What changes from now on, here and in other processes.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Adds finished calls to what is counted, all of them or none.
    ///
    /// # Errors
    /// When the database fails; the caller keeps the records and tries again.
    pub async fn record_usage(&self, records: &[UsageRecord]) -> Result<(), Error> {
        let mut worker = self.db().worker().await?;
        worker.add_usage(records).await?;
        worker.commit().await
    }

    fn route(&self, row: ServerRow) -> Result<ServerRoute, Error> {
        let source_meta = match config_params(row.config.as_deref())? {
            Some(_) => Some(self.source_meta(&row)?),
            None => None,
        };
        let upstream = match &row.mcp_url {
            Some(url) => Some(Target {
                url: Url::parse(url).map_err(Error::internal)?,
                authorization: self.authorization(
                    row.connector,
                    row.sealed_secret.as_deref(),
                    row.secret_header.as_deref(),
                )?,
            }),
            None => None,
        };
        let mut tools = pinned_tools(&row.tools, row.upstream_tools.as_deref())?;
        tools.extend(dynamic_tools(&row)?);
        let binding = Binding {
            connector: row.connector,
            connector_name: row.connector_name,
            mode: row.mode,
            version: row.version,
            upstream,
            source_meta,
            tools,
        };
        Ok(ServerRoute {
            server: row.id,
            user: row.user,
            name: row.name,
            bindings: vec![binding],
        })
    }

    fn source_meta(&self, row: &ServerRow) -> Result<Box<RawValue>, Error> {
        let opened = self
            .vault()
            .open(&configuration_purpose(row.id), &row.sealed_configuration)
            .map_err(Error::internal)?;
        let metadata: &RawValue = serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)?;
        let meta = SourceMeta {
            id: row.id,
            kind: &row.connector_name,
            metadata,
        };
        serde_json::value::to_raw_value(&meta).map_err(Error::internal)
    }
}

fn pinned_tools(tools: &RawValue, upstream: Option<&RawValue>) -> Result<Vec<PinnedTool>, Error> {
    #[derive(Deserialize)]
    struct Name {
        name: String,
    }
    let blocked = blocked(tools, upstream);
    let tools: Vec<Box<RawValue>> = serde_json::from_str(tools.get()).map_err(Error::internal)?;
    tools
        .into_iter()
        .map(|definition| {
            let Name { name } = serde_json::from_str(definition.get()).map_err(Error::internal)?;
            Ok(PinnedTool {
                state: state(&blocked, &name),
                upstream_name: name.clone(),
                name,
                definition,
                template: None,
            })
        })
        .collect()
}

/// The tools that the server's owner made. One that has the name of a tool of the connector's is there, too: whoever
/// makes a table of them takes the first of each name.
fn dynamic_tools(row: &ServerRow) -> Result<Vec<PinnedTool>, Error> {
    // Most servers have none, and templates can be large.
    if row.dynamic.is_empty() {
        return Ok(Vec::new());
    }
    let templates = templates::read(&row.templates)?;
    let blocked = blocked(&row.templates, row.upstream_templates.as_deref());
    // One text for all tools that are made from it.
    let mut definitions = HashMap::new();
    row.dynamic
        .iter()
        .map(|stored| {
            let (definition, state, template) = match stored.make(&templates)? {
                Some(made) => {
                    let definition = match definitions.entry(stored.template.as_str()) {
                        Entry::Occupied(known) => Arc::clone(known.get()),
                        Entry::Vacant(new) => Arc::clone(new.insert(made.template.definition()?.into())),
                    };
                    let call = TemplateCall {
                        arguments: made.arguments,
                        definition,
                    };
                    (made.definition, state(&blocked, &stored.template), Some(call))
                }
                None => (RawValue::NULL.to_owned(), ToolState::TemplateGone, None),
            };
            Ok(PinnedTool {
                name: stored.name.clone(),
                upstream_name: stored.template.clone(),
                definition,
                state,
                template,
            })
        })
        .collect()
}

/// What must not be called.
fn blocked(pinned: &RawValue, upstream: Option<&RawValue>) -> HashSet<String> {
    upstream.map_or_else(HashSet::new, |upstream| blocked_tools(pinned, upstream))
}

fn state(blocked: &HashSet<String>, name: &str) -> ToolState {
    if blocked.contains(name) {
        ToolState::Blocked
    } else {
        ToolState::Callable
    }
}
