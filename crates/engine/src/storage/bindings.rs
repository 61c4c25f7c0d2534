//! What servers' tools come from: connectors as servers and sources use them, and the prefixes that sources have on servers.

use super::{Tx, connectors, sources::HeldSource};
use crate::{
    Error,
    aside::aside,
    servers::names::{TakenPrefixes, next_prefix, public_name},
    tools::offer::tool_names,
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::{ServerId, SourceId, UserId},
    server::ServerConnector,
};
use serde_json::value::RawValue;
use std::collections::HashMap;
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

/// A server on which a source was, and is a new one now.
#[derive(Debug)]
pub(crate) struct UnboundServer {
    pub(crate) id: ServerId,
    pub(crate) has_connector: bool,
    /// What stood before the names of its tools.
    pub(crate) prefix: Option<String>,
}

/// What a source that is a new one to its servers leaves behind.
#[derive(Debug)]
pub(crate) struct Unbound {
    /// The servers that have it now.
    pub(crate) servers: Vec<UnboundServer>,
    /// How many of its tools were not as they come.
    pub(crate) settings: u64,
    /// The tools that were made from its templates.
    pub(crate) made: Vec<String>,
}

/// How many prefixes a server gives out in all its life, deleted sources' too.
const PREFIXES_MAX: usize = 1000;

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
            r#"SELECT b.source_id, b.prefix, s.type AS "kind?"
               FROM mcp_server_bindings b LEFT JOIN sources s ON s.id = b.source_id AND s.user_id = b.user_id
               WHERE b.server_id = $1 AND b.user_id = $2"#,
            server.0,
            user.0
        )
        .fetch_all(self.conn())
        .await?;
        let is_known = |source: &&&HeldSource| rows.iter().any(|row| row.source_id == Some(source.id.0));
        let new: Vec<_> = sources.iter().filter(|source| !is_known(source)).collect();
        if new.is_empty() {
            return Ok(());
        }
        if rows.len() + new.len() > PREFIXES_MAX {
            let reason = format!(
                "This server has had {PREFIXES_MAX} sources in its life and takes no new one. Make another server."
            );
            return Err(FieldErrors::one("source_ids", FieldError::Refused { reason }).into());
        }
        let mut taken = TakenPrefixes::default();
        for name in self.own_tool_names(server, user).await? {
            taken.name(&name);
        }
        let mut names = HashMap::new();
        for row in &rows {
            taken.give(&row.prefix);
            if let Some(kind) = &row.kind {
                self.take_names(&mut taken, &mut names, &row.prefix, kind).await?;
            }
        }
        let mut new_ids = Vec::new();
        let mut new_prefixes = Vec::new();
        for source in new {
            let is_first = !has_connector && rows.is_empty() && new_ids.is_empty();
            let prefix = next_prefix(&source.kind, is_first, &taken);
            taken.give(&prefix);
            self.take_names(&mut taken, &mut names, &prefix, &source.kind).await?;
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

    /// What the tools of a server's own connector are called, and what its owner calls tools, those that aren't there for
    /// now among them.
    async fn own_tool_names(&mut self, server: ServerId, user: UserId) -> Result<Vec<String>, Error> {
        let mut names = sqlx::query_scalar!(
            r#"SELECT name AS "name!" FROM mcp_server_tool_settings
               WHERE server_id = $1 AND user_id = $2 AND name IS NOT NULL
               UNION ALL SELECT name FROM mcp_server_tools WHERE server_id = $1 AND user_id = $2"#,
            server.0,
            user.0
        )
        .fetch_all(self.conn())
        .await?;
        let tools = sqlx::query_scalar!(
            r#"SELECT c.tools::text AS "tools!" FROM mcp_servers s JOIN mcp_connectors c ON c.id = s.connector_id
               WHERE s.id = $1 AND s.user_id = $2"#,
            server.0,
            user.0
        )
        .fetch_optional(self.conn())
        .await?;
        names.extend(tools.iter().flat_map(|tools| aside(|| tool_names(tools))));
        Ok(names)
    }

    /// Notes what the tools of a source with that prefix are called. `names` are those of connectors that were asked for.
    async fn take_names(
        &mut self,
        taken: &mut TakenPrefixes,
        names: &mut HashMap<String, Vec<String>>,
        prefix: &str,
        kind: &str,
    ) -> Result<(), Error> {
        if !names.contains_key(kind) {
            let tools = sqlx::query_scalar!(
                r#"SELECT tools::text AS "tools!" FROM mcp_connectors WHERE name = $1"#,
                kind
            )
            .fetch_optional(self.conn())
            .await?;
            let mut known: Vec<String> = tools.iter().flat_map(|tools| aside(|| tool_names(tools))).collect();
            // The others begin with the prefix only, which is given out.
            known.retain(|name| name.contains("__"));
            names.insert(kind.to_owned(), known);
        }
        for name in names.get(kind).into_iter().flatten() {
            taken.name(&public_name(prefix, name));
        }
        Ok(())
    }

    /// Makes a source a new one to all servers that it ever was on, which are held from here on: nobody gets its prefixes
    /// again, and what is kept of its tools goes. It must be held itself.
    pub(crate) async fn unbind_source(&mut self, id: SourceId) -> Result<Unbound, Error> {
        let rows = sqlx::query!(
            r#"SELECT s.id, s.connector_id IS NOT NULL AS "has_connector!", s.source_ids @> ARRAY[$1::uuid] AS "has_it!",
                      b.prefix AS "prefix?"
               FROM mcp_servers s LEFT JOIN mcp_server_bindings b ON b.server_id = s.id AND b.source_id = $1
               WHERE (s.source_ids @> ARRAY[$1::uuid] OR b.id IS NOT NULL) AND ($2::uuid IS NULL OR s.user_id = $2)
               ORDER BY s.id FOR NO KEY UPDATE OF s"#,
            id.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        let settings = sqlx::query!(
            "DELETE FROM mcp_server_tool_settings WHERE source_id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        )
        .execute(self.conn())
        .await?
        .rows_affected();
        let made = sqlx::query_scalar!(
            "DELETE FROM mcp_server_tools WHERE source_id = $1 AND ($2::uuid IS NULL OR user_id = $2) RETURNING name",
            id.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        sqlx::query!(
            "UPDATE mcp_server_bindings SET source_id = NULL WHERE source_id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        let servers = rows.into_iter().filter(|row| row.has_it).map(|row| UnboundServer {
            id: row.id.into(),
            has_connector: row.has_connector,
            prefix: row.prefix,
        });
        Ok(Unbound {
            servers: servers.collect(),
            settings,
            made,
        })
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
