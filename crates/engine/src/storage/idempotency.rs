//! Keys that requests came with, and what those were answered.

use super::{Tx, worker::Worker};
use crate::Error;
use patchbay_domain::ids::UserId;
use time::OffsetDateTime;
use uuid::Uuid;

/// A request that is about to be carried out.
#[derive(Debug)]
pub(crate) struct NewAttempt<'a> {
    pub(crate) id: Uuid,
    pub(crate) user: UserId,
    pub(crate) key_hash: &'a [u8; 32],
    pub(crate) request_mac: &'a [u8; 32],
    pub(crate) begun_at: OffsetDateTime,
    /// Keys from before that are free again.
    pub(crate) known_since: OffsetDateTime,
    /// So are those of attempts from before that have done nothing.
    pub(crate) alive_since: OffsetDateTime,
}

/// What came with a key before.
#[derive(Debug)]
pub(crate) struct StoredAttempt {
    pub(crate) id: Uuid,
    pub(crate) request_mac: Vec<u8>,
    pub(crate) begun_at: OffsetDateTime,
    pub(crate) answered_at: Option<OffsetDateTime>,
    pub(crate) answer: Option<Vec<u8>>,
}

impl Tx {
    /// Takes the key, if it is free; whether it was.
    pub(crate) async fn begin_attempt(&mut self, new: &NewAttempt<'_>) -> Result<bool, Error> {
        let done = sqlx::query!(
            "INSERT INTO idempotency_keys AS k (id, user_id, key_hash, request_mac, begun_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE
             SET id = excluded.id, request_mac = excluded.request_mac, begun_at = excluded.begun_at,
                 done_at = NULL, answered_at = NULL, answer = NULL
             WHERE k.begun_at <= $6 OR (k.begun_at <= $7 AND k.done_at IS NULL AND k.answered_at IS NULL)",
            new.id,
            new.user.0,
            new.key_hash,
            new.request_mac,
            new.begun_at,
            new.known_since,
            new.alive_since,
        )
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn attempt(&mut self, key_hash: &[u8; 32]) -> Result<Option<StoredAttempt>, Error> {
        let row = sqlx::query_as!(
            StoredAttempt,
            "SELECT id, request_mac, begun_at, answered_at, answer FROM idempotency_keys
             WHERE key_hash = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            key_hash,
            self.owner()
        );
        Ok(row.fetch_optional(self.conn()).await?)
    }

    /// Does nothing where somebody else has taken over.
    pub(crate) async fn keep_answer(&mut self, id: Uuid, now: OffsetDateTime, sealed: &[u8]) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE idempotency_keys SET answered_at = $2, answer = $3
             WHERE id = $1 AND ($4::uuid IS NULL OR user_id = $4)",
            id,
            now,
            sealed,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn give_up_attempt(&mut self, id: Uuid, now: OffsetDateTime) -> Result<(), Error> {
        sqlx::query!(
            "DELETE FROM idempotency_keys WHERE id = $1 AND done_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)",
            id,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "UPDATE idempotency_keys SET answered_at = $2 WHERE id = $1 AND ($3::uuid IS NULL OR user_id = $3)",
            id,
            now,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl Worker {
    /// Whether the attempt still holds its key.
    pub(crate) async fn note_done(&mut self, id: Uuid, now: OffsetDateTime) -> Result<bool, Error> {
        let done = sqlx::query!("UPDATE idempotency_keys SET done_at = $2 WHERE id = $1", id, now)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Answers that were given before the one time, and keys from before the other; how many answers there were.
    pub(crate) async fn forget_answers(
        &mut self,
        answered_before: OffsetDateTime,
        begun_before: OffsetDateTime,
    ) -> Result<u64, Error> {
        let forgotten = sqlx::query!(
            "UPDATE idempotency_keys SET answer = NULL WHERE answer IS NOT NULL AND answered_at <= $1",
            answered_before
        )
        .execute(self.tx().conn())
        .await?;
        sqlx::query!("DELETE FROM idempotency_keys WHERE begun_at <= $1", begun_before)
            .execute(self.tx().conn())
            .await?;
        Ok(forgotten.rows_affected())
    }
}
