//! `/api/mcp-servers`: a user's own MCP servers, and for admins everybody's.

mod sources;
mod tokens;
mod tools;

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, OptionalJson, Path, Query, id},
    openapi::Example,
    version::{IfMatch, Tagged},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{delete, get, patch, post, put},
};
use patchbay_domain::{
    ids::ServerId,
    page::PageRequest,
    server::{CreateServer, CreatedServer, ServerOfUser, ServerView, UpdateServer},
};
use patchbay_engine::{error::NotFound, servers::ServerFilter};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use tools::named_order;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let servers = vec![
        Endpoint::new(Method::GET, "/api/mcp-servers", get(list)).doc("list_mcp_servers", |doc| {
            doc.summary("List one's MCP servers")
                .about("With `all=true`, an admin gets everybody's, without what their owners configured.")
                .query::<ListQuery>()
                .list::<ServerView>("mcp_servers", "Those that match, newest first")
                .or_list::<ServerOfUser>()
                .fails(403, "ADMIN_REQUIRED", "Only admins may ask for all.")
        }),
        Endpoint::new(Method::POST, "/api/mcp-servers", post(create))
            .once()
            .doc("create_mcp_server", |doc| {
                doc.summary("Make an MCP server")
                    .about("From an active connector, from sources, from both or from nothing yet.")
                    .body::<CreateServer>()
                    .etag()
                    .answer::<CreatedServer>(201, "The server with its first token; this is the token's only sight")
                    .fails(400, "INVALID_SOURCE_ID", "One of `source_ids` can't be a source.")
                    .fails(
                        400,
                        "SOURCE_NOT_FOUND",
                        "One of `source_ids` isn't there, or isn't yours.",
                    )
                    .fails(404, "CONNECTOR_NOT_FOUND", "There is no such connector.")
                    .fails(
                        409,
                        "CONNECTOR_NOT_ACTIVE",
                        "Servers can't be made from this connector now.",
                    )
                    .fails(
                        409,
                        "MCP_SERVER_LIMIT_REACHED",
                        "There are too many, deleted ones included.",
                    )
                    .fails(503, "POOL_EXHAUSTED", "Every endpoint is held by a server.")
            }),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}", get(show)).doc("show_mcp_server", |doc| {
            doc.summary("Show an MCP server")
                .owner()
                .etag()
                .answer::<ServerView>(200, "The server; secrets are masked")
        }),
        Endpoint::new(Method::PATCH, "/api/mcp-servers/{id}", patch(update)).doc("update_mcp_server", |doc| {
            doc.summary("Change an MCP server")
                .about(
                    "What is absent stays. A secret that is sent back as `********` stays what it was; the \
                        endpoint can't be changed.",
                )
                .owner()
                .if_match()
                .body::<UpdateServer>()
                .etag()
                .answer::<ServerView>(200, "The server as it is now")
                .fails(400, "INVALID_SOURCE_ID", "One of `source_ids` can't be a source.")
                .fails(
                    400,
                    "SOURCE_NOT_FOUND",
                    "One of `source_ids` isn't there, or isn't yours.",
                )
        }),
        Endpoint::new(Method::PUT, "/api/mcp-servers/{id}", put(update)).doc("put_mcp_server", |doc| {
            doc.summary("Change an MCP server, as with PATCH")
                .about(
                    "What is absent stays. A secret that is sent back as `********` stays what it was; the \
                        endpoint can't be changed.",
                )
                .owner()
                .if_match()
                .body::<UpdateServer>()
                .etag()
                .answer::<ServerView>(200, "The server as it is now")
                .fails(400, "INVALID_SOURCE_ID", "One of `source_ids` can't be a source.")
                .fails(
                    400,
                    "SOURCE_NOT_FOUND",
                    "One of `source_ids` isn't there, or isn't yours.",
                )
        }),
        Endpoint::new(Method::DELETE, "/api/mcp-servers/{id}", delete(remove)).doc("delete_mcp_server", |doc| {
            doc.summary("Delete an MCP server")
                .about("It can be restored.")
                .owner()
                .if_match()
                .no_content("It stops answering at once, and keeps its endpoint.")
        }),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/restore", post(restore)).doc("restore_mcp_server", |doc| {
            doc.summary("Restore a deleted MCP server")
                .about("For its owner, and for admins.")
                .owner()
                .if_match()
                .no_content("It answers again, at its endpoint and with its tokens.")
        }),
        Endpoint::new(Method::DELETE, "/api/mcp-servers/{id}/hard", delete(remove_for_good)).doc(
            "hard_delete_mcp_server",
            |doc| {
                doc.summary("Delete an MCP server for good")
                    .about("Anybody's, whether it was deleted before or not.")
                    .admin()
                    .if_match()
                    .no_content("Nothing of it is left, and its endpoint is free.")
            },
        ),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/duplicate", post(duplicate))
            .once()
            .doc("duplicate_mcp_server", |doc| {
                doc.summary("Duplicate an MCP server")
                    .about("The same configuration, sources and tools, with an endpoint and a token of its own.")
                    .owner()
                    .optional_body::<Duplicate>()
                    .etag()
                    .answer::<CreatedServer>(
                        201,
                        "The new server with its first token; this is the token's only sight",
                    )
                    .fails(
                        409,
                        "CONNECTOR_NOT_ACTIVE",
                        "Servers can't be made from its connector now.",
                    )
                    .fails(
                        409,
                        "MCP_SERVER_LIMIT_REACHED",
                        "There are too many, deleted ones included.",
                    )
                    .fails(503, "POOL_EXHAUSTED", "Every endpoint is held by a server.")
            }),
    ];
    [servers, sources::endpoints(), tools::endpoints(), tokens::endpoints()].concat()
}

fn server_id(text: &str) -> Result<ServerId, Error> {
    id(text, NotFound::Server)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A part of the name.
    q: Option<String>,
    /// Only deleted ones; without it, only the others.
    deleted: Option<bool>,
    /// Everybody's, for admins.
    all: Option<bool>,
    /// How many, 50 when nobody says; a number above 200 counts as 200.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
    /// Where the page before this one ended: its `next_cursor`.
    cursor: Option<String>,
}

/// One's own, or, for an admin who asks for all, everybody's without what their owners configured.
async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let filter = ServerFilter {
        q: query.q,
        deleted: query.deleted.unwrap_or_default(),
    };
    let page = PageRequest {
        limit: query.limit,
        cursor: query.cursor,
    };
    if query.all.unwrap_or_default() {
        let page = state.engine.servers_of_all(&actor, &filter, &page).await?;
        return Ok(axum::Json(List::page("mcp_servers", page)).into_response());
    }
    let page = state.engine.servers(&actor, &filter, &page).await?;
    Ok(axum::Json(List::page("mcp_servers", page)).into_response())
}

/// Makes a server from an active connector, from sources, or from both. The answer is the one sight of its first token.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(new): Json<CreateServer>,
) -> Result<Tagged<CreatedServer>, Error> {
    let created = state.engine.create_server(&actor, new).await?;
    Ok(Tagged(StatusCode::CREATED, created))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let server = state.engine.server(&actor, server_id(&id)?).await?;
    Ok(Tagged(StatusCode::OK, server).unless_known(&headers))
}

async fn update(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(change): Json<UpdateServer>,
) -> Result<Tagged<ServerView>, Error> {
    let server = state
        .engine
        .update_server(&actor, server_id(&id)?, change, if_match.version()?)
        .await?;
    Ok(Tagged(StatusCode::OK, server))
}

/// It stops answering at once, keeps its endpoint and can be restored.
async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, Error> {
    state
        .engine
        .delete_server(&actor, server_id(&id)?, if_match.version()?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, Error> {
    state
        .engine
        .restore_server(&actor, server_id(&id)?, if_match.version()?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Anybody's server, for an admin: nothing of it is left, and its endpoint is free.
async fn remove_for_good(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, Error> {
    actor.require_admin()?;
    state
        .engine
        .hard_delete_server(&actor, server_id(&id)?, if_match.version()?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "DuplicateServer")]
#[serde(deny_unknown_fields)]
struct Duplicate {
    /// What the new one is called; `… (copy)` when nobody says.
    #[serde(default)]
    name: Option<String>,
}

/// The same once more, with an endpoint and a token of its own.
async fn duplicate(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    OptionalJson(Duplicate { name }): OptionalJson<Duplicate>,
) -> Result<Tagged<CreatedServer>, Error> {
    let created = state
        .engine
        .duplicate_server(&actor, server_id(&id)?, name.as_deref())
        .await?;
    Ok(Tagged(StatusCode::CREATED, created))
}

impl Example for Duplicate {
    fn example() -> Value {
        json!({ "name": "My notes at work" })
    }
}
