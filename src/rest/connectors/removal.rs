//! The way out of the catalogue, and whom it would affect.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, Path, Query, connector_ref},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::Method,
    routing::{delete, get},
};
use patchbay_domain::changes::{DeletedConnector, Impact};
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/connectors/{id}/impact", get(impact)),
        Endpoint::new(Method::DELETE, "/api/connectors/{id}", delete(remove)),
    ]
}

async fn impact(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Impact>, Error> {
    Ok(axum::Json(
        state.engine.connector_impact(&actor, connector_ref(&id)?).await?,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    /// Without a value it says nothing: what can't be undone is asked for in full.
    force: Option<bool>,
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(Remove { force }): Query<Remove>,
) -> Result<axum::Json<DeletedConnector>, Error> {
    let deleted = state
        .engine
        .delete_connector(&actor, connector_ref(&id)?, force.unwrap_or(false))
        .await?;
    Ok(axum::Json(deleted))
}
