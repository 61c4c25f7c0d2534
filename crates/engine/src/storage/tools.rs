//! What the tools of a server come from: its bindings, and what their connectors offer. Tools that its owner made are
//! [`super::dynamic_tools`]'s, and how its owner wants them [`super::tool_settings`]'s.

use super::{Tx, connectors};
use crate::Error;
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, SourceId},
};
use serde_json::value::RawValue;
use sqlx::{Connection, PgConnection};
use std::collections::HashSet;
use uuid::Uuid;

/// How often a server is let go of because it got another source while it was waited for.
const HOLDS_MAX: u32 = 3;

/// One of the things that a server's tools come from, as stored.
#[derive(Debug)]
pub(crate) struct StoredBinding {
    /// The source; nothing for the server's own connector.
    pub(crate) source: Option<SourceId>,
    /// The source's type, or the connector's name.
    pub(crate) kind: String,
    /// What stands before its tools' names.
    pub(crate) prefix: String,
    pub(crate) sealed_configuration: Vec<u8>,
    /// Nothing where there is no connector of that type.
    pub(crate) connector: Option<ConnectorId>,
}

/// What a connector offers, and how it is called.
#[derive(Debug)]
pub(crate) struct StoredOffer {
    pub(crate) connector: ConnectorId,
    pub(crate) name: String,
    pub(crate) mode: ConnectorMode,
    pub(crate) version: String,
    pub(crate) mcp_url: Option<String>,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    pub(crate) secret_header: Option<String>,
    pub(crate) tools: Box<RawValue>,
    /// Nothing where nobody asked for them.
    pub(crate) templates: Option<Box<RawValue>>,
    /// What the service says by now, where that blocks calls.
    pub(crate) upstream_tools: Option<Box<RawValue>>,
    pub(crate) upstream_templates: Option<Box<RawValue>>,
    pub(crate) config: Option<Box<RawValue>>,
}

impl Tx {
    /// Holds a server, so that nobody else changes its tools until the transaction ends; its name, where there is one that
    /// isn't deleted. Whatever its tools come from is held first, as by whoever deletes a source.
    pub(crate) async fn lock_server_tools(&mut self, id: ServerId) -> Result<Option<String>, Error> {
        let owner = self.owner();
        let mut tries = 0;
        loop {
            tries += 1;
            let sources = sources_of_tools(self.conn(), id, owner).await?;
            let held = sqlx::query_scalar!(
                "SELECT id FROM sources WHERE id = ANY($1) AND ($2::uuid IS NULL OR user_id = $2) ORDER BY id FOR KEY SHARE",
                &sources,
                owner
            );
            let held: HashSet<Uuid> = held.fetch_all(self.conn()).await?.into_iter().collect();
            let mut savepoint = self.conn().begin().await?;
            let name = sqlx::query_scalar!(
                "SELECT name FROM mcp_servers WHERE id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)
                 FOR NO KEY UPDATE",
                id.0,
                owner
            );
            let name = name.fetch_optional(&mut *savepoint).await?;
            let sources = sources_of_tools(&mut savepoint, id, owner).await?;
            if tries == HOLDS_MAX || sources.iter().all(|id| held.contains(id)) {
                savepoint.commit().await?;
                return Ok(name);
            }
            // One that came meanwhile is to be held before the server, too.
            savepoint.rollback().await?;
        }
    }

    /// The connectors whose services are to be followed before a server's tools are listed; nothing where no server is.
    pub(crate) async fn followed_connectors(&mut self, id: ServerId) -> Result<Option<Vec<ConnectorId>>, Error> {
        let found = sqlx::query_scalar!(
            r#"SELECT ARRAY(
                   SELECT c.id FROM mcp_connectors c
                   WHERE c.mode = 'sync' AND (c.id = s.connector_id
                         OR c.name IN (SELECT type FROM sources WHERE id = ANY(s.source_ids) AND user_id = s.user_id))
               ) AS "ids!: Vec<uuid::Uuid>"
               FROM mcp_servers s WHERE s.id = $1 AND s.deleted_at IS NULL AND ($2::uuid IS NULL OR s.user_id = $2)"#,
            id.0,
            self.owner()
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(found.map(|ids| ids.into_iter().map(ConnectorId::from).collect()))
    }

    /// What a server's tools come from, in order.
    pub(crate) async fn server_bindings(&mut self, id: ServerId) -> Result<Vec<StoredBinding>, Error> {
        let rows = sqlx::query!(
            r#"SELECT b.source_id, b.type AS "type!", b.prefix AS "prefix!", b.sealed AS "sealed!", b.connector_id
               FROM (
                   SELECT 0::bigint AS position, NULL::uuid AS source_id, c.name AS type, '' AS prefix,
                          s.configuration AS sealed, c.id AS connector_id
                   FROM mcp_servers s JOIN mcp_connectors c ON c.id = s.connector_id
                   WHERE s.id = $1 AND ($2::uuid IS NULL OR s.user_id = $2)
                   UNION ALL
                   SELECT l.position, o.id, o.type, p.prefix, o.sealed_metadata,
                          (SELECT c.id FROM mcp_connectors c WHERE c.name = o.type)
                   FROM mcp_servers s
                   CROSS JOIN LATERAL unnest(s.source_ids) WITH ORDINALITY AS l (id, position)
                   JOIN sources o ON o.id = l.id AND o.user_id = s.user_id
                   JOIN mcp_server_bindings p ON p.server_id = s.id AND p.source_id = o.id AND p.user_id = s.user_id
                   WHERE s.id = $1 AND ($2::uuid IS NULL OR s.user_id = $2)
               ) b ORDER BY b.position"#,
            id.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        let bindings = rows.into_iter().map(|row| StoredBinding {
            source: row.source_id.map(SourceId::from),
            kind: row.r#type,
            prefix: row.prefix,
            sealed_configuration: row.sealed,
            connector: row.connector_id.map(ConnectorId::from),
        });
        Ok(bindings.collect())
    }

    /// All prefixes that a server ever gave to a source, deleted ones' too.
    pub(crate) async fn given_prefixes(&mut self, id: ServerId) -> Result<Vec<String>, Error> {
        let prefixes = sqlx::query_scalar!(
            "SELECT prefix FROM mcp_server_bindings
             WHERE server_id = $1 AND prefix <> '' AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        );
        Ok(prefixes.fetch_all(self.conn()).await?)
    }

    /// What a connector offers: its templates only if they are wanted, and what its service says by now only while that
    /// isn't in force, and only if it is wanted.
    pub(crate) async fn connector_offer(
        &mut self,
        id: ConnectorId,
        with_templates: bool,
        with_upstream: bool,
    ) -> Result<Option<StoredOffer>, Error> {
        let row = sqlx::query!(
            r#"SELECT c.name, c.mode, c.version, c.mcp_url, c.secret, c.secret_header, c.tools::text AS "tools!",
                      CASE WHEN $2 THEN c.templates::text END AS templates, c.config::text AS config,
                      k.tools::text AS upstream_tools, CASE WHEN $2 THEN k.templates::text END AS upstream_templates
               FROM mcp_connectors c
               LEFT JOIN connector_checks k ON k.connector_id = c.id AND c.changes IS NOT NULL AND c.mode <> 'sync' AND $3
               WHERE c.id = $1"#,
            id.0,
            with_templates,
            with_upstream
        )
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            Ok(StoredOffer {
                connector: id,
                name: row.name,
                mode: connectors::mode(&row.mode),
                version: row.version,
                mcp_url: row.mcp_url,
                sealed_secret: row.secret,
                secret_header: row.secret_header,
                tools: connectors::raw(row.tools)?,
                templates: row.templates.map(connectors::raw).transpose()?,
                upstream_tools: row.upstream_tools.map(connectors::raw).transpose()?,
                upstream_templates: row.upstream_templates.map(connectors::raw).transpose()?,
                config: row.config.map(connectors::raw).transpose()?,
            })
        })
        .transpose()
    }
}

/// The sources whose tools a server has, and those that its dynamic tools were made from.
async fn sources_of_tools(conn: &mut PgConnection, id: ServerId, owner: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT unnest(source_ids) AS "id!" FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)
           UNION SELECT source_id FROM mcp_server_tools
           WHERE server_id = $1 AND source_id IS NOT NULL AND ($2::uuid IS NULL OR user_id = $2)"#,
        id.0,
        owner
    );
    Ok(ids.fetch_all(conn).await?)
}
