//! Sources as their owner sees them.

use super::{METADATA, SourceBrief, SourceFilter, metadata_purpose};
use crate::{
    Actor, Engine, Error,
    aside::apart,
    error::NotFound,
    paging::{check_search, cut, moment, time_cursor},
    servers::places_of,
    storage::{Tx, sources::StoredSource},
    uses::{self, Uses},
};
use patchbay_domain::{
    ids::SourceId,
    page::{Page, PageRequest},
    source::{ServerBrief, SourceView},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Sources as they are stored, with what views of them are made from: opened and checked once no transaction waits for
/// that.
pub(super) struct ReadSources {
    stored: Vec<StoredSource>,
    servers: HashMap<Uuid, Vec<ServerBrief>>,
    uses: Uses,
}

async fn read_sources(tx: &mut Tx, stored: Vec<StoredSource>) -> Result<ReadSources, Error> {
    let ids: Vec<Uuid> = stored.iter().map(|source| source.id).collect();
    let mut servers: HashMap<Uuid, Vec<ServerBrief>> = HashMap::new();
    if !ids.is_empty() {
        for (source, server) in tx.servers_using(&ids).await? {
            servers.entry(source).or_default().push(server);
        }
    }
    let kinds: BTreeSet<String> = stored.iter().map(|source| source.kind.clone()).collect();
    let uses = Uses::load(tx, &[], &kinds.into_iter().collect::<Vec<_>>()).await?;
    Ok(ReadSources { stored, servers, uses })
}

impl Engine {
    /// The actor's sources, newest first.
    ///
    /// # Errors
    /// A cursor that isn't one, a search for what no text holds, or a failing database.
    pub async fn sources(
        &self,
        actor: &Actor,
        filter: &SourceFilter,
        page: &PageRequest,
    ) -> Result<Page<SourceView>, Error> {
        check_search("q", filter.q.as_deref())?;
        check_search("type", filter.kind.as_deref())?;
        let before = moment(page)?;
        let limit = page.limit();
        let mut tx = self.db().begin_as(actor.user).await?;
        let mut stored = tx.get_user_sources(filter, before, limit + 1).await?;
        let next_cursor = cut(&mut stored, limit, |last| time_cursor(last.created_at, last.id));
        let total = tx.count_user_sources(filter).await?;
        let read = read_sources(&mut tx, stored).await?;
        drop(tx);
        Ok(Page {
            items: self.source_views(read).await?,
            total,
            next_cursor,
        })
    }

    /// All of the actor's sources, newest first, as names to choose from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn source_names(&self, actor: &Actor) -> Result<Vec<SourceBrief>, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.source_briefs().await
    }

    /// One of the actor's sources.
    ///
    /// # Errors
    /// [`NotFound::Source`], or a failing database.
    pub async fn source(&self, actor: &Actor, id: SourceId) -> Result<SourceView, Error> {
        let tx = self.db().begin_as(actor.user).await?;
        self.show_source(tx, id).await
    }

    /// A source of this transaction's user, as which the transaction ends.
    pub(super) async fn show_source(&self, mut tx: Tx, id: SourceId) -> Result<SourceView, Error> {
        let read = self.read_source(&mut tx, id).await?;
        drop(tx);
        self.source_view(read).await
    }

    /// All that a view of a source of this transaction's user is made from.
    pub(super) async fn read_source(&self, tx: &mut Tx, id: SourceId) -> Result<ReadSources, Error> {
        let stored = tx.get_source_by_id(id).await?.ok_or(NotFound::Source)?;
        read_sources(tx, vec![stored]).await
    }

    /// The one source that was read.
    pub(super) async fn source_view(&self, read: ReadSources) -> Result<SourceView, Error> {
        let views = self.source_views(read).await?;
        views.into_iter().next().ok_or_else(|| NotFound::Source.into())
    }

    async fn source_views(&self, read: ReadSources) -> Result<Vec<SourceView>, Error> {
        let engine = self.clone();
        let ReadSources {
            stored,
            mut servers,
            uses,
        } = read;
        apart(move || {
            let views = stored.into_iter().map(|source| {
                let servers = servers.remove(&source.id).unwrap_or_default();
                engine.view_of(source, &uses, servers)
            });
            views.collect()
        })
        .await
    }

    fn view_of(&self, stored: StoredSource, uses: &Uses, servers: Vec<ServerBrief>) -> Result<SourceView, Error> {
        let used = uses.by_name(&stored.kind);
        let metadata = self.readable_metadata(&stored);
        let (state, notice) = uses::state(&stored.kind, used, METADATA, metadata.as_ref());
        let places = places_of(Some(&stored.secret_places))?;
        Ok(SourceView {
            id: stored.id.into(),
            kind: stored.kind,
            name: stored.name,
            source_metadata: metadata.map_or(Value::Null, |metadata| uses::shown(used, &places, metadata)),
            state,
            notice,
            connector: used.map(|used| used.connector.clone()),
            mcp_servers: servers,
            created_at: stored.created_at.into(),
            updated_at: stored.updated_at.into(),
        })
    }

    /// A source's configuration with its secrets.
    pub(crate) fn open_metadata(&self, stored: &StoredSource) -> Result<Value, Error> {
        let opened = self
            .vault()
            .open(&metadata_purpose(stored.id.into()), &stored.sealed_metadata)
            .map_err(Error::internal)?;
        serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)
    }

    /// The same for a page on which its owner would put things right: a lost key must not take the page along.
    pub(crate) fn readable_metadata(&self, stored: &StoredSource) -> Option<Value> {
        let opened = self.open_metadata(stored);
        opened
            .inspect_err(|error| {
                let source = std::error::Error::source(error);
                tracing::error!(source_id = %stored.id, %error, ?source, "a source's configuration can't be opened");
            })
            .ok()
    }
}
