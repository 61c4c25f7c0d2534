//! The tokens that open a server's endpoint.

use super::{
    super::{
        Endpoint, Error, List,
        extract::{Caller, Json, Path, id},
    },
    server_id,
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, post},
};
use patchbay_domain::{
    account::CreateToken,
    ids::ServerTokenId,
    server::{CreatedServerToken, ServerTokenView},
};
use patchbay_engine::error::NotFound;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/mcp-servers/{id}/tokens", get(list)).doc("list_mcp_server_tokens", |doc| {
            doc.summary("List a server's tokens")
                .owner()
                .list::<ServerTokenView>("tokens", "All of them, without the tokens themselves")
        }),
        Endpoint::new(Method::POST, "/api/mcp-servers/{id}/tokens", post(create))
            .once()
            .doc("create_mcp_server_token", |doc| {
                doc.summary("Make a token for a server")
                    .about("MCP clients send it as `Authorization: Bearer` to the server's endpoint.")
                    .owner()
                    .body::<CreateToken>()
                    .answer::<CreatedServerToken>(201, "The token; this is its only sight")
                    .fails(409, "TOKEN_LIMIT_REACHED", "The server has too many: revoke one first.")
            }),
        Endpoint::new(
            Method::DELETE,
            "/api/mcp-servers/{id}/tokens/{token_id}",
            delete(revoke),
        )
        .doc("revoke_mcp_server_token", |doc| {
            doc.summary("Revoke a server's token")
                .owner()
                .no_content("It opens nothing from now on.")
        }),
    ]
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<List<ServerTokenView>>, Error> {
    let tokens = state.engine.server_tokens(&actor, server_id(&id)?).await?;
    Ok(axum::Json(List::whole("tokens", tokens)))
}

/// The answer is the one sight of the token.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(new): Json<CreateToken>,
) -> Result<(StatusCode, axum::Json<CreatedServerToken>), Error> {
    let created = state.engine.create_server_token(&actor, server_id(&id)?, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn revoke(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((server, token)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let (server, token): (_, ServerTokenId) = (server_id(&server)?, id(&token, NotFound::Token)?);
    state.engine.revoke_server_token(&actor, server, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
