//! What the gateway looks up, across all users: which server answers at an endpoint, and what a token opens. Neither exists
//! for it when the owner's account is disabled.

use super::worker::Worker;
use crate::{
    Error,
    gateway::{RouteKey, TokenGrant},
};
use patchbay_domain::ids::{ServerId, UserId};

/// A server, without what its tools are made of.
#[derive(Debug)]
pub(crate) struct ServerRow {
    pub(crate) id: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: String,
}

impl Worker {
    /// The server that is served there.
    pub(crate) async fn server_row(&mut self, key: &RouteKey) -> Result<Option<ServerRow>, Error> {
        let (endpoints, id) = match key {
            RouteKey::Endpoint(endpoint) => (endpoint.stored_forms(), None),
            RouteKey::Server(id) => (Vec::new(), Some(id.0)),
        };
        let row = sqlx::query!(
            "SELECT s.id, s.user_id, s.name FROM mcp_servers s JOIN users u ON u.id = s.user_id
             WHERE s.deleted_at IS NULL AND u.disabled_at IS NULL AND (s.endpoint = ANY($1) OR s.id = $2)",
            &endpoints,
            id
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| ServerRow {
            id: row.id.into(),
            user: row.user_id.into(),
            name: row.name,
        }))
    }

    /// What a token opens, unless it was revoked, its server deleted, or its owner's account disabled.
    pub(crate) async fn token_grant(&mut self, hash: &[u8; 32]) -> Result<Option<TokenGrant>, Error> {
        let row = sqlx::query!(
            "SELECT t.id, t.server_id, t.user_id, t.expires_at
             FROM mcp_server_tokens t
             JOIN mcp_servers s ON s.id = t.server_id
             JOIN users u ON u.id = t.user_id
             WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND s.deleted_at IS NULL AND u.disabled_at IS NULL",
            hash
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| TokenGrant {
            token: row.id.into(),
            server: row.server_id.into(),
            user: row.user_id.into(),
            expires_at: row.expires_at,
        }))
    }
}
