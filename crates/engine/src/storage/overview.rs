//! What somebody should look at, where it takes a query of its own.

use super::Tx;
use crate::Error;
use patchbay_domain::ids::ServerId;
use time::OffsetDateTime;

/// A token that ends soon, or has ended.
#[derive(Debug)]
pub(crate) struct EndingToken {
    pub(crate) name: String,
    pub(crate) expires_at: OffsetDateTime,
    /// The server that it opens, and the server's name; nothing for one that programs sign in with.
    pub(crate) server: Option<(ServerId, String)>,
}

/// The most of them that anybody reads.
const TOKENS_MAX: i64 = 20;

impl Tx {
    /// The user's tokens that end between these times, the first to end first.
    pub(crate) async fn ending_tokens(
        &mut self,
        from: OffsetDateTime,
        to: OffsetDateTime,
    ) -> Result<Vec<EndingToken>, Error> {
        let rows = sqlx::query!(
            r#"SELECT t.name AS "name!", t.expires_at AS "expires_at!", s.id AS "server_id?", s.name AS "server?"
               FROM mcp_server_tokens t JOIN mcp_servers s ON s.id = t.server_id AND s.deleted_at IS NULL
               WHERE t.revoked_at IS NULL AND t.expires_at BETWEEN $1 AND $2 AND ($4::uuid IS NULL OR t.user_id = $4)
               UNION ALL
               SELECT name, expires_at, NULL, NULL FROM api_tokens
               WHERE revoked_at IS NULL AND expires_at BETWEEN $1 AND $2 AND ($4::uuid IS NULL OR user_id = $4)
               ORDER BY 2 LIMIT $3"#,
            from,
            to,
            TOKENS_MAX,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| EndingToken {
                name: row.name,
                expires_at: row.expires_at,
                server: row.server_id.map(Into::into).zip(row.server),
            })
            .collect())
    }
}
