//! The catalogue's server functions.

#[cfg(feature = "ssr")]
use super::words;
#[cfg(feature = "ssr")]
use crate::{context, paths};
use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use patchbay_domain::{
    connector::{ConnectorMode, RegisterConnector},
    ids::ConnectorRef,
    page::PageRequest,
};
use patchbay_domain::{
    connector::{ConnectorSummary, ConnectorView},
    page::Page,
};
#[cfg(feature = "ssr")]
use patchbay_engine::{Actor, Engine, Error, connectors::ConnectorFilter, error::NotFound};
use serde::{Deserialize, Serialize};

/// The register form's name.
pub(super) const REGISTER: &str = "register";
/// The activation form's name; there is one on a page.
pub(super) const ACTIVATE: &str = "activate";

/// What the address of the list asks for. Empty means not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConnectorsQuery {
    /// What is searched for.
    pub(crate) q: String,
    /// Only connectors of this mode.
    pub(crate) mode: String,
    /// Where the page begins.
    pub(crate) cursor: String,
    /// The connector that was just registered.
    pub(crate) registered: String,
    /// The connector to activate.
    pub(crate) activate: String,
}

/// What the list's page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConnectorsData {
    /// The connectors.
    pub(crate) page: Page<ConnectorSummary>,
    /// The one that was just registered and waits for activation.
    pub(crate) registered: Option<ConnectorSummary>,
    /// The one to activate.
    pub(crate) activating: Option<ConnectorSummary>,
}

/// A page of the catalogue.
#[server(prefix = "/fn", endpoint = "connectors/list")]
pub(crate) async fn list_connectors(query: ConnectorsQuery) -> Result<ConnectorsData, AppError> {
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let filter = ConnectorFilter {
            q: some(query.q),
            mode: ConnectorMode::parse(&query.mode),
            kind: None,
        };
        let request = PageRequest {
            limit: Some(24),
            cursor: some(query.cursor),
        };
        Ok(ConnectorsData {
            page: engine.connectors(&actor, &filter, &request).await?,
            registered: to_activate(&engine, &actor, &query.registered).await?,
            activating: to_activate(&engine, &actor, &query.activate).await?,
        })
    };
    context::answer(result.await)
}

/// The connector that an address names, for a superuser to activate; nothing if there is none.
#[cfg(feature = "ssr")]
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

/// A connector with what it offers.
#[server(prefix = "/fn", endpoint = "connectors/get")]
pub(crate) async fn get_connector(id: String) -> Result<ConnectorView, AppError> {
    let result = async {
        let (engine, actor) = context::signed_in()?;
        engine.connector(&actor, connector_ref(&id)?).await
    };
    context::answer(result.await)
}

/// Registers a connector; its activation comes next.
#[server(prefix = "/fn", endpoint = "connectors/register")]
pub(crate) async fn register(
    name: String,
    description: String,
    #[server(default)] secret: String,
) -> Result<Done, AppError> {
    let reply = context::Reply::new(REGISTER, "/connectors#register")
        .keep("name", &name)
        .keep("description", &description);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let new = RegisterConnector {
            name,
            description,
            secret: Some(secret),
        };
        let registered = engine.register_connector(&actor, new).await?;
        let to = format!("/connectors?registered={}", registered.connector_id);
        Ok(Done {
            notice: Some(words::registered(&registered.name)),
            to,
        })
    };
    reply.finish(result.await).await
}

/// Reads a connector's definitions from its service and activates it. `from` is the page of the form.
#[server(prefix = "/fn", endpoint = "connectors/activate")]
pub(crate) async fn activate(
    connector_id: String,
    connector_url: String,
    #[server(default)] from: String,
) -> Result<Done, AppError> {
    let from = paths::local(&from).unwrap_or("/connectors").to_owned();
    let reply = context::Reply::new(ACTIVATE, &from).keep("connector_url", &connector_url);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let activated = engine
            .activate_connector(&actor, connector_ref(&connector_id)?, connector_url.trim())
            .await?;
        let to = paths::without_query(&from).to_owned();
        Ok(Done {
            notice: Some(words::activated(activated)),
            to,
        })
    };
    reply.finish(result.await).await
}

/// What is no number and no UUID names no connector.
#[cfg(feature = "ssr")]
pub(crate) fn connector_ref(id: &str) -> Result<ConnectorRef, Error> {
    id.parse()
        .map_err(|_| NotFound::Connector(ConnectorRef::Number(0)).into())
}
