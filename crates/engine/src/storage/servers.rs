//! Users' MCP servers, as their owner sees them. What sees everybody's is [`super::worker_servers`]'s.

use super::{Tx, count};
use crate::{
    Error,
    servers::{SealedConfiguration, ServerFilter},
};
use patchbay_domain::{
    ids::{ConnectorId, ServerId, SourceId},
    usage::UsageView,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A server as stored, with its calls.
#[derive(Debug)]
pub(crate) struct StoredServer {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) connector_id: Option<Uuid>,
    pub(crate) sealed_configuration: Option<Vec<u8>>,
    pub(crate) secret_places: Option<String>,
    pub(crate) source_ids: Vec<Uuid>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) deleted_at: Option<OffsetDateTime>,
    calls: Option<i64>,
    errors: Option<i64>,
    total_micros: Option<i64>,
}

impl StoredServer {
    pub(crate) fn usage(&self) -> UsageView {
        usage(self.calls, self.errors, self.total_micros)
    }
}

pub(super) fn usage(calls: Option<i64>, errors: Option<i64>, total_micros: Option<i64>) -> UsageView {
    let calls = count(calls);
    UsageView {
        calls,
        errors: count(errors),
        mean_ms: count(total_micros).checked_div(calls).unwrap_or(0) / 1000,
    }
}

/// What a decision about a server needs to know.
#[derive(Debug)]
pub(crate) struct StandingServer {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) connector_id: Option<Uuid>,
    pub(crate) sealed_configuration: Option<Vec<u8>>,
    pub(crate) secret_places: Option<String>,
    pub(crate) source_ids: Vec<SourceId>,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) is_deleted: bool,
}

impl Tx {
    /// One server that isn't deleted, or, without an id, a page of them, newest first; with the calls since `usage_since`.
    async fn server_rows(
        &mut self,
        id: Option<ServerId>,
        filter: &ServerFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
        usage_since: OffsetDateTime,
    ) -> Result<Vec<StoredServer>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query_as!(
            StoredServer,
            r#"SELECT s.id, s.name, s.endpoint, s.connector_id, s.configuration AS sealed_configuration,
                      s.secret_places::text AS secret_places, s.source_ids, s.created_at, s.updated_at, s.deleted_at,
                      u.calls, u.errors, u.total_micros
               FROM (
                   SELECT * FROM mcp_servers
                   WHERE (deleted_at IS NOT NULL) = $6
                     AND ($1::uuid IS NULL OR id = $1)
                     AND ($7::text IS NULL OR strpos(lower(name || E'\n' || endpoint), lower($7)) > 0)
                     AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
                     AND ($8::uuid IS NULL OR user_id = $8)
                   ORDER BY created_at DESC, id DESC LIMIT $4
               ) s
               LEFT JOIN LATERAL (
                   SELECT sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
                          sum(total_micros)::bigint AS total_micros
                   FROM mcp_server_usage
                   WHERE server_id = s.id AND minute >= $5 AND ($8::uuid IS NULL OR user_id = $8)
               ) u ON true
               ORDER BY s.created_at DESC, s.id DESC"#,
            id.map(|id| id.0),
            before_at,
            before_id,
            i64::from(limit),
            usage_since,
            filter.deleted,
            filter.needle(),
            self.owner(),
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    pub(crate) async fn get_mcp_server_by_id(
        &mut self,
        id: ServerId,
        usage_since: OffsetDateTime,
    ) -> Result<Option<StoredServer>, Error> {
        let there = ServerFilter::default();
        let rows = self.server_rows(Some(id), &there, None, 1, usage_since).await?;
        Ok(rows.into_iter().next())
    }

    pub(crate) async fn get_user_mcp_servers(
        &mut self,
        filter: &ServerFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
        usage_since: OffsetDateTime,
    ) -> Result<Vec<StoredServer>, Error> {
        self.server_rows(None, filter, before, limit, usage_since).await
    }

    pub(crate) async fn count_user_mcp_servers(&mut self, filter: &ServerFilter) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            r"SELECT count(*) FROM mcp_servers
              WHERE (deleted_at IS NOT NULL) = $1
                AND ($2::text IS NULL OR strpos(lower(name || E'\n' || endpoint), lower($2)) > 0)
                AND ($3::uuid IS NULL OR user_id = $3)",
            filter.deleted,
            filter.needle(),
            self.owner(),
        );
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    /// Whether there is such a server that isn't deleted.
    pub(crate) async fn has_mcp_server(&mut self, id: ServerId) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM mcp_servers
                   WHERE id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)
               ) AS "has!""#,
            id.0,
            self.owner()
        );
        Ok(has.fetch_one(self.conn()).await?)
    }

    /// What a server is itself made from, if it is.
    pub(crate) async fn connector_of(&mut self, id: ServerId) -> Result<Option<ConnectorId>, Error> {
        let connector = sqlx::query_scalar!(
            "SELECT connector_id FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(connector.flatten().map(ConnectorId))
    }

    /// A server, deleted or not, held until the transaction ends: whoever changes it changes it alone.
    pub(crate) async fn lock_server(&mut self, id: ServerId) -> Result<Option<StandingServer>, Error> {
        sqlx::query!(
            "SELECT id FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR NO KEY UPDATE",
            id.0,
            self.owner()
        )
        .fetch_optional(self.conn())
        .await?;
        let row = sqlx::query!(
            r#"SELECT name, endpoint, connector_id, configuration, secret_places::text AS secret_places, source_ids,
                      updated_at, deleted_at IS NOT NULL AS "is_deleted!"
               FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)"#,
            id.0,
            self.owner()
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| StandingServer {
            name: row.name,
            endpoint: row.endpoint,
            connector_id: row.connector_id,
            sealed_configuration: row.configuration,
            secret_places: row.secret_places,
            source_ids: row.source_ids.into_iter().map(SourceId).collect(),
            updated_at: row.updated_at,
            is_deleted: row.is_deleted,
        }))
    }

    /// Changes the parts that are given. An endpoint can't be changed.
    pub(crate) async fn update_mcp_server(
        &mut self,
        id: ServerId,
        name: Option<&str>,
        source_ids: Option<&[SourceId]>,
        configuration: Option<&SealedConfiguration>,
    ) -> Result<(), Error> {
        let source_ids: Option<Vec<Uuid>> = source_ids.map(|ids| ids.iter().map(|id| id.0).collect());
        sqlx::query!(
            "UPDATE mcp_servers SET name = COALESCE($2, name), source_ids = COALESCE($3, source_ids),
                    configuration = COALESCE($4, configuration),
                    secret_places = CASE WHEN $4 IS NULL THEN secret_places ELSE $5::text::json END
             WHERE id = $1 AND ($6::uuid IS NULL OR user_id = $6)",
            id.0,
            name,
            source_ids.as_deref(),
            configuration.map(|configuration| configuration.sealed.as_slice()),
            configuration.map(|configuration| configuration.secret_places.as_str()),
            self.owner(),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Adds a source behind those that the server has. Both must be held.
    pub(crate) async fn add_source_to_server(&mut self, id: ServerId, source: SourceId) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_servers SET source_ids = array_append(source_ids, $2)
             WHERE id = $1 AND ($3::uuid IS NULL OR user_id = $3)",
            id.0,
            source.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn remove_source_from_server(&mut self, id: ServerId, source: SourceId) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_servers SET source_ids = array_remove(source_ids, $2)
             WHERE id = $1 AND ($3::uuid IS NULL OR user_id = $3)",
            id.0,
            source.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Whether there was such a server to delete.
    pub(crate) async fn delete_mcp_server(&mut self, id: ServerId, now: OffsetDateTime) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE mcp_servers SET deleted_at = $2
             WHERE id = $1 AND deleted_at IS NULL AND ($3::uuid IS NULL OR user_id = $3)",
            id.0,
            now,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Undoes that; whether there was anything to undo.
    pub(crate) async fn restore_mcp_server(&mut self, id: ServerId) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE mcp_servers SET deleted_at = NULL
             WHERE id = $1 AND deleted_at IS NOT NULL AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
