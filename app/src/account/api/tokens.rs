//! Tokens that programs sign in with.

use crate::{
    context::{self, Next, Reply, Waiting},
    error::AppError,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{
    Timestamp, account,
    field::{FieldError, FieldErrors},
    ids::ApiTokenId,
};
use patchbay_engine::error::NotFound;
use time::{Duration, OffsetDateTime};

/// The name of the form that makes a token.
pub(in crate::account) const CREATE_TOKEN: &str = "create-api-token";
/// The name of the form that revokes a token; there is one on a page.
pub(in crate::account) const REVOKE_TOKEN: &str = "revoke-api-token";

/// How long a token may be good for: what the form sends, and what people read.
pub(in crate::account) const EXPIRIES: [(&str, &str); 4] = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("never", "Never"),
];

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

/// When a token ends that may be good for this long; nothing for never.
fn expiry(choice: &str, now: OffsetDateTime) -> Result<Option<Timestamp>, FieldErrors> {
    let expected = || format!("one of {}", EXPIRIES.map(|(word, _)| word).join(", "));
    let unknown = || FieldErrors::one("expires", FieldError::Malformed { expected: expected() });
    let (word, _) = EXPIRIES
        .into_iter()
        .find(|(word, _)| *word == choice)
        .ok_or_else(unknown)?;
    Ok(word.parse().ok().map(|days| (now + Duration::days(days)).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_when_that_was_chosen_and_at_no_time_of_ones_own() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let after = |choice| expiry(choice, now).unwrap().map(|at| (at.0 - now).whole_days());
        assert_eq!(
            EXPIRIES.map(|(word, _)| after(word)),
            [Some(30), Some(90), Some(365), None]
        );
        assert!(expiry("", now).is_err());
        assert!(expiry("99999", now).is_err());
    }
}
