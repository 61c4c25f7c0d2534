//! Tokens that programs sign in with, in a user's name: shown once, stored as a hash, several for a user.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::{Conflict, NotFound, Unauthenticated},
    random,
    storage::api_tokens::NewApiToken,
};
use patchbay_domain::{
    Timestamp,
    account::{ApiTokenView, CreateToken, CreatedApiToken},
    field::{FieldError, FieldErrors},
    ids::ApiTokenId,
    server::TokenName,
};
use secrecy::ExposeSecret;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// What every API token begins with, so that people and scanners recognise one.
pub(crate) const API_TOKEN_PREFIX: &str = "pb_";

/// How many tokens one user has at once.
const TOKENS_MAX: usize = 100;

/// How much of a token is kept to tell it from others.
const SHOWN_CHARACTERS: usize = API_TOKEN_PREFIX.len() + 6;

/// How often it is written down that a token is in use.
const NOTED_EVERY: Duration = Duration::minutes(1);

impl Engine {
    /// The actor's tokens, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_tokens(&self, actor: &Actor) -> Result<Vec<ApiTokenView>, Error> {
        self.db().worker().await?.api_tokens(actor.user).await
    }

    /// One more token. The answer is its only sight.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], refused fields, [`Conflict::ApiTokenLimit`], or a failing database.
    pub async fn create_api_token(&self, actor: &Actor, new: CreateToken) -> Result<CreatedApiToken, Error> {
        actor.require_session()?;
        let now = self.clock().now();
        let mut errors = FieldErrors::default();
        let name = errors.check("name", TokenName::parse(&new.name));
        let expires_at = errors.check("expires_at", in_the_future(new.expires_at, now));
        let (Some(name), Some(expires_at)) = (name, expires_at) else {
            return Err(errors.into());
        };
        let mut worker = self.db().worker().await?;
        if worker.lock_api_tokens(actor.user).await? >= TOKENS_MAX as u64 {
            return Err(Conflict::ApiTokenLimit(TOKENS_MAX).into());
        }
        let token = random::token(API_TOKEN_PREFIX);
        let text = token.expose_secret();
        let row = NewApiToken {
            id: ApiTokenId(Uuid::new_v4()),
            user: actor.user,
            name: name.as_str(),
            prefix: &text[..SHOWN_CHARACTERS],
            hash: random::token_hash(text),
            created_at: now,
            expires_at: expires_at.map(|at| at.0),
        };
        worker.insert_api_token(&row).await?;
        let entry = Entry::new("api_token.create", Subject::api_token(row.id, row.name))
            .after(json!({ "expires_at": expires_at.map(|at| at.to_string()) }));
        let view = ApiTokenView {
            id: row.id,
            name: row.name.to_owned(),
            prefix: row.prefix.to_owned(),
            created_at: now.into(),
            last_used_at: None,
            expires_at,
        };
        self.commit_worker(worker, &actor.who(), vec![entry]).await?;
        Ok(CreatedApiToken {
            view,
            token: text.to_owned(),
        })
    }

    /// Makes a token worthless, at once and for good.
    ///
    /// # Errors
    /// [`NotFound::Token`], or a failing database.
    pub async fn revoke_api_token(&self, actor: &Actor, id: ApiTokenId) -> Result<(), Error> {
        let mut worker = self.db().worker().await?;
        let revoked = worker.revoke_api_token(actor.user, id, self.clock().now()).await?;
        let name = revoked.ok_or(NotFound::Token)?;
        let entry = Entry::new("api_token.revoke", Subject::api_token(id, &name));
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }

    /// Whom a token speaks for.
    ///
    /// # Errors
    /// [`Unauthenticated::BadToken`], or a failing database.
    pub(crate) async fn actor_of_api_token(&self, token: &str) -> Result<Actor, Error> {
        if !random::can_be_token(token, API_TOKEN_PREFIX) {
            return Err(Unauthenticated::BadToken.into());
        }
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let found = worker.api_token_actor(&random::token_hash(token), now).await?;
        let (id, seen) = found.ok_or(Unauthenticated::BadToken)?;
        let unless_since = now - NOTED_EVERY;
        if seen.last_used_at.is_none_or(|at| at <= unless_since) {
            worker.touch_api_token(id, now, unless_since).await?;
            worker.commit().await?;
        }
        Ok(seen.actor)
    }
}

/// An end, if there is one, that isn't over.
fn in_the_future(at: Option<Timestamp>, now: OffsetDateTime) -> Result<Option<Timestamp>, FieldError> {
    match at {
        Some(at) if at.0 <= now => Err(FieldError::Refused {
            reason: "This is in the past.".into(),
        }),
        at => Ok(at.map(|at| at.0.into())),
    }
}
