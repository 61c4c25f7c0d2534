//! What a superuser changes by hand: mode, description, secret.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, Json, Path, connector_ref},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::Method,
    routing::{patch, put},
};
use patchbay_domain::connector::{ConnectorMode, ConnectorSummary, UpdateConnector};
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::PUT, "/api/connectors/{id}", put(update)),
        Endpoint::new(Method::PATCH, "/api/connectors/{id}/mode", patch(set_mode)),
    ]
}

/// What is absent stays as it is.
async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(changes): Json<UpdateConnector>,
) -> Result<axum::Json<ConnectorSummary>, Error> {
    let connector = state
        .engine
        .update_connector(&actor, connector_ref(&id)?, changes)
        .await?;
    Ok(axum::Json(connector))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetMode {
    mode: ConnectorMode,
}

async fn set_mode(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(SetMode { mode }): Json<SetMode>,
) -> Result<axum::Json<ConnectorSummary>, Error> {
    let connector = state
        .engine
        .set_connector_mode(&actor, connector_ref(&id)?, mode)
        .await?;
    Ok(axum::Json(connector))
}
