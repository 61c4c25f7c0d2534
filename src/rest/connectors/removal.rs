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
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/connectors/{id}/impact", get(impact)).doc("show_impact", |doc| {
            doc.summary("Show whom deleting a connector would affect")
                .superuser()
                .answer::<Impact>(200, "Counts, and the first names")
        }),
        Endpoint::new(Method::DELETE, "/api/connectors/{id}", delete(remove)).doc("delete_connector", |doc| {
            doc.summary("Delete a connector")
                .about("Servers that are made from it go with it, and so do their tools and tokens.")
                .superuser()
                .query::<Remove>()
                .answer::<DeletedConnector>(200, "What went")
                .fails(
                    409,
                    "CONNECTOR_IN_USE",
                    "Servers use it: delete them first, or force it.",
                )
        }),
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Remove {
    /// Also where servers use it. Without a value it says nothing: what can't be undone is asked for in full.
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
