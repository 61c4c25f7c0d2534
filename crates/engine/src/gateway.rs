//! What the gateway asks of the engine: what an endpoint serves, what a token opens, what has changed, and where to
//! count calls. None of it runs for a request that the gateway has seen the like of.

use crate::{
    Engine, Error,
    changes::Change,
    connectors::config_params,
    endpoint::EndpointKey,
    servers::{SOURCES_MAX, configuration_purpose},
    sources::metadata_purpose,
    storage::tools::{StoredBinding, StoredOffer},
    templates::Arguments,
    tools::assembly::{Fate, Tool},
    upstream::{Target, discover::TOOLS_MAX},
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, ServerTokenId, SourceId, UserId},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::value::RawValue;
use std::{fmt, sync::Arc};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use url::Url;
use uuid::Uuid;

pub use crate::{configuration::BYTES_MAX as CONFIGURATION_MAX_BYTES, tools::DESCRIPTIONS_MAX_BYTES};

/// The most that one server's tools come from: its own connector, and sources.
pub const BINDINGS_MAX: usize = 1 + SOURCES_MAX;

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
    /// What its tools come from, in order.
    pub bindings: Vec<Binding>,
    /// Its tools, in the order of its list. Each has a name that no other has, and those that its owner switched off
    /// aren't among them.
    pub tools: Vec<PinnedTool>,
}

/// One connector as one server, or one source of it, uses it. Holds opened secrets.
#[derive(Clone)]
pub struct Binding {
    /// The source; nothing for the server's own connector.
    pub source: Option<SourceId>,
    /// The connector; nothing for a source whose type is nobody's name (yet).
    pub connector: Option<ConnectorId>,
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
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("source", &self.source)
            .field("connector", &self.connector)
            .field("mode", &self.mode)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// A tool as it is in force.
#[derive(Debug, Clone)]
pub struct PinnedTool {
    /// Which of the server's bindings it comes from.
    pub binding: usize,
    /// The name that clients call.
    pub name: String,
    /// The name that the upstream knows: the template's, for a tool that was made from one.
    pub upstream_name: String,
    /// The whole tool object; the upstream's own text, but for a tool that was made from a template. `null` for one that
    /// isn't listed.
    pub definition: Box<RawValue>,
    /// What the server's owner wants clients to read of it, instead of its own words.
    pub description: Option<String>,
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
    /// Its configuration, or its connector's secret, can't be opened.
    Sealed,
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

/// The value of `_meta["dev.patchbay/source"]`.
#[derive(Serialize)]
struct SourceMeta<'a> {
    /// The source's, or the server's for its own connector.
    id: Uuid,
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
        let mut worker = self.db().worker().await?;
        let Some(row) = worker.server_row(key).await? else {
            return Ok(None);
        };
        let mut bindings = Vec::new();
        let mut show = |binding: &StoredBinding, offer: Option<&StoredOffer>| {
            bindings.push(self.binding(row.id, binding, offer));
        };
        let tools = self.assemble_for_clients(worker.tx(), row.id, &mut show).await?;
        let sealed: Vec<bool> = bindings.iter().map(|(_, sealed)| *sealed).collect();
        let tools = within_room(tools).filter_map(|tool| pinned(tool, &sealed));
        Ok(Some(ServerRoute {
            server: row.id,
            user: row.user,
            name: row.name,
            tools: tools.collect(),
            bindings: bindings.into_iter().map(|(binding, _)| binding).collect(),
        }))
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

    /// A binding, and whether something of it can't be opened: then it isn't called, and the server's others are served.
    fn binding(&self, server: ServerId, stored: &StoredBinding, offer: Option<&StoredOffer>) -> (Binding, bool) {
        let Some(offer) = offer else {
            let nobody = Binding {
                source: stored.source,
                connector: None,
                connector_name: stored.kind.clone(),
                mode: ConnectorMode::Deactive,
                version: String::new(),
                upstream: None,
                source_meta: None,
            };
            return (nobody, false);
        };
        let opened = self.opened(server, stored, offer);
        if let Err(error) = &opened {
            tracing::error!(
                %server,
                connector = %offer.connector,
                error = error as &dyn std::error::Error,
                "a configuration or a secret can't be opened"
            );
        }
        let sealed = opened.is_err();
        let (source_meta, upstream) = opened.unwrap_or_default();
        let binding = Binding {
            source: stored.source,
            connector: Some(offer.connector),
            connector_name: offer.name.clone(),
            mode: offer.mode,
            version: offer.version.clone(),
            upstream,
            source_meta,
        };
        (binding, sealed)
    }

    /// What is sent along with a binding's calls, and where they go.
    fn opened(
        &self,
        server: ServerId,
        stored: &StoredBinding,
        offer: &StoredOffer,
    ) -> Result<(Option<Box<RawValue>>, Option<Target>), Error> {
        let meta = match config_params(offer.config.as_deref())? {
            Some(_) => Some(self.source_meta(server, stored)?),
            None => None,
        };
        let authorization = self.authorization(
            offer.connector,
            offer.sealed_secret.as_deref(),
            offer.secret_header.as_deref(),
        )?;
        let upstream = match &offer.mcp_url {
            Some(url) => Some(Target {
                url: Url::parse(url).map_err(Error::internal)?,
                authorization,
            }),
            None => None,
        };
        Ok((meta, upstream))
    }

    fn source_meta(&self, server: ServerId, stored: &StoredBinding) -> Result<Box<RawValue>, Error> {
        let (id, purpose) = match stored.source {
            Some(source) => (source.0, metadata_purpose(source)),
            None => (server.0, configuration_purpose(server)),
        };
        let opened = self
            .vault()
            .open(&purpose, &stored.sealed_configuration)
            .map_err(Error::internal)?;
        let metadata: &RawValue = serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)?;
        let meta = SourceMeta {
            id,
            kind: &stored.kind,
            metadata,
        };
        serde_json::value::to_raw_value(&meta).map_err(Error::internal)
    }
}

/// Without what is too much to keep. The tools of connectors that are switched off are only known by name, so that calls
/// can say why; they take the room that listed ones leave.
fn within_room(tools: Vec<Tool>) -> impl Iterator<Item = Tool> {
    let listed = tools.iter().filter(|tool| tool.made.is_none() && tool.is_listed());
    let mut spare = TOOLS_MAX.saturating_sub(listed.count());
    tools.into_iter().filter(move |tool| {
        let is_off = tool.made.is_none() && matches!(tool.fate, Fate::SwitchedOff(_));
        let fits = !is_off || spare > 0;
        spare = spare.saturating_sub(usize::from(is_off));
        fits
    })
}

/// A tool for the gateway; nothing for one that clients mustn't know of.
fn pinned(tool: Tool, sealed: &[bool]) -> Option<PinnedTool> {
    let binding = tool.binding?;
    let state = match tool.fate {
        Fate::TemplateGone => ToolState::TemplateGone,
        Fate::Offered | Fate::Blocked | Fate::SwitchedOff(_) if sealed[binding] => ToolState::Sealed,
        Fate::Offered | Fate::SwitchedOff(_) => ToolState::Callable,
        Fate::Blocked => ToolState::Blocked,
        Fate::Disabled | Fate::NameTaken | Fate::NameReserved(_) | Fate::SourceGone | Fate::NoRoom => return None,
    };
    Some(PinnedTool {
        binding,
        name: tool.name,
        upstream_name: tool.upstream_name,
        definition: tool.definition.unwrap_or_else(|| RawValue::NULL.to_owned()),
        description: tool.description,
        state,
        template: tool.template,
    })
}
