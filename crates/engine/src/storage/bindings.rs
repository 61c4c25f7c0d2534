//! What servers' tools come from: connectors as servers and sources use them, and the prefixes that sources have on servers.

use super::{Tx, connectors, sources::HeldSource};
use crate::{Error, servers::names::next_prefix};
use patchbay_domain::{
    ids::{ServerId, SourceId, UserId},
    server::ServerConnector,
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A connector as whoever uses it sees it.
#[derive(Debug)]
pub(crate) struct UsedConnector {
    pub(crate) view: ServerConnector,
    /// The schema of its configuration is in there. Nothing before definitions were had for the first time.
    pub(crate) config: Option<Box<RawValue>>,
}

/// What stands before the names of a source's tools on a server.
#[derive(Debug)]
pub(crate) struct StoredPrefix {
    pub(crate) server: Uuid,
    pub(crate) source: Uuid,
    pub(crate) prefix: String,
}

impl Tx {
    /// The connectors with these ids, and those with these names.
    pub(crate) async fn used_connectors(
        &mut self,
        ids: &[Uuid],
        names: &[String],
    ) -> Result<Vec<UsedConnector>, Error> {
        let rows = sqlx::query!(
            r#"SELECT id, number, name, mode, tools_count, config::text AS config,
                      (SELECT sha256 FROM connector_logos WHERE connector_id = mcp_connectors.id) AS logo_sha256
               FROM mcp_connectors WHERE id = ANY($1) OR name = ANY($2)"#,
            ids,
            names
        )
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(UsedConnector {
                    view: ServerConnector {
                        id: row.id.into(),
                        connector_id: row.number,
                        mode: connectors::mode(&row.mode),
                        logo_url: connectors::logo_url(row.number, row.logo_sha256.as_deref()),
                        name: row.name,
                        tools_count: row.tools_count.unsigned_abs(),
                    },
                    config: row.config.map(connectors::raw).transpose()?,
                })
            })
            .collect()
    }

    /// The prefixes that sources have on these servers, whether or not the servers are made from them now.
    pub(crate) async fn prefixes(&mut self, servers: &[Uuid]) -> Result<Vec<StoredPrefix>, Error> {
        let rows = sqlx::query_as!(
            StoredPrefix,
            r#"SELECT server_id AS server, source_id AS "source!", prefix FROM mcp_server_bindings
               WHERE server_id = ANY($1) AND source_id IS NOT NULL AND ($2::uuid IS NULL OR user_id = $2)"#,
            servers,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    /// Gives prefixes to those of these sources that were never on the server, in this order. The server must be held, or
    /// be new.
    pub(crate) async fn bind_sources(
        &mut self,
        server: ServerId,
        user: UserId,
        has_connector: bool,
        sources: &[&HeldSource],
    ) -> Result<(), Error> {
        if sources.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            "SELECT source_id, prefix FROM mcp_server_bindings WHERE server_id = $1 AND user_id = $2",
            server.0,
            user.0
        )
        .fetch_all(self.conn())
        .await?;
        let mut given_out = Vec::with_capacity(rows.len() + sources.len());
        let mut known = Vec::with_capacity(rows.len());
        for row in rows {
            given_out.push(row.prefix);
            known.extend(row.source_id.map(SourceId));
        }
        let mut new_ids = Vec::new();
        let mut new_prefixes = Vec::new();
        for source in sources.iter().filter(|source| !known.contains(&source.id)) {
            let prefix = next_prefix(&source.kind, !has_connector && given_out.is_empty(), &given_out);
            given_out.push(prefix.clone());
            new_ids.push(source.id.0);
            new_prefixes.push(prefix);
        }
        sqlx::query!(
            "INSERT INTO mcp_server_bindings (server_id, user_id, source_id, prefix)
             SELECT $1, $2, source_id, prefix FROM unnest($3::uuid[], $4::text[]) AS b (source_id, prefix)",
            server.0,
            user.0,
            &new_ids,
            &new_prefixes
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The sources that were ever on a server and are still there.
    pub(crate) async fn sources_ever_on(&mut self, server: ServerId) -> Result<Vec<SourceId>, Error> {
        let ids = sqlx::query_scalar!(
            r#"SELECT source_id AS "source_id!" FROM mcp_server_bindings
               WHERE server_id = $1 AND source_id IS NOT NULL AND ($2::uuid IS NULL OR user_id = $2)"#,
            server.0,
            self.owner()
        );
        Ok(ids.fetch_all(self.conn()).await?.into_iter().map(SourceId).collect())
    }

    /// Gives a new server what another one has beside its sources: their prefixes, its dynamic tools, and how its owner
    /// wants tools. What hangs on sources is copied for those that are held only.
    pub(crate) async fn copy_tools(&mut self, from: ServerId, to: ServerId, held: &[HeldSource]) -> Result<(), Error> {
        let held: Vec<Uuid> = held.iter().map(|source| source.id.0).collect();
        sqlx::query!(
            "INSERT INTO mcp_server_bindings (server_id, user_id, source_id, prefix)
             SELECT $2, user_id, source_id, prefix FROM mcp_server_bindings
             WHERE server_id = $1 AND source_id = ANY($3) AND ($4::uuid IS NULL OR user_id = $4)",
            from.0,
            to.0,
            &held,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        // Dynamic tools are listed in the order in which they were made.
        sqlx::query!(
            "INSERT INTO mcp_server_tools (server_id, user_id, source_id, name, description, template, template_args, created_at)
             SELECT $2, user_id, source_id, name, description, template, template_args, created_at FROM mcp_server_tools
             WHERE server_id = $1 AND (source_id IS NULL OR source_id = ANY($3))
               AND ($4::uuid IS NULL OR user_id = $4)",
            from.0,
            to.0,
            &held,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO mcp_server_tool_settings
                 (server_id, user_id, source_id, made, tool, enabled, name, description, position)
             SELECT $2, user_id, source_id, made, tool, enabled, name, description, position FROM mcp_server_tool_settings
             WHERE server_id = $1 AND (source_id IS NULL OR source_id = ANY($3))
               AND ($4::uuid IS NULL OR user_id = $4)",
            from.0,
            to.0,
            &held,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
