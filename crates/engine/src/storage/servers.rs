//! Users' MCP servers and their tokens, as their owner sees them.

use super::{Tx, connectors, count};
use crate::Error;
use patchbay_domain::{
    ids::{ServerId, ServerTokenId, UserId},
    server::{ServerConnector, ServerTokenView, ServerView},
    usage::UsageView,
};
use serde_json::Value;
use time::OffsetDateTime;

/// A server as stored, with its connector and its calls.
#[derive(Debug)]
pub(crate) struct StoredServer {
    pub(crate) id: uuid::Uuid,
    name: String,
    pub(crate) endpoint: String,
    pub(crate) sealed_configuration: Vec<u8>,
    pub(crate) secret_places: Option<String>,
    pub(crate) config: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    connector_id: uuid::Uuid,
    connector_number: i64,
    connector_name: String,
    connector_mode: String,
    tools_count: i32,
    logo_sha256: Option<Vec<u8>>,
    calls: Option<i64>,
    errors: Option<i64>,
    total_micros: Option<i64>,
}

impl StoredServer {
    /// The view, with the endpoint and the configuration as they may be shown.
    pub(crate) fn into_view(self, endpoint: String, configuration: Value) -> ServerView {
        ServerView {
            id: self.id.into(),
            name: self.name,
            endpoint,
            connector: Some(ServerConnector {
                id: self.connector_id.into(),
                connector_id: self.connector_number,
                name: self.connector_name,
                mode: connectors::mode(&self.connector_mode),
                logo_url: connectors::logo_url(self.connector_number, self.logo_sha256.as_deref()),
                tools_count: self.tools_count.unsigned_abs(),
            }),
            configuration,
            source_ids: Vec::new(),
            bindings: Vec::new(),
            usage: usage(self.calls, self.errors, self.total_micros),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            deleted_at: None,
        }
    }
}

fn usage(calls: Option<i64>, errors: Option<i64>, total_micros: Option<i64>) -> UsageView {
    let calls = count(calls);
    UsageView {
        calls,
        errors: count(errors),
        mean_ms: count(total_micros).checked_div(calls).unwrap_or(0) / 1000,
    }
}

#[derive(Debug)]
struct TokenRow {
    id: uuid::Uuid,
    name: String,
    prefix: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
}

impl From<TokenRow> for ServerTokenView {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.map(Into::into),
            expires_at: row.expires_at.map(Into::into),
        }
    }
}

/// A token to be stored: what it opens and its hash, never itself.
#[derive(Debug)]
pub(crate) struct NewToken<'a> {
    pub(crate) id: ServerTokenId,
    pub(crate) server: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) hash: [u8; 32],
}

impl Tx {
    /// One server, or, without an id, a page of them, newest first; with the calls since `usage_since`.
    async fn server_rows(
        &mut self,
        id: Option<ServerId>,
        before: Option<(OffsetDateTime, uuid::Uuid)>,
        limit: i64,
        usage_since: OffsetDateTime,
    ) -> Result<Vec<StoredServer>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query_as!(
            StoredServer,
            r#"SELECT s.id, s.name, s.endpoint, s.configuration AS "sealed_configuration!",
                      s.secret_places::text AS secret_places, c.config::text AS config, s.created_at, s.updated_at,
                      c.id AS connector_id, c.number AS connector_number, c.name AS connector_name,
                      c.mode AS connector_mode, c.tools_count,
                      (SELECT sha256 FROM connector_logos WHERE connector_id = c.id) AS logo_sha256,
                      u.calls, u.errors, u.total_micros
               FROM mcp_servers s
               JOIN mcp_connectors c ON c.id = s.connector_id
               LEFT JOIN LATERAL (
                   SELECT sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
                          sum(total_micros)::bigint AS total_micros
                   FROM mcp_server_usage WHERE server_id = s.id AND minute >= $5
               ) u ON true
               WHERE s.deleted_at IS NULL
                 AND ($1::uuid IS NULL OR s.id = $1)
                 AND ($2::timestamptz IS NULL OR (s.created_at, s.id) < ($2, $3::uuid))
               ORDER BY s.created_at DESC, s.id DESC LIMIT $4"#,
            id.map(|id| id.0),
            before_at,
            before_id,
            limit,
            usage_since,
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    pub(crate) async fn server(
        &mut self,
        id: ServerId,
        usage_since: OffsetDateTime,
    ) -> Result<Option<StoredServer>, Error> {
        let rows = self.server_rows(Some(id), None, 1, usage_since).await?;
        Ok(rows.into_iter().next())
    }

    pub(crate) async fn servers(
        &mut self,
        before: Option<(OffsetDateTime, uuid::Uuid)>,
        limit: u32,
        usage_since: OffsetDateTime,
    ) -> Result<Vec<StoredServer>, Error> {
        self.server_rows(None, before, i64::from(limit), usage_since).await
    }

    pub(crate) async fn count_servers(&mut self) -> Result<u64, Error> {
        let total = sqlx::query_scalar!("SELECT count(*) FROM mcp_servers WHERE deleted_at IS NULL");
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    /// Whether there was such a server to delete.
    pub(crate) async fn delete_mcp_server(&mut self, id: ServerId, now: OffsetDateTime) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE mcp_servers SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
            id.0,
            now
        )
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn insert_server_token(&mut self, token: &NewToken<'_>) -> Result<ServerTokenView, Error> {
        let row = sqlx::query_as!(
            TokenRow,
            "INSERT INTO mcp_server_tokens (id, server_id, user_id, name, prefix, token_hash)
             VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING id, name, prefix, created_at, last_used_at, expires_at",
            token.id.0,
            token.server.0,
            token.user.0,
            token.name,
            token.prefix,
            &token.hash,
        )
        .fetch_one(self.conn())
        .await?;
        Ok(row.into())
    }

    /// Those that still open the server, newest first.
    pub(crate) async fn server_tokens(&mut self, server: ServerId) -> Result<Vec<ServerTokenView>, Error> {
        let rows = sqlx::query_as!(
            TokenRow,
            "SELECT id, name, prefix, created_at, last_used_at, expires_at FROM mcp_server_tokens
             WHERE server_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id",
            server.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(ServerTokenView::from).collect())
    }

    /// The name of the token that was revoked; nothing where there was none.
    pub(crate) async fn revoke_server_token(
        &mut self,
        server: ServerId,
        token: ServerTokenId,
        now: OffsetDateTime,
    ) -> Result<Option<String>, Error> {
        let name = sqlx::query_scalar!(
            "UPDATE mcp_server_tokens SET revoked_at = $3 WHERE id = $2 AND server_id = $1 AND revoked_at IS NULL
             RETURNING name",
            server.0,
            token.0,
            now
        );
        Ok(name.fetch_optional(self.conn()).await?)
    }

    /// The user's calls since then, over all their servers.
    pub(crate) async fn usage(&mut self, since: OffsetDateTime) -> Result<UsageView, Error> {
        let row = sqlx::query!(
            "SELECT sum(calls)::bigint AS calls, sum(errors)::bigint AS errors, sum(total_micros)::bigint AS total_micros
             FROM mcp_server_usage WHERE minute >= $1",
            since
        )
        .fetch_one(self.conn())
        .await?;
        Ok(usage(row.calls, row.errors, row.total_micros))
    }
}
