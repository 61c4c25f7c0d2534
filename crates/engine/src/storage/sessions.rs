//! Browser sessions, in the form that tower-sessions asks for.
//!
//! The cookie's value is stored as a hash, what the session carries is sealed, and the user and device stand in
//! columns of their own, so that sessions can be listed and ended. Statements run as the worker: a session is looked
//! up before anybody is known to be signed in.

use super::Db;
use crate::{Clock, random, vault::Vault};
use async_trait::async_trait;
use patchbay_domain::ids::{SessionId, UserId};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use uuid::Uuid;

/// Key of a session's data: its row's id.
pub(crate) const ROW: &str = "row";
/// Key of a session's data: who is signed in.
pub(crate) const USER: &str = "user";
/// Key of a session's data: the browser, as it names itself.
pub(crate) const DEVICE: &str = "device";

/// Keeps sessions in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PgSessionStore {
    db: Db,
    vault: Vault,
    clock: Clock,
}

impl PgSessionStore {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock) -> Self {
        Self { db, vault, clock }
    }
}

fn cookie_hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_be_bytes()).into()
}

fn field<T: serde::de::DeserializeOwned>(record: &Record, key: &str) -> Option<T> {
    record
        .data
        .get(key)
        .and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn purpose(hash: &[u8]) -> String {
    format!("sessions.data:{}", hex::encode(hash))
}

#[async_trait]
impl SessionStore for PgSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits don't collide, so creating and saving are the same.
        record.id = Id(i128::from_be_bytes(random::bytes()));
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let hash = cookie_hash(&record.id);
        let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let row: Uuid = field::<SessionId>(record, ROW).map_or_else(Uuid::new_v4, |id| id.0);
        let user = field::<UserId>(record, USER).map(|id| id.0);
        let device: Option<String> = field(record, DEVICE);
        let mut tx = self.db.begin_as_worker().await.map_err(backend)?;
        sqlx::query!(
            "INSERT INTO sessions (id, cookie_hash, user_id, device, data, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (cookie_hash) DO UPDATE
             SET user_id = EXCLUDED.user_id, device = EXCLUDED.device, data = EXCLUDED.data, expires_at = EXCLUDED.expires_at",
            row,
            &hash,
            user,
            device,
            self.vault.seal(&purpose(&hash), &data),
            record.expiry_date,
        )
        .execute(tx.conn())
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn load(&self, session_id: &Id) -> Result<Option<Record>> {
        let hash = cookie_hash(session_id);
        let mut tx = self.db.begin_as_worker().await.map_err(backend)?;
        let row = sqlx::query!(
            "SELECT data, expires_at FROM sessions WHERE cookie_hash = $1 AND expires_at > $2",
            &hash,
            self.clock.now()
        )
        .fetch_optional(tx.conn())
        .await
        .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let Ok(data) = self.vault.open(&purpose(&hash), &row.data) else {
            // Sealed with a key that is gone: whoever had it signs in again.
            return Ok(None);
        };
        let data = serde_json::from_slice(data.expose_secret()).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record {
            id: *session_id,
            data,
            expiry_date: row.expires_at,
        }))
    }

    async fn delete(&self, session_id: &Id) -> Result<()> {
        let mut tx = self.db.begin_as_worker().await.map_err(backend)?;
        sqlx::query!("DELETE FROM sessions WHERE cookie_hash = $1", &cookie_hash(session_id))
            .execute(tx.conn())
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}
