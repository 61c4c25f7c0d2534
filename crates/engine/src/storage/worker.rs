//! What runs for the server itself and so sees every user's rows: sign-in, tokens, the pool, the gateway's look-ups
//! and usage. Nothing here takes an id from a request without a rule around it.

use super::{Db, Tx, connectors, count, users, violated};
use crate::{
    Actor, Error,
    actor::Origin,
    error::{Conflict, NotFound},
    gateway::{RouteKey, ServerRow, TokenGrant, UsageRecord},
    servers::NewServer,
    upstream::manifest::empty_list,
};
use patchbay_domain::{
    ids::{ConnectorRef, SessionId, UserId},
    user::{Role, UserView},
};
use time::OffsetDateTime;

/// Taken while an endpoint is chosen, so that two servers never choose the same one.
const POOL_LOCK: i64 = 0x7061_7463_6862_0001;
/// Taken while the first superuser is made, so that there is only one.
const SET_UP_LOCK: i64 = 0x7061_7463_6862_0002;
/// Taken while rows are added to the audit log, so that each has one row before it.
const AUDIT_LOCK: i64 = 0x7061_7463_6862_0003;

impl Db {
    /// A transaction that sees all users' rows.
    pub(crate) async fn worker(&self) -> Result<Worker, Error> {
        Ok(Worker(self.begin_as_worker().await?))
    }
}

impl Tx {
    /// The same transaction, serving the server itself from here on.
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

    pub(crate) async fn has_superuser(&mut self) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM user_roles WHERE role = 'superuser') AS "has!""#);
        Ok(has.fetch_one(self.0.conn()).await?)
    }

    pub(crate) async fn insert_set_up_token(
        &mut self,
        hash: &[u8; 32],
        expires_at: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO set_up_tokens (token_hash, expires_at) VALUES ($1, $2)",
            hash,
            expires_at
        )
        .execute(self.0.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn has_set_up_token(&mut self, hash: &[u8; 32], now: OffsetDateTime) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM set_up_tokens WHERE token_hash = $1 AND expires_at > $2) AS "has!""#,
            hash,
            now
        );
        Ok(has.fetch_one(self.0.conn()).await?)
    }

    pub(crate) async fn delete_set_up_tokens(&mut self) -> Result<(), Error> {
        sqlx::query!("DELETE FROM set_up_tokens").execute(self.0.conn()).await?;
        Ok(())
    }

    pub(crate) async fn create_user(&mut self, email: &str, hash: &str, role: Option<Role>) -> Result<UserView, Error> {
        let id = sqlx::query_scalar!(
            "INSERT INTO users (email, hashed_password) VALUES ($1, $2) RETURNING id",
            email,
            hash
        )
        .fetch_one(self.0.conn())
        .await
        .map_err(|error| match violated(&error) {
            Some("users_email_key") => Conflict::Email.into(),
            _ => Error::from(error),
        })?;
        if let Some(role) = role {
            sqlx::query!(
                "INSERT INTO user_roles (user_id, role) VALUES ($1, $2)",
                id,
                role.as_str()
            )
            .execute(self.0.conn())
            .await?;
        }
        let user = self.0.user(id.into()).await?;
        user.ok_or_else(|| Error::internal("a user was gone right after being inserted"))
    }

    /// A user's id and password hash.
    pub(crate) async fn credentials(&mut self, email: &str) -> Result<Option<(UserId, String)>, Error> {
        let row = sqlx::query!(
            "SELECT id, hashed_password FROM users WHERE lower(email) = lower($1)",
            email
        )
        .fetch_optional(self.0.conn())
        .await?;
        Ok(row.map(|row| (row.id.into(), row.hashed_password)))
    }

    /// Sets the password and ends all of the user's sessions; how many there were.
    pub(crate) async fn update_user_password(&mut self, id: UserId, hash: &str) -> Result<u64, Error> {
        sqlx::query!("UPDATE users SET hashed_password = $2 WHERE id = $1", id.0, hash)
            .execute(self.0.conn())
            .await?;
        let ended = sqlx::query!("DELETE FROM sessions WHERE user_id = $1", id.0)
            .execute(self.0.conn())
            .await?;
        Ok(ended.rows_affected())
    }

    /// Who is signed in with this session's row, if it hasn't ended.
    pub(crate) async fn session_actor(&mut self, id: SessionId, now: OffsetDateTime) -> Result<Option<Actor>, Error> {
        let row = sqlx::query!(
            r#"SELECT user_id AS "user_id!",
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = sessions.user_id) AS "roles!: Vec<String>"
               FROM sessions WHERE id = $1 AND user_id IS NOT NULL AND expires_at > $2"#,
            id.0,
            now
        )
        .fetch_optional(self.0.conn())
        .await?;
        Ok(row.map(|row| Actor {
            user: row.user_id.into(),
            roles: users::roles(&row.roles),
            session: Some(id),
            origin: Origin::SYSTEM,
        }))
    }

    /// Ends one session; whether it was there.
    pub(crate) async fn delete_session(&mut self, id: SessionId) -> Result<bool, Error> {
        let done = sqlx::query!("DELETE FROM sessions WHERE id = $1", id.0)
            .execute(self.0.conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn delete_expired_sessions(&mut self, now: OffsetDateTime) -> Result<u64, Error> {
        let done = sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", now)
            .execute(self.0.conn())
            .await?;
        sqlx::query!("DELETE FROM set_up_tokens WHERE expires_at <= $1", now)
            .execute(self.0.conn())
            .await?;
        Ok(done.rows_affected())
    }

    /// Holds the pool until the transaction ends.
    pub(crate) async fn lock_pool(&mut self) -> Result<(), Error> {
        self.lock(POOL_LOCK).await
    }

    /// How many servers a user has, soft-deleted ones included, because those hold their endpoints too.
    pub(crate) async fn count_all_servers_of(&mut self, user: UserId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!("SELECT count(*) FROM mcp_servers WHERE user_id = $1", user.0);
        Ok(count(total.fetch_one(self.0.conn()).await?))
    }

    /// The first of these endpoints, in their order, that no server holds, with either scheme.
    pub(crate) async fn first_free_endpoint(&mut self, endpoints: &[String]) -> Result<Option<String>, Error> {
        let free = sqlx::query_scalar!(
            r#"SELECT candidate AS "candidate!" FROM unnest($1::text[]) WITH ORDINALITY AS pool (candidate, position)
               WHERE NOT EXISTS (
                   SELECT FROM mcp_servers
                   WHERE endpoint IN (candidate, replace(candidate, 'http://', 'https://'), replace(candidate, 'https://', 'http://'))
               )
               ORDER BY position LIMIT 1"#,
            endpoints
        );
        Ok(free.fetch_optional(self.0.conn()).await?)
    }

    pub(crate) async fn create_mcp_server(&mut self, new: &NewServer<'_>) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO mcp_servers (id, user_id, name, endpoint, connector_id, configuration, secret_places)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json)",
            new.id.0,
            new.user.0,
            new.name,
            new.endpoint,
            new.connector.0,
            new.configuration.sealed,
            new.configuration.secret_places,
        )
        .execute(self.0.conn())
        .await
        .map_err(|error| match violated(&error) {
            // It was deleted since it was looked at.
            Some("mcp_servers_connector_fkey") => NotFound::Connector(ConnectorRef::Id(new.connector)).into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// Everything that the gateway needs to serve a server; what its connector's service says by now only while that
    /// isn't in force, and only if it is wanted; templates only where tools are made from them.
    pub(crate) async fn server_row(&mut self, key: &RouteKey, with_upstream: bool) -> Result<Option<ServerRow>, Error> {
        let (endpoints, id) = match key {
            RouteKey::Endpoint(endpoint) => (endpoint.stored_forms(), None),
            RouteKey::Server(id) => (Vec::new(), Some(id.0)),
        };
        let row = sqlx::query!(
            r#"SELECT s.id, s.user_id, s.name, s.configuration AS "configuration!", c.id AS connector_id, c.name AS connector_name,
                      c.mode, c.version, c.mcp_url, c.secret, c.secret_header, c.tools::text AS "tools!",
                      CASE WHEN d.makes THEN c.templates::text END AS templates, c.config::text AS config,
                      k.tools::text AS upstream_tools,
                      CASE WHEN d.makes THEN k.templates::text END AS upstream_templates
               FROM mcp_servers s
               CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM mcp_server_tools WHERE server_id = s.id) AS makes) d
               JOIN mcp_connectors c ON c.id = s.connector_id
               LEFT JOIN connector_checks k ON k.connector_id = c.id AND c.changes IS NOT NULL AND c.mode <> 'sync' AND $3
               WHERE s.deleted_at IS NULL AND (s.endpoint = ANY($1) OR s.id = $2)"#,
            &endpoints,
            id,
            with_upstream
        )
        .fetch_optional(self.0.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let dynamic = self.0.dynamic_tools(row.id.into()).await?;
        Ok(Some(ServerRow {
            id: row.id.into(),
            user: row.user_id.into(),
            name: row.name,
            sealed_configuration: row.configuration,
            connector: row.connector_id.into(),
            connector_name: row.connector_name,
            mode: connectors::mode(&row.mode),
            version: row.version,
            mcp_url: row.mcp_url,
            sealed_secret: row.secret,
            secret_header: row.secret_header,
            tools: connectors::raw(row.tools)?,
            templates: row
                .templates
                .map(connectors::raw)
                .transpose()?
                .unwrap_or_else(empty_list),
            upstream_tools: row.upstream_tools.map(connectors::raw).transpose()?,
            upstream_templates: row.upstream_templates.map(connectors::raw).transpose()?,
            dynamic,
            config: row.config.map(connectors::raw).transpose()?,
        }))
    }

    /// What a token opens, unless it was revoked or its server deleted.
    pub(crate) async fn token_grant(&mut self, hash: &[u8; 32]) -> Result<Option<TokenGrant>, Error> {
        let row = sqlx::query!(
            "SELECT t.id, t.server_id, t.user_id, t.expires_at
             FROM mcp_server_tokens t JOIN mcp_servers s ON s.id = t.server_id
             WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND s.deleted_at IS NULL",
            hash
        )
        .fetch_optional(self.0.conn())
        .await?;
        Ok(row.map(|row| TokenGrant {
            token: row.id.into(),
            server: row.server_id.into(),
            user: row.user_id.into(),
            expires_at: row.expires_at,
        }))
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
