//! The history of a connector's definitions, and the way back to one of them.

use crate::{
    rest::{
        Endpoint, Error, List,
        extract::{Caller, OptionalJson, PageQuery, Path, Query, connector_ref},
        openapi::Example,
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
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/connectors/{id}/versions", get(list)).doc("list_versions", |doc| {
            doc.summary("List the versions of a connector's definitions")
                .superuser()
                .query::<PageQuery>()
                .list::<VersionView>("versions", "Those that were ever in force, newest first")
        }),
        Endpoint::new(Method::GET, "/api/connectors/{id}/versions/{n}", get(show)).doc("show_version", |doc| {
            doc.summary("Show a version")
                .superuser()
                .answer::<VersionDetail>(200, "The version, and what going back to it would change")
        }),
        Endpoint::new(Method::POST, "/api/connectors/{id}/versions/{n}/restore", post(restore)).doc(
            "restore_version",
            |doc| {
                doc.summary("Go back to a version")
                    .superuser()
                    .optional_body::<Restore>()
                    .answer::<ConnectorSummary>(200, "The connector as it is now")
                    .fails(
                        409,
                        "CONNECTOR_FOLLOWS",
                        "It follows its service, so an earlier version would not stay: make it active first.",
                    )
            },
        ),
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

#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "RestoreVersion")]
#[serde(deny_unknown_fields)]
struct Restore {
    /// Why, for the history.
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

impl Example for Restore {
    fn example() -> Value {
        json!({ "note": "4 was slow" })
    }
}
