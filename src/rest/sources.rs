//! `/api/sources`: a user's own configured uses of connectors.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, Path, Query, source_id},
    openapi::{Example, SERVER},
    version::{IfMatch, Tagged},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    routing::{delete, get, patch, post, put},
};
use patchbay_domain::{
    page::PageRequest,
    source::{CreateSource, ServerBrief, SourceTest, SourceView, UpdateSource},
};
use patchbay_engine::sources::SourceFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/sources", get(list)).doc("list_sources", |doc| {
            doc.summary("List one's sources")
                .query::<ListQuery>()
                .list::<SourceView>("sources", "Those that match, newest first")
        }),
        Endpoint::new(Method::POST, "/api/sources", post(create))
            .once()
            .doc("create_source", |doc| {
                doc.summary("Make a source")
                    .about(
                        "Where the connector of that type says what it has to be told, `source_metadata` must fit \
                            that. A source may be made before there is a connector of its type.",
                    )
                    .body::<CreateSource>()
                    .etag()
                    .answer::<SourceView>(201, "The source")
                    .fails(409, "SOURCE_LIMIT_REACHED", "There are too many: delete one first.")
            }),
        Endpoint::new(Method::GET, "/api/sources/{id}", get(show)).doc("show_source", |doc| {
            doc.summary("Show a source")
                .owner()
                .etag()
                .answer::<SourceView>(200, "The source; secrets are masked")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
        }),
        Endpoint::new(Method::PATCH, "/api/sources/{id}", patch(update)).doc("update_source", |doc| {
            doc.summary("Change a source")
                .about("What is absent stays. A secret that is sent back as `********` stays what it was.")
                .owner()
                .if_match()
                .body::<UpdateSource>()
                .etag()
                .answer::<SourceView>(200, "The source as it is now")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
        }),
        Endpoint::new(Method::PUT, "/api/sources/{id}", put(update)).doc("put_source", |doc| {
            doc.summary("Change a source, as with PATCH")
                .about("What is absent stays. A secret that is sent back as `********` stays what it was.")
                .owner()
                .if_match()
                .body::<UpdateSource>()
                .etag()
                .answer::<SourceView>(200, "The source as it is now")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
        }),
        Endpoint::new(Method::POST, "/api/sources/{id}/test", post(test)).doc("test_source", |doc| {
            doc.summary("Test a source")
                .about(
                    "Asks the connector's service for its tools, with the source's configuration, for at most ten \
                        seconds. That the test failed is an answer, not an error.",
                )
                .owner()
                .answer::<SourceTest>(200, "What came of it")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
        }),
        Endpoint::new(Method::DELETE, "/api/sources/{id}", delete(remove)).doc("delete_source", |doc| {
            doc.summary("Delete a source")
                .about("Servers that use it stay, and do without it from then on.")
                .owner()
                .if_match()
                .answer::<Left>(200, "The servers that it left")
                .fails(
                    400,
                    "INVALID_SOURCE_ID",
                    "The path names nothing that could be a source.",
                )
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A part of the name or type.
    q: Option<String>,
    /// Only of this type.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// How many, 50 when nobody says; a number above 200 counts as 200.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
    /// Where the page before this one ended: its `next_cursor`.
    cursor: Option<String>,
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<SourceView>>, Error> {
    let filter = SourceFilter {
        q: query.q,
        kind: query.kind,
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    let page = state.engine.sources(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("sources", page)))
}

async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(new): Json<CreateSource>,
) -> Result<Tagged<SourceView>, Error> {
    let source = state.engine.create_source(&actor, new).await?;
    Ok(Tagged(StatusCode::CREATED, source))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<axum::response::Response, Error> {
    let source = state.engine.source(&actor, source_id(&id)?).await?;
    Ok(Tagged(StatusCode::OK, source).unless_known(&headers))
}

async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(change): Json<UpdateSource>,
) -> Result<Tagged<SourceView>, Error> {
    let source = state
        .engine
        .update_source(&actor, source_id(&id)?, change, if_match.version()?)
        .await?;
    Ok(Tagged(StatusCode::OK, source))
}

/// The servers that it left.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeletedSource")]
struct Left {
    /// Those that used it.
    mcp_servers: Vec<ServerBrief>,
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<axum::Json<Left>, Error> {
    let mcp_servers = state
        .engine
        .delete_source(&actor, source_id(&id)?, if_match.version()?)
        .await?;
    Ok(axum::Json(Left { mcp_servers }))
}

/// Asks the connector's service for its tools, with the source's configuration.
async fn test(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<SourceTest>, Error> {
    Ok(axum::Json(state.engine.test_source(&actor, source_id(&id)?).await?))
}

impl Example for Left {
    fn example() -> Value {
        json!({ "mcp_servers": [{ "id": SERVER, "name": "My notes" }] })
    }
}
