//! What the catalogue's pages ask the engine for.

use crate::context;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorSummary, ConnectorView},
    ids::ConnectorRef,
    page::{Page, PageRequest},
};
use patchbay_engine::{Actor, Engine, Error, connectors::ConnectorFilter, error::NotFound};

/// How many connectors a page shows: rows of two and of three come out even.
const PAGE: u32 = 24;

/// What the address of the list asks for. Empty means not given.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectorsQuery {
    /// What is searched for.
    pub(super) q: String,
    /// Only connectors of this mode.
    pub(super) mode: String,
    /// Where the page begins.
    pub(super) cursor: String,
    /// The connector that was just registered.
    pub(super) registered: String,
    /// The connector to activate.
    pub(super) activate: String,
}

impl From<&ParamsMap> for ConnectorsQuery {
    fn from(query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default();
        Self {
            q: get("q"),
            mode: get("mode"),
            cursor: get("cursor"),
            registered: get("registered"),
            activate: get("activate"),
        }
    }
}

/// What the list's page shows.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// The connectors.
    pub(super) page: Page<ConnectorSummary>,
    /// The one that was just registered and waits for activation.
    pub(super) registered: Option<ConnectorSummary>,
    /// The one to activate.
    pub(super) activating: Option<ConnectorSummary>,
}

/// A page of the catalogue.
pub(super) async fn catalogue(query: &ConnectorsQuery) -> Result<Catalogue, Error> {
    let (engine, actor) = context::signed_in()?;
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = ConnectorFilter {
        q: some(&query.q),
        mode: ConnectorMode::parse(&query.mode),
        ..ConnectorFilter::default()
    };
    let request = PageRequest {
        limit: Some(PAGE),
        cursor: some(&query.cursor),
    };
    Ok(Catalogue {
        page: engine.connectors(&actor, &filter, &request).await?,
        registered: to_activate(&engine, &actor, &query.registered).await?,
        activating: to_activate(&engine, &actor, &query.activate).await?,
    })
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

/// What is no number and no UUID names no connector.
pub(crate) fn connector_ref(id: &str) -> Result<ConnectorRef, Error> {
    id.parse()
        .map_err(|_| NotFound::Connector(ConnectorRef::Number(0)).into())
}

/// The part of the page's path that names its connector.
pub(super) fn id_in_path() -> String {
    let params = leptos_router::hooks::use_params_map();
    params.with_untracked(|params| params.get("id")).unwrap_or_default()
}
