//! What the catalogue's pages ask the engine for.

use super::query::{Ask, ConnectorsQuery};
use crate::{context, ui::if_there};
use leptos::prelude::*;
use patchbay_domain::{
    changes::{ChangeKind, ChangedPart, ChangesView, DefinitionChange, Impact, VersionDetail, VersionView},
    connector::{ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary, ConnectorView},
    ids::ConnectorRef,
    page::{MAX_LIMIT, Page, PageRequest},
};
use patchbay_engine::{Actor, Engine, Error, connectors::ConnectorFilter, error::NotFound, sources::SourceFilter};

/// How many connectors a page shows: rows of two and of three come out even.
const CONNECTORS: u32 = 24;
/// How many versions a page shows.
const VERSIONS: u32 = 25;

/// What the list's page shows.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// The connectors; nothing when the address names a page that the list doesn't have.
    pub(super) page: Option<Page<ConnectorSummary>>,
    /// The one that was just registered and waits for activation.
    pub(super) registered: Option<ConnectorSummary>,
    /// The one to activate, and whom that affects.
    pub(super) activating: Option<(ConnectorSummary, Impact)>,
}

/// A page of the catalogue.
pub(super) async fn catalogue(query: &ConnectorsQuery) -> Result<Catalogue, Error> {
    let (engine, actor) = context::signed_in()?;
    let request = page_request(CONNECTORS, &query.cursor);
    let page = engine.connectors(&actor, &query.filter(), &request).await;
    let activating = match to_activate(&engine, &actor, &query.activate).await? {
        Some(connector) => {
            let impact = impact_of(Some(Ask::Activate), &connector).await?;
            Some((connector, impact))
        }
        None => None,
    };
    Ok(Catalogue {
        page: if_there(page, &request)?,
        registered: to_activate(&engine, &actor, &query.registered).await?,
        activating,
    })
}

fn page_request(limit: u32, cursor: &str) -> PageRequest {
    PageRequest {
        limit: Some(limit),
        cursor: Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty()),
    }
}

/// The connector that an address names, for a superuser to activate; nothing if there is none.
async fn to_activate(engine: &Engine, actor: &Actor, id: &str) -> Result<Option<ConnectorSummary>, Error> {
    let Some(connector) = id.parse().ok().filter(|_| actor.is_superuser()) else {
        return Ok(None);
    };
    match engine.connector_definitions(actor, connector).await {
        Ok(found) => Ok(Some(found.summary)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The connector that the page's path names.
pub(super) async fn connector(id: &str) -> Result<ConnectorView, Error> {
    let (engine, actor) = context::signed_in()?;
    engine.connector(&actor, connector_ref(id)?).await
}

/// How many sources of the connector of this name whoever looks has.
pub(super) async fn sources_of(name: &str) -> Result<u64, Error> {
    let (engine, actor) = context::signed_in()?;
    let filter = SourceFilter {
        kind: Some(name.to_owned()),
        ..SourceFilter::default()
    };
    Ok(engine.sources(&actor, &filter, &page_request(1, "")).await?.total)
}

/// Whom it affects, where the address asks something that could affect somebody.
pub(super) async fn impact_of(ask: Option<Ask>, connector: &ConnectorSummary) -> Result<Impact, Error> {
    let affects = match ask {
        Some(Ask::Become(_) | Ask::Delete) => true,
        Some(Ask::Activate) => decides_unseen(connector),
        Some(Ask::Edit) | None => false,
    };
    if !affects {
        return Ok(Impact::default());
    }
    let (engine, actor) = context::signed_in()?;
    let connector = ConnectorRef::Number(connector.connector_id);
    engine.connector_impact(&actor, connector).await
}

/// Whether activating it puts something else into force than what was looked at last. One that is off serves nobody, but
/// may have been switched off with changes that waited.
pub(super) fn decides_unseen(connector: &ConnectorSummary) -> bool {
    connector.mode != ConnectorMode::Deactive || connector.changes.is_some()
}

/// What is held back of a connector.
#[derive(Debug)]
pub(super) struct Held {
    /// The connector.
    pub(super) connector: ConnectorSummary,
    /// What its service says now.
    pub(super) changes: ChangesView,
    /// Whom it affects, if something goes away.
    pub(super) impact: Option<Impact>,
}

/// What is held back of the connector that the page's path names.
pub(super) async fn held(id: &str) -> Result<Held, Error> {
    let (engine, actor) = context::signed_in()?;
    let reference = connector_ref(id)?;
    let changes = engine.connector_changes(&actor, reference).await?;
    let impact = match takes_away(&changes.changes) {
        true => Some(engine.connector_impact(&actor, reference).await?),
        false => None,
    };
    Ok(Held {
        connector: engine.connector_definitions(&actor, reference).await?.summary,
        changes,
        impact,
    })
}

/// Whether somebody may miss something that there was: a tool, or what it took.
fn takes_away(changes: &[DefinitionChange]) -> bool {
    changes.iter().any(|change| {
        change.blocked
            || (change.kind == ChangeKind::Removed && matches!(change.part, ChangedPart::Tool | ChangedPart::Template))
    })
}

/// A connector's past.
#[derive(Debug)]
pub(super) struct History {
    /// The connector.
    pub(super) connector: ConnectorSummary,
    /// Its versions, the newest first; nothing when the address names a page that there isn't.
    pub(super) versions: Option<Page<VersionView>>,
}

/// The past of the connector that the page's path names.
pub(super) async fn history(id: &str, cursor: &str) -> Result<History, Error> {
    let (engine, actor) = context::signed_in()?;
    let reference = connector_ref(id)?;
    let request = page_request(VERSIONS, cursor);
    let versions = engine.connector_versions(&actor, reference, &request).await;
    Ok(History {
        versions: if_there(versions, &request)?,
        connector: engine.connector_definitions(&actor, reference).await?.summary,
    })
}

/// A version of a connector's definitions.
#[derive(Debug)]
pub(super) struct Past {
    /// The connector.
    pub(super) connector: ConnectorSummary,
    /// The version.
    pub(super) version: VersionDetail,
    /// Whom going back to it affects, if something goes away.
    pub(super) impact: Option<Impact>,
}

/// The version that the page's path names.
pub(super) async fn past(id: &str, number: &str) -> Result<Past, Error> {
    let (engine, actor) = context::signed_in()?;
    let reference = connector_ref(id)?;
    let number = number.parse().map_err(|_| NotFound::Version)?;
    let version = engine.connector_version(&actor, reference, number).await?;
    let impact = match takes_away(&version.changes) {
        true => Some(engine.connector_impact(&actor, reference).await?),
        false => None,
    };
    Ok(Past {
        connector: engine.connector_definitions(&actor, reference).await?.summary,
        version,
        impact,
    })
}

/// The connector of exactly this name, if there is one.
pub(crate) async fn connector_named(
    engine: &Engine,
    actor: &Actor,
    name: &str,
) -> Result<Option<ConnectorView>, Error> {
    let filter = ConnectorFilter {
        q: Some(name.to_owned()),
        kind: Some(ConnectorKind::Catalog),
        sort: ConnectorSort::Name,
        ..ConnectorFilter::default()
    };
    let mut request = page_request(MAX_LIMIT, "");
    loop {
        let page = engine.connectors(actor, &filter, &request).await?;
        if let Some(found) = page.items.iter().find(|connector| connector.name == name) {
            return engine.connector(actor, ConnectorRef::Id(found.id)).await.map(Some);
        }
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            return Ok(None);
        }
    }
}

/// What is no number and no UUID names no connector.
pub(crate) fn connector_ref(id: &str) -> Result<ConnectorRef, Error> {
    id.parse()
        .map_err(|_| NotFound::Connector(ConnectorRef::Number(0)).into())
}

/// The part of the page's path that names its connector.
pub(super) fn id_in_path() -> String {
    in_path("id")
}

/// A part of the page's path.
pub(super) fn in_path(part: &str) -> String {
    let params = leptos_router::hooks::use_params_map();
    params.with_untracked(|params| params.get(part)).unwrap_or_default()
}
