//! Second factors and the codes that stand in for them. As the worker: they are asked before anybody is signed in.

use super::worker::Worker;
use crate::Error;
use patchbay_domain::ids::UserId;
use time::OffsetDateTime;

/// A second factor as stored.
#[derive(Debug)]
pub(crate) struct StoredFactor {
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) confirmed: bool,
    pub(crate) last_step: Option<i64>,
    pub(crate) wrong_until: Option<OffsetDateTime>,
}

impl Worker {
    /// A user's second factor, confirmed or not. Until the transaction ends nobody else tries a code on it.
    pub(crate) async fn lock_second_factor(&mut self, user: UserId) -> Result<Option<StoredFactor>, Error> {
        let row = sqlx::query_as!(
            StoredFactor,
            r#"SELECT secret AS sealed_secret, confirmed_at IS NOT NULL AS "confirmed!", last_step, wrong_until
               FROM second_factors WHERE user_id = $1 FOR UPDATE"#,
            user.0
        );
        Ok(row.fetch_optional(self.tx().conn()).await?)
    }

    /// Stores a secret that waits for its first code, in place of another that did; whether there is none in force.
    pub(crate) async fn offer_second_factor(
        &mut self,
        user: UserId,
        sealed_secret: &[u8],
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        let done = sqlx::query!(
            "INSERT INTO second_factors (user_id, secret, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET secret = EXCLUDED.secret, created_at = EXCLUDED.created_at
             WHERE second_factors.confirmed_at IS NULL",
            user.0,
            sealed_secret,
            now
        )
        .execute(self.tx().conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn confirm_second_factor(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE second_factors SET confirmed_at = $2 WHERE user_id = $1",
            user.0,
            now
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Notes the code that was taken, and forgets the wrong ones before it.
    pub(crate) async fn take_step(&mut self, user: UserId, step: i64) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE second_factors SET last_step = $2, wrong_until = NULL WHERE user_id = $1",
            user.0,
            step
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn note_wrong_code(&mut self, user: UserId, until: OffsetDateTime) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE second_factors SET wrong_until = $2 WHERE user_id = $1",
            user.0,
            until
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Takes a second factor away, and the codes that stand in for it; whether one was in force.
    pub(crate) async fn delete_second_factor(&mut self, user: UserId) -> Result<bool, Error> {
        let confirmed = sqlx::query_scalar!(
            r#"DELETE FROM second_factors WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL AS "confirmed!""#,
            user.0
        );
        Ok(confirmed.fetch_optional(self.tx().conn()).await? == Some(true))
    }

    /// Stores codes in place of those that were there.
    pub(crate) async fn put_recovery_codes(&mut self, user: UserId, hashes: &[Vec<u8>]) -> Result<(), Error> {
        sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0)
            .execute(self.tx().conn())
            .await?;
        sqlx::query!(
            "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
            user.0,
            hashes
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// Uses a recovery code up; whether it was one.
    pub(crate) async fn take_recovery_code(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool, Error> {
        let done = sqlx::query!(
            "WITH used AS (DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2 RETURNING user_id)
             UPDATE second_factors SET wrong_until = NULL WHERE user_id IN (SELECT user_id FROM used)",
            user.0,
            hash
        )
        .execute(self.tx().conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
