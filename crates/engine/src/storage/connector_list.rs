//! The catalogue's rows as a list.

use super::{Tx, connectors::SummaryRow, count};
use crate::{Error, connectors::ConnectorFilter};
use patchbay_domain::connector::{ConnectorMode, ConnectorSummary};

impl Tx {
    /// Newest first. `before` is the number at which the page before this one ended.
    pub(crate) async fn connectors(
        &mut self,
        filter: &ConnectorFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ConnectorSummary>, Error> {
        let rows = sqlx::query_as!(
            SummaryRow,
            r#"SELECT id, number, name, description, url, version, mode, secret IS NOT NULL AS "has_secret!",
                      (SELECT sha256 FROM connector_logos WHERE connector_id = mcp_connectors.id) AS logo_sha256,
                      tools_count, templates_count, definitions_version, changes, created_at, updated_at
               FROM mcp_connectors
               WHERE ($1::text IS NULL OR name ILIKE $1 OR description ILIKE $1)
                 AND ($2::text IS NULL OR mode = $2)
                 AND ($3::bigint IS NULL OR number < $3)
               ORDER BY number DESC LIMIT $4"#,
            filter.pattern(),
            filter.mode.map(ConnectorMode::as_str),
            before,
            i64::from(limit),
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(ConnectorSummary::from).collect())
    }

    pub(crate) async fn count_connectors(&mut self, filter: &ConnectorFilter) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM mcp_connectors
             WHERE ($1::text IS NULL OR name ILIKE $1 OR description ILIKE $1) AND ($2::text IS NULL OR mode = $2)",
            filter.pattern(),
            filter.mode.map(ConnectorMode::as_str),
        )
        .fetch_one(self.conn())
        .await?;
        Ok(count(total))
    }
}
