//! The database: SQL and nothing else. One file a table family; rows are private to it.
//!
//! Every statement runs in a transaction that serves one request ([`Db::begin_as`], which row-level security then
//! holds to that user's rows) or the server itself ([`worker`]). There is no third way in.
//!
//! Row-level security is the second lock. The first is the statement's own: whatever a [`Tx`] reads, changes or deletes
//! of what users own says whose ([`Tx::owner`]), so that one lock alone still keeps users apart.

pub(crate) mod api_tokens;
pub(crate) mod audit;
pub(crate) mod bindings;
pub(crate) mod connector_checks;
mod connector_impact;
pub(crate) mod connector_list;
pub(crate) mod connector_versions;
pub(crate) mod connectors;
pub(crate) mod dynamic_tools;
mod folding;
pub(crate) mod idempotency;
pub(crate) mod invitations;
pub(crate) mod logos;
pub mod migrations;
pub(crate) mod overview;
pub(crate) mod roles;
pub(crate) mod rotation;
pub(crate) mod second_factors;
pub(crate) mod server_tokens;
pub(crate) mod servers;
pub(crate) mod serving;
pub(crate) mod session_rows;
pub mod sessions;
mod set_up_tokens;
pub(crate) mod sources;
pub(crate) mod tool_settings;
pub(crate) mod tools;
pub(crate) mod transfer;
pub(crate) mod transfer_servers;
pub(crate) mod usage;
mod user_list;
pub(crate) mod users;
pub(crate) mod worker;
mod worker_servers;

use crate::Error;
use patchbay_domain::ids::UserId;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgConnection, PgPool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{fmt, str::FromStr, time::Duration};

/// A connection that hears notifications.
pub(crate) use sqlx::postgres::PgListener as Listener;

/// How long a request waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The database, as a pool of connections.
#[derive(Clone)]
pub struct Db(PgPool);

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({} connections)", self.0.size())
    }
}

impl Db {
    /// Connects to the database that the URL names (`postgres://`, `postgresql://`, and the forms with a driver's
    /// name, such as `postgresql+asyncpg://`).
    ///
    /// # Errors
    /// When the URL is malformed or the database can't be reached. The error doesn't repeat the URL.
    pub async fn connect(url: &SecretString, max_connections: u32) -> Result<Self, Error> {
        let url = without_driver(url.expose_secret());
        let options =
            PgConnectOptions::from_str(&url).map_err(|_| Error::internal("DATABASE_URL is not a PostgreSQL URL"))?;
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.application_name("patchbay"))
            .await?;
        Ok(Self(pool))
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// Whether [`Self::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.0).await?;
        Ok(())
    }

    /// A transaction that serves this user's request: row-level security shows their rows only.
    pub(crate) async fn begin_as(&self, user: UserId) -> Result<Tx, Error> {
        let mut tx = self.0.begin().await?;
        sqlx::query!(
            "SELECT set_config('role', 'patchbay_app', true) AS role, set_config('patchbay.user_id', $1, true) AS user_id",
            user.to_string()
        )
        .fetch_one(&mut *tx)
        .await?;
        Ok(Tx { tx, user: Some(user) })
    }

    /// A transaction that serves the server itself and sees all rows. For [`worker`] and [`sessions`] only.
    async fn begin_as_worker(&self) -> Result<Tx, Error> {
        let mut tx = self.0.begin().await?;
        sqlx::query!("SELECT set_config('role', 'patchbay_worker', true) AS role")
            .fetch_one(&mut *tx)
            .await?;
        Ok(Tx { tx, user: None })
    }

    /// How far the counter has moved that every change's notification carries.
    pub(crate) async fn change_counter(&self) -> Result<i64, Error> {
        let counter = sqlx::query_scalar!(r#"SELECT last_value AS "last_value!" FROM change_counter"#);
        Ok(counter.fetch_one(&self.0).await?)
    }

    pub(crate) async fn listener(&self) -> Result<Listener, Error> {
        Ok(Listener::connect_with(&self.0).await?)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

impl From<PgPool> for Db {
    /// For tests, whose database is made for them.
    fn from(pool: PgPool) -> Self {
        Self(pool)
    }
}

/// A transaction; rolled back unless committed.
#[derive(Debug)]
pub(crate) struct Tx {
    tx: sqlx::Transaction<'static, Postgres>,
    /// Whose request it serves; nothing for the server itself.
    user: Option<UserId>,
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        Ok(self.tx.commit().await?)
    }

    fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Whose rows a statement keeps to, as its parameter: `$n::uuid IS NULL OR user_id = $n`. Nothing for the server
    /// itself, which sees everybody's.
    fn owner(&self) -> Option<uuid::Uuid> {
        self.user.map(|user| user.0)
    }
}

fn without_driver(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.split('+').next().unwrap_or(scheme)),
        None => url.to_owned(),
    }
}

/// The name of the constraint that a statement violated, if that is what went wrong.
fn violated(error: &sqlx::Error) -> Option<&str> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::constraint)
}

/// A count from the database, where there are no negative ones.
fn count(n: Option<i64>) -> u64 {
    n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drivers_name_in_the_scheme_is_dropped() {
        assert_eq!(
            without_driver("postgresql+asyncpg://u:p+q@h/d"),
            "postgresql://u:p+q@h/d"
        );
        assert_eq!(without_driver("postgres://h/d"), "postgres://h/d");
        assert_eq!(without_driver("nonsense"), "nonsense");
    }
}
