//! What a superuser changes by hand: mode, description, secret.

use crate::{
    rest::{
        Endpoint, Error,
        extract::{Caller, Json, Path, connector_ref},
        openapi::Example,
    },
    state::AppState,
};
use axum::{
    extract::State,
    http::Method,
    routing::{patch, put},
};
use patchbay_domain::connector::{ConnectorMode, ConnectorSummary, UpdateConnector};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::PUT, "/api/connectors/{id}", put(update)).doc("update_connector", |doc| {
            doc.summary("Change a connector")
                .about("What is absent stays. All of it happens, or nothing.")
                .superuser()
                .body::<UpdateConnector>()
                .answer::<ConnectorSummary>(200, "The connector as it is now")
                .fails(400, "CONNECTOR_UNREACHABLE", super::UNUSABLE)
                .fails(409, "MODE_CHANGE_REFUSED", "That mode can't follow its mode by hand.")
        }),
        Endpoint::new(Method::PATCH, "/api/connectors/{id}/mode", patch(set_mode)).doc("set_connector_mode", |doc| {
            doc.summary("Change a connector's mode")
                .superuser()
                .body::<SetMode>()
                .answer::<ConnectorSummary>(200, "The connector as it is now")
                .fails(400, "CONNECTOR_UNREACHABLE", super::UNUSABLE)
                .fails(409, "MODE_CHANGE_REFUSED", "That mode can't follow its mode by hand.")
        }),
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetMode {
    /// What it is to be good for. Not every mode can follow every other.
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

impl Example for SetMode {
    fn example() -> Value {
        json!({ "mode": "deactive" })
    }
}
