//! Tokens that programs sign in with. As the worker: one is looked up before anybody is known to be signed in.

use super::{count, session_rows::Seen, users, violated, worker::Worker};
use crate::{Actor, Error, actor::Origin, error::Unauthenticated};
use patchbay_domain::{
    account::ApiTokenView,
    ids::{ApiTokenId, UserId},
};
use time::OffsetDateTime;

/// A token to be stored: whose it is and its hash, never itself.
#[derive(Debug)]
pub(crate) struct NewApiToken<'a> {
    pub(crate) id: ApiTokenId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) hash: [u8; 32],
    pub(crate) created_at: OffsetDateTime,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

impl Worker {
    /// A user's tokens that weren't revoked, newest first; those that ended by themselves among them.
    pub(crate) async fn api_tokens(&mut self, user: UserId) -> Result<Vec<ApiTokenView>, Error> {
        let rows = sqlx::query!(
            "SELECT id, name, prefix, created_at, last_used_at, expires_at FROM api_tokens
             WHERE user_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id",
            user.0
        )
        .fetch_all(self.tx().conn())
        .await?;
        let views = rows.into_iter().map(|row| ApiTokenView {
            id: row.id.into(),
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.map(Into::into),
            expires_at: row.expires_at.map(Into::into),
        });
        Ok(views.collect())
    }

    /// How many tokens a user has. Until the transaction ends nobody else adds one.
    pub(crate) async fn lock_api_tokens(&mut self, user: UserId) -> Result<u64, Error> {
        sqlx::query!("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user.0)
            .fetch_optional(self.tx().conn())
            .await?;
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM api_tokens WHERE user_id = $1 AND revoked_at IS NULL",
            user.0
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    pub(crate) async fn insert_api_token(&mut self, new: &NewApiToken<'_>) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO api_tokens (id, user_id, name, prefix, token_hash, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new.id.0,
            new.user.0,
            new.name,
            new.prefix,
            &new.hash,
            new.created_at,
            new.expires_at
        )
        .execute(self.tx().conn())
        .await
        .map_err(|error| match violated(&error) {
            // The account was deleted since somebody asked in its name.
            Some("api_tokens_user_fkey") => Unauthenticated::SignedOut.into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// Makes a user's token worthless; its name, if there was one.
    pub(crate) async fn revoke_api_token(
        &mut self,
        user: UserId,
        id: ApiTokenId,
        now: OffsetDateTime,
    ) -> Result<Option<String>, Error> {
        let name = sqlx::query_scalar!(
            "UPDATE api_tokens SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING name",
            id.0,
            user.0,
            now
        );
        Ok(name.fetch_optional(self.tx().conn()).await?)
    }

    /// Whom a token speaks for, if it and the account can be used.
    pub(crate) async fn api_token_actor(
        &mut self,
        hash: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Option<(ApiTokenId, Seen)>, Error> {
        let row = sqlx::query!(
            r#"SELECT t.id, t.user_id, t.last_used_at,
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = u.id) AS "roles!: Vec<String>"
               FROM api_tokens t JOIN users u ON u.id = t.user_id
               WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
                 AND u.disabled_at IS NULL"#,
            hash,
            now
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| {
            let actor = Actor {
                user: row.user_id.into(),
                roles: users::roles(&row.roles),
                session: None,
                origin: Origin::SYSTEM,
            };
            let seen = Seen {
                actor,
                last_used_at: row.last_used_at,
            };
            (row.id.into(), seen)
        }))
    }

    /// Notes that a token is in use, unless somebody noted that meanwhile.
    pub(crate) async fn touch_api_token(
        &mut self,
        id: ApiTokenId,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
            id.0,
            now,
            unless_since
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }
}
