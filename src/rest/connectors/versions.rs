//! The history of a connector's definitions, and the way back to one of them.

use crate::{
    rest::{
        Endpoint, Error, List,
        extract::{Caller, OptionalJson, PageQuery, Path, Query, connector_ref},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::Method,
    routing::{get, post},
};
use patchbay_domain::{
    changes::{VersionDetail, VersionView},
    connector::ConnectorSummary,
};
use patchbay_engine::error::NotFound;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/connectors/{id}/versions", get(list)),
        Endpoint::new(Method::GET, "/api/connectors/{id}/versions/{n}", get(show)),
        Endpoint::new(Method::POST, "/api/connectors/{id}/versions/{n}/restore", post(restore)),
    ]
}

/// What is no number is the number of no version.
fn number(text: &str) -> Result<u32, Error> {
    text.parse()
        .map_err(|_| patchbay_engine::Error::from(NotFound::Version).into())
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<VersionView>>, Error> {
    let page = state
        .engine
        .connector_versions(&actor, connector_ref(&id)?, &page.into())
        .await?;
    Ok(axum::Json(List::page("versions", page)))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, n)): Path<(String, String)>,
) -> Result<axum::Json<VersionDetail>, Error> {
    let (connector, number) = (connector_ref(&id)?, number(&n)?);
    Ok(axum::Json(
        state.engine.connector_version(&actor, connector, number).await?,
    ))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    note: Option<String>,
}

async fn restore(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, n)): Path<(String, String)>,
    OptionalJson(Restore { note }): OptionalJson<Restore>,
) -> Result<axum::Json<ConnectorSummary>, Error> {
    let (connector, number) = (connector_ref(&id)?, number(&n)?);
    let connector = state.engine.restore_version(&actor, connector, number, note).await?;
    Ok(axum::Json(connector))
}
