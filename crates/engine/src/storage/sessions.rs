//! Browser sessions, in the form that tower-sessions asks for.
//!
//! The cookie's value is stored as a hash, what the session carries is sealed, and the user and device stand in
//! columns of their own, so that sessions can be listed and ended. Statements run as the worker: a session is looked
//! up before anybody is known to be signed in.

use super::Db;
use crate::{Clock, random, users::PasswordMark, vault::Vault};
use async_trait::async_trait;
use patchbay_domain::ids::{SessionId, UserId};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
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
/// Key of a session's data: the password that was shown for it.
pub(crate) const PASSWORD: &str = "password";
/// Key of a session's data: the browser, as it names itself.
pub(crate) const DEVICE: &str = "device";
/// Key of a session's data: where it was begun.
pub(crate) const ADDRESS: &str = "address";

/// Key of a session's data: when it was last given its whole lifetime.
pub(crate) const RENEWED: &str = "renewed";

/// How long a session of nobody is kept: it carries what one page tells the next, and anybody can have one.
const NOBODYS_LIFETIME: Duration = Duration::minutes(10);

/// Keeps sessions in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PgSessionStore {
    db: Db,
    vault: Vault,
    clock: Clock,
}

/// A session as its row has it.
struct Columns {
    row: Uuid,
    cookie_hash: [u8; 32],
    user: Option<Uuid>,
    device: Option<String>,
    address: Option<String>,
    data: Vec<u8>,
    expires_at: OffsetDateTime,
}

impl PgSessionStore {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock) -> Self {
        Self { db, vault, clock }
    }

    fn columns(&self, record: &Record) -> Result<Columns> {
        let cookie_hash = cookie_hash(&record.id);
        let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let user = field::<UserId>(record, USER).map(|id| id.0);
        Ok(Columns {
            row: field::<SessionId>(record, ROW).map_or_else(Uuid::new_v4, |id| id.0),
            expires_at: match user {
                Some(_) => record.expiry_date,
                None => record.expiry_date.min(self.clock.now() + NOBODYS_LIFETIME),
            },
            user,
            device: field(record, DEVICE),
            address: field(record, ADDRESS),
            data: self.vault.seal(&purpose(&cookie_hash), &data),
            cookie_hash,
        })
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

pub(super) fn purpose(hash: &[u8]) -> String {
    format!("sessions.data:{}", hex::encode(hash))
}

#[async_trait]
impl SessionStore for PgSessionStore {
    /// Stores a new session. Nobody's is begun with a password that isn't theirs any more: it would outlive the end of their
    /// sessions that came with the new one.
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.id = Id(i128::from_be_bytes(random::bytes()));
        let columns = self.columns(record)?;
        let mut worker = self.db.worker().await.map_err(backend)?;
        if let Some(user) = columns.user {
            let shown = field::<PasswordMark>(record, PASSWORD).unwrap_or_default();
            if !worker.password_is(user.into(), &shown).await.map_err(backend)? {
                return Ok(());
            }
        }
        sqlx::query!(
            "INSERT INTO sessions (id, cookie_hash, user_id, device, address, data, created_at, last_used_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
            columns.row,
            &columns.cookie_hash,
            columns.user,
            columns.device,
            columns.address,
            columns.data,
            self.clock.now(),
            columns.expires_at,
        )
        .execute(worker.tx().conn())
        .await
        .map_err(backend)?;
        worker.commit().await.map_err(backend)
    }

    /// Changes a session that is still there. One that was ended while a request had it in hand stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let columns = self.columns(record)?;
        let mut tx = self.db.begin_as_worker().await.map_err(backend)?;
        sqlx::query!(
            "UPDATE sessions SET user_id = $2, device = $3, address = $4, data = $5, expires_at = $6 WHERE cookie_hash = $1",
            &columns.cookie_hash,
            columns.user,
            columns.device,
            columns.address,
            columns.data,
            columns.expires_at,
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
