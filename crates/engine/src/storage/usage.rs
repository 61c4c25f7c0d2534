//! Counted calls, as their servers' owner reads them. What counts them is the worker's.

use super::{Tx, count, servers::usage};
use crate::Error;
use patchbay_domain::{
    ids::ServerId,
    usage::{UsagePoint, UsageStep, UsageView},
};
use time::OffsetDateTime;

/// Which calls are wanted, and what is to be told apart.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) step: UsageStep,
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
    pub(crate) server: Option<ServerId>,
    pub(crate) tool: Option<&'a str>,
    pub(crate) by_server: bool,
    pub(crate) by_tool: bool,
    pub(crate) limit: i64,
}

impl Tx {
    /// The user's calls since then, over all their servers.
    pub(crate) async fn usage(&mut self, since: OffsetDateTime) -> Result<UsageView, Error> {
        let row = sqlx::query!(
            "SELECT sum(calls)::bigint AS calls, sum(errors)::bigint AS errors, sum(total_micros)::bigint AS total_micros
             FROM mcp_server_usage WHERE minute >= $1 AND ($2::uuid IS NULL OR user_id = $2)",
            since,
            self.owner()
        )
        .fetch_one(self.conn())
        .await?;
        Ok(usage(row.calls, row.errors, row.total_micros))
    }

    /// Spans with calls in them, the oldest first.
    pub(crate) async fn usage_points(&mut self, wanted: &Wanted<'_>) -> Result<Vec<UsagePoint>, Error> {
        let rows = sqlx::query!(
            r#"SELECT date_trunc($1, minute, 'UTC') AS "at!", CASE WHEN $6 THEN server_id END AS server_id,
                      CASE WHEN $7 THEN tool END AS tool, sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
                      sum(total_micros)::bigint AS total_micros, sum(bytes)::bigint AS bytes
               FROM mcp_server_usage
               WHERE minute >= $2 AND minute < $3
                 AND ($4::uuid IS NULL OR server_id = $4) AND ($5::text IS NULL OR tool = $5)
                 AND ($9::uuid IS NULL OR user_id = $9)
               GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $8"#,
            wanted.step.as_str(),
            wanted.from,
            wanted.to,
            wanted.server.map(|server| server.0),
            wanted.tool,
            wanted.by_server,
            wanted.by_tool,
            wanted.limit,
            self.owner(),
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| UsagePoint {
                at: row.at.into(),
                mcp_server_id: row.server_id.map(Into::into),
                tool: row.tool,
                usage: usage(row.calls, row.errors, row.total_micros),
                bytes: count(row.bytes),
            })
            .collect())
    }

    /// Whether the user has, or had and could restore, such a server.
    pub(crate) async fn has_server(&mut self, id: ServerId) -> Result<bool, Error> {
        let has = sqlx::query_scalar!(
            r#"SELECT EXISTS (
                   SELECT FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)
               ) AS "has!""#,
            id.0,
            self.owner()
        );
        Ok(has.fetch_one(self.conn()).await?)
    }
}
