//! What a connector's service says differently from what is in force, and what a superuser decides about it.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, OptionalJson, Path, connector_ref},
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::Method,
    routing::{get, post},
};
use patchbay_domain::changes::{ChangesView, Decision, Synced};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/connectors/{id}/sync", post(sync)),
        Endpoint::new(Method::GET, "/api/connectors/{id}/changes", get(show)),
        Endpoint::new(Method::POST, "/api/connectors/{id}/changes/accept", post(accept)),
        Endpoint::new(Method::POST, "/api/connectors/{id}/changes/refuse", post(refuse)),
    ]
}

async fn sync(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Synced>, Error> {
    Ok(axum::Json(
        state.engine.sync_connector(&actor, connector_ref(&id)?).await?,
    ))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<ChangesView>, Error> {
    Ok(axum::Json(
        state.engine.connector_changes(&actor, connector_ref(&id)?).await?,
    ))
}

async fn accept(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    OptionalJson(decision): OptionalJson<Decision>,
) -> Result<axum::Json<ChangesView>, Error> {
    let left = state
        .engine
        .accept_changes(&actor, connector_ref(&id)?, decision)
        .await?;
    Ok(axum::Json(left))
}

async fn refuse(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    OptionalJson(decision): OptionalJson<Decision>,
) -> Result<axum::Json<ChangesView>, Error> {
    let left = state
        .engine
        .refuse_changes(&actor, connector_ref(&id)?, decision)
        .await?;
    Ok(axum::Json(left))
}
