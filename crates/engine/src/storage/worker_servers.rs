//! Servers as the server itself sees them, whoever's they are: the pool of endpoints, and what admins do. As all that runs
//! as the worker, nothing here takes an id from a request without a rule around it.

use super::{count, servers::usage, violated, worker::Worker};
use crate::{
    Error,
    endpoint::Endpoints,
    error::NotFound,
    servers::{NewServer, ServerFilter},
};
use patchbay_domain::{
    ids::{ConnectorRef, ServerId, UserId},
    server::ServerOfUser,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose server it is, which version of it this is, whether it is deleted, and what it is called.
#[derive(Debug)]
pub(crate) struct OwnedServer {
    pub(crate) owner: UserId,
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) is_deleted: bool,
}

impl Worker {
    /// How many servers a user has, soft-deleted ones included, because those hold their endpoints too.
    pub(crate) async fn count_all_servers_of(&mut self, user: UserId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!("SELECT count(*) FROM mcp_servers WHERE user_id = $1", user.0);
        Ok(count(total.fetch_one(self.tx().conn()).await?))
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
        Ok(free.fetch_optional(self.tx().conn()).await?)
    }

    pub(crate) async fn create_mcp_server(&mut self, new: &NewServer<'_>) -> Result<(), Error> {
        let source_ids: Vec<Uuid> = new.source_ids.iter().map(|id| id.0).collect();
        sqlx::query!(
            "INSERT INTO mcp_servers (id, user_id, name, endpoint, connector_id, configuration, secret_places, source_ids)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json, $8)",
            new.id.0,
            new.user.0,
            new.name,
            new.endpoint,
            new.connector.map(|id| id.0),
            new.configuration.map(|configuration| configuration.sealed.as_slice()),
            new.configuration.map(|configuration| configuration.secret_places.as_str()),
            &source_ids,
        )
        .execute(self.tx().conn())
        .await
        .map_err(|error| match (violated(&error), new.connector) {
            // It was deleted since it was looked at.
            (Some("mcp_servers_connector_fkey"), Some(id)) => NotFound::Connector(ConnectorRef::Id(id)).into(),
            (Some("mcp_servers_user_fkey"), _) => NotFound::User.into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// A server, deleted or not, held until the transaction ends so that it can be deleted for good.
    pub(crate) async fn lock_any_server(&mut self, id: ServerId) -> Result<Option<OwnedServer>, Error> {
        let row = sqlx::query!(
            r#"SELECT user_id, name, endpoint, updated_at, deleted_at IS NOT NULL AS "is_deleted!" FROM mcp_servers
               WHERE id = $1 FOR UPDATE"#,
            id.0
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| OwnedServer {
            owner: row.user_id.into(),
            name: row.name,
            endpoint: row.endpoint,
            updated_at: row.updated_at,
            is_deleted: row.is_deleted,
        }))
    }

    /// Deletes a server with all that hangs on it. Its endpoint is free again.
    pub(crate) async fn hard_delete_mcp_server(&mut self, id: ServerId) -> Result<(), Error> {
        sqlx::query!("DELETE FROM mcp_servers WHERE id = $1", id.0)
            .execute(self.tx().conn())
            .await?;
        Ok(())
    }

    /// A page of everybody's servers, newest first, with the calls since `usage_since`.
    pub(crate) async fn servers_of_all(
        &mut self,
        filter: &ServerFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
        usage_since: OffsetDateTime,
        endpoints: &Endpoints,
    ) -> Result<Vec<ServerOfUser>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query!(
            r#"SELECT s.id, s.name, s.endpoint, s.user_id, s.owner AS "owner!", c.name AS "connector?",
                      cardinality(s.source_ids) AS "sources_count!", s.created_at, s.updated_at, s.deleted_at,
                      u.calls, u.errors, u.total_micros
               FROM (
                   SELECT mcp_servers.*, users.email AS owner FROM mcp_servers JOIN users ON users.id = mcp_servers.user_id
                   WHERE (deleted_at IS NOT NULL) = $5
                     AND ($6::text IS NULL OR strpos(lower(concat_ws(E'\n', name, endpoint, email)), lower($6)) > 0)
                     AND ($1::timestamptz IS NULL OR (mcp_servers.created_at, mcp_servers.id) < ($1, $2::uuid))
                   ORDER BY mcp_servers.created_at DESC, mcp_servers.id DESC LIMIT $3
               ) s
               LEFT JOIN mcp_connectors c ON c.id = s.connector_id
               LEFT JOIN LATERAL (
                   SELECT sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
                          sum(total_micros)::bigint AS total_micros
                   FROM mcp_server_usage WHERE server_id = s.id AND minute >= $4
               ) u ON true
               ORDER BY s.created_at DESC, s.id DESC"#,
            before_at,
            before_id,
            i64::from(limit),
            usage_since,
            filter.deleted,
            filter.needle(),
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ServerOfUser {
                id: row.id.into(),
                name: row.name,
                endpoint: endpoints.url(&row.endpoint),
                user_id: row.user_id.into(),
                owner: row.owner,
                connector: row.connector,
                sources_count: row.sources_count.unsigned_abs(),
                usage: usage(row.calls, row.errors, row.total_micros),
                created_at: row.created_at.into(),
                updated_at: row.updated_at.into(),
                deleted_at: row.deleted_at.map(Into::into),
            })
            .collect())
    }

    pub(crate) async fn count_servers_of_all(&mut self, filter: &ServerFilter) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            r"SELECT count(*) FROM mcp_servers JOIN users ON users.id = mcp_servers.user_id
              WHERE (deleted_at IS NOT NULL) = $1
                AND ($2::text IS NULL OR strpos(lower(concat_ws(E'\n', name, endpoint, email)), lower($2)) > 0)",
            filter.deleted,
            filter.needle(),
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }
}
