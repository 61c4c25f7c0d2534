//! What runs for the server itself and so sees every user's rows: the way in, locks, the pool, the gateway's look-ups
//! and usage. What else does has a file of its own that says so. Nothing takes an id from a request without a rule around it.

use super::{Db, Tx};
use crate::{Error, gateway::UsageRecord};

/// Taken while an endpoint is chosen, so that two servers never choose the same one.
const POOL_LOCK: i64 = 0x7061_7463_6862_0001;
/// Taken while the first superuser is made, so that there is only one.
const SET_UP_LOCK: i64 = 0x7061_7463_6862_0002;
/// Taken while rows are added to the audit log, so that each has one row before it.
const AUDIT_LOCK: i64 = 0x7061_7463_6862_0003;
/// Taken while a superuser's role or account is taken away, so that two of them don't leave nobody.
const SUPERUSERS_LOCK: i64 = 0x7061_7463_6862_0004;
/// Taken while an invitation is added, so that there are never more than may be.
const INVITATIONS_LOCK: i64 = 0x7061_7463_6862_0005;

impl Db {
    /// A transaction that sees all users' rows.
    pub(crate) async fn worker(&self) -> Result<Worker, Error> {
        Ok(Worker(self.begin_as_worker().await?))
    }
}

impl Tx {
    /// The same transaction, serving the server itself from here on. Statements about what users own still keep to those
    /// of the user whose request it is.
    pub(crate) async fn into_worker(mut self) -> Result<Worker, Error> {
        sqlx::query!("SELECT set_config('role', 'patchbay_worker', true) AS role")
            .fetch_one(self.conn())
            .await?;
        Ok(Worker(self))
    }
}

/// A transaction that serves the server itself.
#[derive(Debug)]
pub(crate) struct Worker(Tx);

impl Worker {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.0.commit().await
    }

    /// The same transaction, for statements that other files have.
    pub(crate) fn tx(&mut self) -> &mut Tx {
        &mut self.0
    }

    async fn lock(&mut self, key: i64) -> Result<(), Error> {
        sqlx::query!("SELECT pg_advisory_xact_lock($1) AS locked", key)
            .fetch_one(self.0.conn())
            .await?;
        Ok(())
    }

    pub(super) async fn lock_audit(&mut self) -> Result<(), Error> {
        self.lock(AUDIT_LOCK).await
    }

    pub(crate) async fn lock_set_up(&mut self) -> Result<(), Error> {
        self.lock(SET_UP_LOCK).await
    }

    /// Holds whatever could leave nobody in charge until the transaction ends.
    pub(crate) async fn lock_superusers(&mut self) -> Result<(), Error> {
        self.lock(SUPERUSERS_LOCK).await
    }

    /// Holds invitations, so that nobody else counts them.
    pub(crate) async fn lock_invitations(&mut self) -> Result<(), Error> {
        self.lock(INVITATIONS_LOCK).await
    }

    /// Holds the pool until the transaction ends.
    pub(crate) async fn lock_pool(&mut self) -> Result<(), Error> {
        self.lock(POOL_LOCK).await
    }

    /// Endpoints that are whole URLs, from the pool as it is or once was.
    pub(crate) async fn pool_endpoints(&mut self) -> Result<Vec<String>, Error> {
        let endpoints = sqlx::query_scalar!("SELECT endpoint FROM mcp_servers WHERE endpoint NOT LIKE '/%'");
        Ok(endpoints.fetch_all(self.0.conn()).await?)
    }

    /// Adds to the counters; a server that was deleted meanwhile is passed over. Rows are locked in one order
    /// everywhere, so that two processes that write at the same time don't wait for each other.
    pub(crate) async fn add_usage(&mut self, records: &[UsageRecord]) -> Result<(), Error> {
        let servers: Vec<_> = records.iter().map(|r| r.server.0).collect();
        // Whoever deletes a server deletes its tokens before its counters. A counter that is there already doesn't lock
        // its server by itself.
        sqlx::query!(
            "SELECT id FROM mcp_servers WHERE id = ANY($1) ORDER BY id FOR KEY SHARE",
            &servers
        )
        .fetch_all(self.0.conn())
        .await?;
        let column =
            |value: fn(&UsageRecord) -> u64| -> Vec<i64> { records.iter().map(|r| signed(value(r))).collect() };
        sqlx::query!(
            "INSERT INTO mcp_server_usage (server_id, user_id, minute, tool, calls, errors, total_micros, bytes)
             SELECT s.id, s.user_id, r.minute, r.tool, sum(r.calls), sum(r.errors), sum(r.total_micros), sum(r.bytes)
             FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
                  AS r (server_id, minute, tool, calls, errors, total_micros, bytes)
             JOIN mcp_servers s ON s.id = r.server_id
             GROUP BY s.id, s.user_id, r.minute, r.tool ORDER BY s.id, r.minute, r.tool
             ON CONFLICT (server_id, minute, tool) DO UPDATE
             SET calls = mcp_server_usage.calls + EXCLUDED.calls, errors = mcp_server_usage.errors + EXCLUDED.errors,
                 total_micros = mcp_server_usage.total_micros + EXCLUDED.total_micros,
                 bytes = mcp_server_usage.bytes + EXCLUDED.bytes",
            &servers,
            &records.iter().map(|r| r.minute).collect::<Vec<_>>(),
            &records.iter().map(|r| r.tool.clone()).collect::<Vec<_>>(),
            &column(|r| r.calls),
            &column(|r| r.errors),
            &column(|r| r.total_micros),
            &column(|r| r.bytes),
        )
        .execute(self.0.conn())
        .await?;
        self.touch_tokens(records).await
    }

    /// Notes when tokens were last used.
    async fn touch_tokens(&mut self, records: &[UsageRecord]) -> Result<(), Error> {
        let used = records.iter().filter_map(|r| Some((r.token?.0, r.minute)));
        let (tokens, minutes): (Vec<_>, Vec<_>) = used.unzip();
        sqlx::query!(
            "WITH used AS (
                 SELECT id, max(minute) AS minute FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, minute) GROUP BY id
             ), locked AS (
                 SELECT id FROM mcp_server_tokens WHERE id = ANY($1) ORDER BY id FOR UPDATE
             )
             UPDATE mcp_server_tokens t SET last_used_at = GREATEST(t.last_used_at, used.minute)
             FROM used JOIN locked ON locked.id = used.id WHERE t.id = used.id",
            &tokens,
            &minutes,
        )
        .execute(self.0.conn())
        .await?;
        Ok(())
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
