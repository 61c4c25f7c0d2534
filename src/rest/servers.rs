//! `/api/mcp-servers`: a user's own MCP servers, their tools and their tokens.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, PageQuery, Path, Query, id},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, post},
};
use patchbay_domain::{
    ids::{ServerId, ServerTokenId},
    server::{CreateServer, CreatedServer, CreatedServerToken, ServerTokenView, ServerView},
    tool::{CreateTool, TemplateView, ToolView},
};
use patchbay_engine::error::NotFound;
use serde::Deserialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/mcp-servers", get(list)),
        Endpoint::new(Method::POST, "/api/mcp-servers", post(create)),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}", get(show)),
        Endpoint::new(Method::DELETE, "/api/mcp-servers/{id}", delete(remove)),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/tools", get(tools)),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/tools", post(create_tool)),
        Endpoint::new(
            Method::DELETE,
            "/api/mcp-servers/{id}/tools/{name}",
            delete(remove_tool),
        ),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/templates", get(templates)),
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/tokens", get(tokens)),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/tokens", post(create_token)),
        Endpoint::new(
            Method::DELETE,
            "/api/mcp-servers/{id}/tokens/{token_id}",
            delete(revoke_token),
        ),
    ]
}

fn server_id(text: &str) -> Result<ServerId, Error> {
    id(text, NotFound::Server)
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<ServerView>>, Error> {
    let page = state.engine.servers(&actor, &page.into()).await?;
    Ok(axum::Json(List::page("mcp_servers", page)))
}

/// Makes a server from an active connector. The answer is the one sight of its first token.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(new): Json<CreateServer>,
) -> Result<(StatusCode, axum::Json<CreatedServer>), Error> {
    let created = state.engine.create_server(&actor, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<ServerView>, Error> {
    Ok(axum::Json(state.engine.server(&actor, server_id(&id)?).await?))
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    state.engine.delete_server(&actor, server_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tools(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<ToolView>>, Error> {
    let tools = state.engine.server_tools(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("tools", tools)))
}

/// Makes a tool from one of the templates of the server's connector.
async fn create_tool(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(new): Json<CreateTool>,
) -> Result<(StatusCode, axum::Json<ToolView>), Error> {
    let created = state.engine.create_tool(&actor, server_id(&id)?, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn remove_tool(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    state.engine.delete_tool(&actor, server_id(&id)?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn templates(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<TemplateView>>, Error> {
    let templates = state.engine.server_templates(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("templates", templates)))
}

async fn tokens(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<ServerTokenView>>, Error> {
    let tokens = state.engine.server_tokens(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("tokens", tokens)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: String,
}

async fn create_token(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(NewToken { name }): Json<NewToken>,
) -> Result<(StatusCode, axum::Json<CreatedServerToken>), Error> {
    let created = state.engine.create_server_token(&actor, server_id(&id)?, &name).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn revoke_token(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((server, token)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (server, token): (_, ServerTokenId) = (server_id(&server)?, id(&token, NotFound::Token)?);
    state.engine.revoke_server_token(&actor, server, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
