//! Servers as their owner sees them, and as an admin sees everybody's.

use super::{CONFIGURATION, ServerFilter, places_of};
use crate::{
    Actor, Engine, Error,
    aside::apart,
    configuration,
    error::NotFound,
    paging::{check_search, cut, moment, time_cursor},
    sources::METADATA,
    storage::{Tx, bindings::StoredPrefix, servers::StoredServer, sources::StoredSource},
    uses::{self, Uses},
};
use patchbay_domain::{
    ids::{ServerId, SourceId},
    page::{Page, PageRequest},
    server::{BindingView, ServerOfUser, ServerView},
};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Servers as they are stored, with what views of them are made from: opened and checked once no transaction waits for
/// that.
pub(super) struct ReadServers {
    stored: Vec<StoredServer>,
    /// Those of all the servers, each once.
    sources: Vec<StoredSource>,
    parts: Parts,
}

/// What servers on one page are made from, read once for all of them.
struct Parts {
    uses: Uses,
    prefixes: HashMap<(Uuid, Uuid), String>,
}

async fn read_servers(tx: &mut Tx, stored: Vec<StoredServer>) -> Result<ReadServers, Error> {
    let source_ids: BTreeSet<Uuid> = stored.iter().flat_map(|server| &server.source_ids).copied().collect();
    let (sources, prefixes) = if source_ids.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let server_ids: Vec<Uuid> = stored.iter().map(|server| server.id).collect();
        let source_ids: Vec<Uuid> = source_ids.into_iter().collect();
        (tx.sources_by_id(&source_ids).await?, tx.prefixes(&server_ids).await?)
    };
    let connector_ids: BTreeSet<Uuid> = stored.iter().filter_map(|server| server.connector_id).collect();
    let kinds: BTreeSet<String> = sources.iter().map(|source| source.kind.clone()).collect();
    let uses = Uses::load(
        tx,
        &connector_ids.into_iter().collect::<Vec<_>>(),
        &kinds.into_iter().collect::<Vec<_>>(),
    )
    .await?;
    let by_both = |stored: StoredPrefix| ((stored.server, stored.source), stored.prefix);
    Ok(ReadServers {
        stored,
        sources,
        parts: Parts {
            uses,
            prefixes: prefixes.into_iter().map(by_both).collect(),
        },
    })
}

impl Engine {
    /// The actor's servers, newest first.
    ///
    /// # Errors
    /// A cursor that isn't one, a search for what no text holds, or a failing database.
    pub async fn servers(
        &self,
        actor: &Actor,
        filter: &ServerFilter,
        page: &PageRequest,
    ) -> Result<Page<ServerView>, Error> {
        let filter = self.stored_filter(filter)?;
        let before = moment(page)?;
        let limit = page.limit();
        let mut tx = self.db().begin_as(actor.user).await?;
        let mut stored = tx
            .get_user_mcp_servers(&filter, before, limit + 1, self.usage_since())
            .await?;
        let next_cursor = cut(&mut stored, limit, |last| time_cursor(last.created_at, last.id));
        let total = tx.count_user_mcp_servers(&filter).await?;
        let read = read_servers(&mut tx, stored).await?;
        drop(tx);
        Ok(Page {
            items: self.server_views(read).await?,
            total,
            next_cursor,
        })
    }

    /// One of the actor's servers, unless it is deleted.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server(&self, actor: &Actor, id: ServerId) -> Result<ServerView, Error> {
        let tx = self.db().begin_as(actor.user).await?;
        self.show_server(tx, id).await
    }

    /// Everybody's servers, newest first, without what their owners configured. For admins.
    ///
    /// # Errors
    /// [`crate::error::Denied::Admin`], a cursor that isn't one, a search for what no text holds, or a failing database.
    pub async fn servers_of_all(
        &self,
        actor: &Actor,
        filter: &ServerFilter,
        page: &PageRequest,
    ) -> Result<Page<ServerOfUser>, Error> {
        actor.require_admin()?;
        let filter = self.stored_filter(filter)?;
        let before = moment(page)?;
        let limit = page.limit();
        let mut worker = self.db().worker().await?;
        let mut items = worker
            .servers_of_all(&filter, before, limit + 1, self.usage_since(), &self.endpoints())
            .await?;
        let next_cursor = cut(&mut items, limit, |last| time_cursor(last.created_at.0, last.id.0));
        Ok(Page {
            items,
            total: worker.count_servers_of_all(&filter).await?,
            next_cursor,
        })
    }

    /// The same filter for what is stored: an endpoint below the public URL is stored as its path.
    fn stored_filter(&self, filter: &ServerFilter) -> Result<ServerFilter, Error> {
        check_search("q", filter.q.as_deref())?;
        let q = filter
            .needle()
            .map(|needle| self.endpoints().stored_part(needle).to_owned());
        Ok(ServerFilter { q, ..filter.clone() })
    }

    /// A server of this transaction's user, as which the transaction ends.
    pub(super) async fn show_server(&self, mut tx: Tx, id: ServerId) -> Result<ServerView, Error> {
        let read = self.read_server(&mut tx, id).await?;
        drop(tx);
        self.server_view(read).await
    }

    /// All that a view of a server of this transaction's user is made from.
    pub(super) async fn read_server(&self, tx: &mut Tx, id: ServerId) -> Result<ReadServers, Error> {
        let stored = tx.get_mcp_server_by_id(id, self.usage_since()).await?;
        let stored = stored.ok_or(NotFound::Server)?;
        read_servers(tx, vec![stored]).await
    }

    /// The one server that was read.
    pub(super) async fn server_view(&self, read: ReadServers) -> Result<ServerView, Error> {
        let views = self.server_views(read).await?;
        views.into_iter().next().ok_or_else(|| NotFound::Server.into())
    }

    async fn server_views(&self, read: ReadServers) -> Result<Vec<ServerView>, Error> {
        let engine = self.clone();
        apart(move || {
            let ReadServers { stored, sources, parts } = read;
            let bindings = sources
                .into_iter()
                .map(|source| engine.source_binding(source, &parts.uses));
            let bindings = bindings.collect();
            let views = stored.into_iter();
            views
                .map(|server| engine.view_of_server(server, &bindings, &parts))
                .collect()
        })
        .await
    }

    fn source_binding(&self, source: StoredSource, uses: &Uses) -> (Uuid, BindingView) {
        let used = uses.by_name(&source.kind);
        let metadata = self.readable_metadata(&source);
        let (state, notice) = uses::state(&source.kind, used, METADATA, metadata.as_ref());
        let view = BindingView {
            source_id: Some(SourceId(source.id)),
            kind: source.kind,
            name: source.name,
            prefix: String::new(),
            state,
            notice,
            connector: used.map(|used| used.connector.clone()),
        };
        (source.id, view)
    }

    fn view_of_server(
        &self,
        stored: StoredServer,
        sources: &HashMap<Uuid, BindingView>,
        parts: &Parts,
    ) -> Result<ServerView, Error> {
        let mut bindings = Vec::with_capacity(stored.source_ids.len() + 1);
        let mut configuration = Value::Object(Map::new());
        let mut connector = None;
        if let (Some(id), Some(sealed)) = (stored.connector_id, &stored.sealed_configuration) {
            let used = parts.uses.by_id(id);
            let opened = self.readable_configuration(stored.id.into(), sealed);
            let kind = used.map_or("", |used| &used.connector.name);
            let (state, notice) = uses::state(kind, used, CONFIGURATION, opened.as_ref());
            let places = places_of(stored.secret_places.as_deref())?;
            let schema = used.and_then(|used| used.schema.as_ref());
            configuration = opened.map_or(Value::Null, |opened| configuration::masked(schema, &places, opened));
            connector = used.map(|used| used.connector.clone());
            bindings.push(BindingView {
                source_id: None,
                kind: kind.to_owned(),
                name: None,
                prefix: String::new(),
                state,
                notice,
                connector: connector.clone(),
            });
        }
        let of_sources = stored.source_ids.iter().filter_map(|id| {
            let mut binding = sources.get(id)?.clone();
            if let Some(prefix) = parts.prefixes.get(&(stored.id, *id)) {
                binding.prefix.clone_from(prefix);
            }
            Some(binding)
        });
        bindings.extend(of_sources);
        let usage = stored.usage();
        Ok(ServerView {
            id: stored.id.into(),
            name: stored.name,
            endpoint: self.endpoints().url(&stored.endpoint),
            connector,
            configuration,
            source_ids: stored.source_ids.into_iter().map(SourceId).collect(),
            bindings,
            usage,
            created_at: stored.created_at.into(),
            updated_at: stored.updated_at.into(),
            deleted_at: stored.deleted_at.map(Into::into),
        })
    }
}
