//! Whom it affects when a connector goes: other users' servers and sources, and so for the worker only.

use super::{count, worker::Worker};
use crate::Error;
use patchbay_domain::{
    changes::{Affected, AffectedServer, IMPACT_NAMES_MAX, Impact},
    ids::{ConnectorId, ServerId},
};
use time::OffsetDateTime;

impl Worker {
    /// Whom it affects when the connector of that id and name goes; with the calls since then.
    pub(crate) async fn connector_impact(
        &mut self,
        id: ConnectorId,
        name: &str,
        since: OffsetDateTime,
    ) -> Result<Impact, Error> {
        let totals = sqlx::query!(
            r#"WITH affected AS (
                   SELECT id, user_id, deleted_at, true AS made FROM mcp_servers WHERE connector_id = $1
                   UNION
                   SELECT s.id, s.user_id, s.deleted_at, false FROM sources o
                   JOIN mcp_servers s ON s.source_ids @> ARRAY[o.id]
                   WHERE o.type = $2 AND s.connector_id IS DISTINCT FROM $1 AND s.deleted_at IS NULL
               )
               SELECT count(*) FILTER (WHERE made AND deleted_at IS NULL) AS servers,
                      count(*) FILTER (WHERE NOT made) AS servers_with_sources,
                      count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted_servers,
                      count(DISTINCT user_id) FILTER (WHERE deleted_at IS NULL) AS users,
                      (SELECT count(*) FROM sources WHERE type = $2) AS sources,
                      (SELECT count(*) FROM mcp_server_tools t JOIN mcp_servers o ON o.id = t.server_id
                       LEFT JOIN sources f ON f.id = t.source_id
                       WHERE CASE WHEN t.source_id IS NULL THEN o.connector_id = $1 ELSE f.type = $2 END) AS dynamic_tools,
                      (SELECT sum(u.calls)::bigint FROM mcp_server_usage u
                       WHERE u.server_id IN (SELECT id FROM affected) AND u.minute >= $3) AS calls
               FROM affected"#,
            id.0,
            name,
            since
        )
        .fetch_one(self.tx().conn())
        .await?;
        let servers = self.servers_made_from(id).await?;
        let with_sources = self.servers_with_sources_of(id, name).await?;
        let users = sqlx::query_scalar!(
            "SELECT email FROM users WHERE id IN (
                 SELECT user_id FROM mcp_servers WHERE connector_id = $1 AND deleted_at IS NULL
                 UNION
                 SELECT s.user_id FROM sources o JOIN mcp_servers s ON s.source_ids @> ARRAY[o.id]
                 WHERE o.type = $2 AND s.deleted_at IS NULL
             ) ORDER BY lower(email) LIMIT $3",
            id.0,
            name,
            i64::from(IMPACT_NAMES_MAX)
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(Impact {
            servers: Affected {
                total: count(totals.servers),
                items: servers,
            },
            servers_with_sources: Affected {
                total: count(totals.servers_with_sources),
                items: with_sources,
            },
            users: Affected {
                total: count(totals.users),
                items: users,
            },
            sources: count(totals.sources),
            deleted_servers: count(totals.deleted_servers),
            dynamic_tools: count(totals.dynamic_tools),
            calls_today: count(totals.calls),
        })
    }

    async fn servers_made_from(&mut self, id: ConnectorId) -> Result<Vec<AffectedServer>, Error> {
        let rows = sqlx::query!(
            "SELECT s.id, s.name, u.email FROM mcp_servers s JOIN users u ON u.id = s.user_id
             WHERE s.connector_id = $1 AND s.deleted_at IS NULL ORDER BY lower(s.name), s.id LIMIT $2",
            id.0,
            i64::from(IMPACT_NAMES_MAX)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let servers = rows.into_iter().map(|row| AffectedServer {
            id: row.id.into(),
            name: row.name,
            owner: row.email,
        });
        Ok(servers.collect())
    }

    async fn servers_with_sources_of(&mut self, id: ConnectorId, name: &str) -> Result<Vec<AffectedServer>, Error> {
        let rows = sqlx::query!(
            "SELECT s.id, s.name, u.email FROM mcp_servers s JOIN users u ON u.id = s.user_id
             WHERE s.deleted_at IS NULL AND s.connector_id IS DISTINCT FROM $1
               AND s.id IN (SELECT b.id FROM sources o JOIN mcp_servers b ON b.source_ids @> ARRAY[o.id] WHERE o.type = $2)
             ORDER BY lower(s.name), s.id LIMIT $3",
            id.0,
            name,
            i64::from(IMPACT_NAMES_MAX)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let servers = rows.into_iter().map(|row| AffectedServer {
            id: row.id.into(),
            name: row.name,
            owner: row.email,
        });
        Ok(servers.collect())
    }

    /// How many dynamic tools the servers have that are made from it, whatever those tools are made from.
    pub(crate) async fn count_tools_of_servers_of(&mut self, id: ConnectorId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM mcp_server_tools t JOIN mcp_servers s ON s.id = t.server_id WHERE s.connector_id = $1",
            id.0
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    /// Deletes all servers that are made from it, whoever's they are and whether or not they could be restored.
    pub(crate) async fn delete_servers_of(&mut self, id: ConnectorId) -> Result<Vec<(ServerId, String)>, Error> {
        // First, and in the order in which whoever adds usage locks them: so neither waits for the other in a circle.
        sqlx::query!(
            "SELECT id FROM mcp_servers WHERE connector_id = $1 ORDER BY id FOR UPDATE",
            id.0
        )
        .fetch_all(self.tx().conn())
        .await?;
        let rows = sqlx::query!(
            "DELETE FROM mcp_servers WHERE connector_id = $1 RETURNING id, name",
            id.0
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(rows.into_iter().map(|row| (row.id.into(), row.name)).collect())
    }
}
