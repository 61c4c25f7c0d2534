//! A server's tokens.

use super::parse;
use crate::{
    context::{self, Next, Reply},
    error::AppError,
    expiry::expiry,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{account::CreateToken as NewToken, ids::ServerTokenId};
use patchbay_engine::error::NotFound;

/// The name of the form that makes a token.
pub(in crate::servers) const CREATE_TOKEN: &str = "create-token";
/// The name of the form that revokes a token; there is one on a page.
pub(in crate::servers) const REVOKE_TOKEN: &str = "revoke-token";

/// One more token for a server.
#[server(prefix = "/fn", endpoint = "servers/create-token")]
pub(crate) async fn create_token(
    server_id: String,
    name: String,
    #[server(default)] expires: String,
) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(CREATE_TOKEN, format!("{page}#tokens"))
        .keep("name", &name)
        .keep("expires", &expires);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id = parse(&server_id)?;
        let expires_at = expiry(&expires, engine.clock().now())?;
        let new = NewToken { name, expires_at };
        let created = engine.create_server_token(&actor, id, new).await?;
        context::keep_token(id, created.token).await?;
        Ok(Next::to(page))
    };
    reply.finish(result.await).await
}

/// Makes a token worthless.
#[server(prefix = "/fn", endpoint = "servers/revoke-token")]
pub(crate) async fn revoke_token(server_id: String, token_id: String) -> Result<Done, AppError> {
    let page = format!("/servers/{server_id}");
    let reply = Reply::new(REVOKE_TOKEN, format!("{page}?revoke={token_id}"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let token: ServerTokenId = token_id.parse().map_err(|_| NotFound::Token)?;
        engine.revoke_server_token(&actor, parse(&server_id)?, token).await?;
        Ok(Next::to(page).telling("Token revoked."))
    };
    reply.finish(result.await).await
}
