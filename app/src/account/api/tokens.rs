//! Tokens that programs sign in with.

use crate::{
    context::{self, Next, Reply, Waiting},
    error::AppError,
    expiry::expiry,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{account, ids::ApiTokenId};
use patchbay_engine::error::NotFound;

/// The name of the form that makes a token.
pub(in crate::account) const CREATE_TOKEN: &str = "create-api-token";
/// The name of the form that revokes a token; there is one on a page.
pub(in crate::account) const REVOKE_TOKEN: &str = "revoke-api-token";

/// One more token. It is shown on the page that comes next, and never again.
#[server(prefix = "/fn", endpoint = "account/create-token")]
pub(crate) async fn create_token(name: String, #[server(default)] expires: String) -> Result<Done, AppError> {
    let reply = Reply::new(CREATE_TOKEN, "/account#tokens")
        .keep("name", &name)
        .keep("expires", &expires);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let expires_at = expiry(&expires, engine.clock().now())?;
        let created = engine
            .create_api_token(&actor, account::CreateToken { name, expires_at })
            .await?;
        context::keep(Waiting::ApiToken, &created.token).await?;
        Ok(Next::to("/account"))
    };
    reply.finish(result.await).await
}

/// Makes a token worthless.
#[server(prefix = "/fn", endpoint = "account/revoke-token")]
pub(crate) async fn revoke_token(token_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(REVOKE_TOKEN, format!("/account?revoke={token_id}"));
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id: ApiTokenId = token_id.parse().map_err(|_| NotFound::Token)?;
        engine.revoke_api_token(&actor, id).await?;
        Ok(Next::to("/account#tokens").telling("API token revoked."))
    };
    reply.finish(result.await).await
}
