//! Whom it affects when a connector goes: other users' servers, and so for the worker only.

use super::{count, worker::Worker};
use crate::Error;
use patchbay_domain::{
    changes::{Affected, AffectedServer, IMPACT_NAMES_MAX, Impact},
    ids::{ConnectorId, ServerId},
};
use time::OffsetDateTime;

impl Worker {
    pub(crate) async fn connector_impact(&mut self, id: ConnectorId, since: OffsetDateTime) -> Result<Impact, Error> {
        let limit = i64::from(IMPACT_NAMES_MAX);
        let totals = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE s.deleted_at IS NULL) AS servers,
                      count(*) FILTER (WHERE s.deleted_at IS NOT NULL) AS deleted_servers,
                      count(DISTINCT s.user_id) FILTER (WHERE s.deleted_at IS NULL) AS users,
                      (SELECT count(*) FROM mcp_server_tools t JOIN mcp_servers o ON o.id = t.server_id
                       WHERE o.connector_id = $1) AS dynamic_tools,
                      (SELECT sum(u.calls)::bigint FROM mcp_server_usage u JOIN mcp_servers o ON o.id = u.server_id
                       WHERE o.connector_id = $1 AND u.minute >= $2) AS calls
               FROM mcp_servers s WHERE s.connector_id = $1"#,
            id.0,
            since
        )
        .fetch_one(self.tx().conn())
        .await?;
        let servers = sqlx::query!(
            "SELECT s.id, s.name, u.email FROM mcp_servers s JOIN users u ON u.id = s.user_id
             WHERE s.connector_id = $1 AND s.deleted_at IS NULL ORDER BY lower(s.name), s.id LIMIT $2",
            id.0,
            limit
        )
        .fetch_all(self.tx().conn())
        .await?;
        let users = sqlx::query_scalar!(
            "SELECT email FROM users WHERE id IN (
                 SELECT user_id FROM mcp_servers WHERE connector_id = $1 AND deleted_at IS NULL
             ) ORDER BY lower(email) LIMIT $2",
            id.0,
            limit
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(Impact {
            servers: Affected {
                total: count(totals.servers),
                items: servers
                    .into_iter()
                    .map(|row| AffectedServer {
                        id: row.id.into(),
                        name: row.name,
                        owner: row.email,
                    })
                    .collect(),
            },
            users: Affected {
                total: count(totals.users),
                items: users,
            },
            deleted_servers: count(totals.deleted_servers),
            dynamic_tools: count(totals.dynamic_tools),
            calls_today: count(totals.calls),
        })
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
