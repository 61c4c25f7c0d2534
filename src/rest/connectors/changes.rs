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
use serde_json::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/connectors/{id}/sync", post(sync)).doc("sync_connector", |doc| {
            doc.summary("Ask a connector's service now")
                .superuser()
                .answer::<Synced>(200, "What differed, and whether it is in force")
                .fails(400, "CONNECTOR_UNREACHABLE", super::UNUSABLE)
                .fails(409, "CONNECTOR_DEACTIVE", "It is switched off: activate it first.")
        }),
        Endpoint::new(Method::GET, "/api/connectors/{id}/changes", get(show)).doc("show_changes", |doc| {
            doc.summary("Show what is held back")
                .about("What the connector's service says otherwise than what is in force.")
                .superuser()
                .answer::<ChangesView>(200, "The difference")
        }),
        Endpoint::new(Method::POST, "/api/connectors/{id}/changes/accept", post(accept)).doc("accept_changes", |doc| {
            doc.summary("Accept what is held back, or some of it")
                .superuser()
                .optional_body::<Decision>()
                .answer::<ChangesView>(200, "What is left")
                .fails(
                    409,
                    "CHANGES_MOVED",
                    "The service says something else by now than what `revision` names: look again.",
                )
                .fails(409, "NO_CHANGES", "There is nothing to decide about.")
        }),
        Endpoint::new(Method::POST, "/api/connectors/{id}/changes/refuse", post(refuse)).doc("refuse_changes", |doc| {
            doc.summary("Refuse what is held back")
                .superuser()
                .optional_body::<Decision>()
                .body_example(json!({ "revision": "9f2c…", "note": "It wants to read files" }))
                .answer::<ChangesView>(200, "What stays refused")
                .fails(
                    409,
                    "CHANGES_MOVED",
                    "The service says something else by now than what `revision` names: look again.",
                )
                .fails(409, "NO_CHANGES", "There is nothing to decide about.")
        }),
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
