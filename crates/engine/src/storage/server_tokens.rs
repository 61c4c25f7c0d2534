//! Tokens that open users' servers, as their owner sees them. What they open is the worker's matter.

use super::Tx;
use crate::Error;
use patchbay_domain::{
    ids::{ServerId, ServerTokenId, UserId},
    server::ServerTokenView,
};
use time::OffsetDateTime;

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
    pub(crate) expires_at: Option<OffsetDateTime>,
}

impl Tx {
    pub(crate) async fn insert_server_token(&mut self, token: &NewToken<'_>) -> Result<ServerTokenView, Error> {
        let row = sqlx::query_as!(
            TokenRow,
            "INSERT INTO mcp_server_tokens (id, server_id, user_id, name, prefix, token_hash, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             RETURNING id, name, prefix, created_at, last_used_at, expires_at",
            token.id.0,
            token.server.0,
            token.user.0,
            token.name,
            token.prefix,
            &token.hash,
            token.expires_at,
        )
        .fetch_one(self.conn())
        .await?;
        Ok(row.into())
    }

    /// Those that weren't revoked, newest first.
    pub(crate) async fn server_tokens(&mut self, server: ServerId) -> Result<Vec<ServerTokenView>, Error> {
        let rows = sqlx::query_as!(
            TokenRow,
            "SELECT id, name, prefix, created_at, last_used_at, expires_at FROM mcp_server_tokens
             WHERE server_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)
             ORDER BY created_at DESC, id",
            server.0,
            self.owner()
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
            "UPDATE mcp_server_tokens SET revoked_at = $3
             WHERE id = $2 AND server_id = $1 AND revoked_at IS NULL AND ($4::uuid IS NULL OR user_id = $4)
             RETURNING name",
            server.0,
            token.0,
            now,
            self.owner()
        );
        Ok(name.fetch_optional(self.conn()).await?)
    }
}
