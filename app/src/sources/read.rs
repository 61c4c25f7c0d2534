//! What the sources' pages ask the engine for.

use super::query::SourcesQuery;
use crate::{context, ui::if_there};
use patchbay_domain::{
    connector::ConnectorView,
    ids::{ConnectorRef, SourceId},
    page::{Page, PageRequest},
    source::SourceView,
};
use patchbay_engine::{Actor, Engine, Error};

/// How many sources a page shows.
const SOURCES: u32 = 25;

/// What the list's page shows.
#[derive(Debug)]
pub(super) struct Found {
    /// The sources; nothing when the address names a page that the list doesn't have.
    pub(super) page: Option<Page<SourceView>>,
    /// The types to choose from.
    pub(super) types: Vec<String>,
}

/// A page of the list.
pub(super) async fn found(query: &SourcesQuery) -> Result<Found, Error> {
    let (engine, actor) = context::signed_in()?;
    let request = PageRequest {
        limit: Some(SOURCES),
        cursor: Some(query.cursor.clone()).filter(|cursor| !cursor.is_empty()),
    };
    let page = engine.sources(&actor, &query.filter(), &request).await;
    let mut types: Vec<_> = engine
        .source_names(&actor)
        .await?
        .into_iter()
        .map(|source| source.kind)
        .collect();
    if !query.kind.is_empty() {
        types.push(query.kind.clone());
    }
    types.sort_by_cached_key(|kind| kind.to_lowercase());
    types.dedup();
    Ok(Found {
        page: if_there(page, &request)?,
        types,
    })
}

/// A source, and the connector of its type if there is one.
pub(super) async fn source(
    engine: &Engine,
    actor: &Actor,
    id: SourceId,
) -> Result<(SourceView, Option<ConnectorView>), Error> {
    let source = engine.source(actor, id).await?;
    let connector = match &source.connector {
        Some(connector) => Some(engine.connector(actor, ConnectorRef::Id(connector.id)).await?),
        None => None,
    };
    Ok((source, connector))
}
