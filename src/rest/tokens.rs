//! `/api/tokens`: what programs sign in with, in their owner's name.

use super::{
    Endpoint, Error, List,
    extract::{Caller, Json, Path, id},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, post},
};
use patchbay_domain::{
    account::{ApiTokenView, CreateToken, CreatedApiToken},
    ids::ApiTokenId,
};
use patchbay_engine::error::NotFound;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/tokens", get(list)).doc("list_api_tokens", |doc| {
            doc.summary("List one's API tokens")
                .list::<ApiTokenView>("tokens", "All of them, without the tokens themselves")
        }),
        Endpoint::new(Method::POST, "/api/tokens", post(create))
            .once()
            .doc("create_api_token", |doc| {
                doc.summary("Make an API token")
                    .about("Programs send it as `Authorization: Bearer`, and are then who made it.")
                    .session_only()
                    .body::<CreateToken>()
                    .answer::<CreatedApiToken>(201, "The token; this is its only sight")
                    .fails(409, "API_TOKEN_LIMIT_REACHED", "There are too many: revoke one first.")
            }),
        Endpoint::new(Method::DELETE, "/api/tokens/{id}", delete(revoke)).doc("revoke_api_token", |doc| {
            doc.summary("Revoke an API token")
                .owner()
                .no_content("It is worth nothing from now on.")
        }),
    ]
}

async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Result<axum::Json<List<ApiTokenView>>, Error> {
    Ok(axum::Json(List::whole(
        "tokens",
        state.engine.api_tokens(&actor).await?,
    )))
}

/// The answer is the one sight of the token.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(new): Json<CreateToken>,
) -> Result<(StatusCode, axum::Json<CreatedApiToken>), Error> {
    let created = state.engine.create_api_token(&actor, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn revoke(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    let token: ApiTokenId = id(&text, NotFound::Token)?;
    state.engine.revoke_api_token(&actor, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
