//! What the tools of a server are made of: its bindings, what their connectors offer, the rows of tools that were made from
//! templates, and how its owner wants each tool.

use super::{Tx, connectors, count, violated};
use crate::{Error, error::Conflict};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, SourceId, UserId},
};
use serde_json::value::RawValue;

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

/// A tool that was made from a template, as stored.
#[derive(Debug)]
pub(crate) struct StoredTool {
    pub(crate) id: uuid::Uuid,
    /// The source whose connector has the template; nothing for the server's own connector.
    pub(crate) source: Option<SourceId>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) template: String,
    /// A JSON object.
    pub(crate) template_args: String,
}

/// Which tool of a server a setting is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ToolKey {
    /// The source that it comes from; nothing for the server's own connector.
    pub(crate) source: Option<SourceId>,
    /// Whether its owner made it from a template.
    pub(crate) made: bool,
    /// The name that its upstream knows, or that it was made with.
    pub(crate) tool: String,
}

/// How a server's owner wants one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolSetting {
    pub(crate) id: uuid::Uuid,
    pub(crate) key: ToolKey,
    pub(crate) enabled: bool,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) position: Option<i32>,
}

impl ToolSetting {
    /// A tool as it comes.
    pub(crate) fn plain(key: ToolKey) -> Self {
        Self {
            id: uuid::Uuid::new_v4(),
            key,
            enabled: true,
            name: None,
            description: None,
            position: None,
        }
    }

    fn is_plain(&self) -> bool {
        self.enabled && self.name.is_none() && self.description.is_none() && self.position.is_none()
    }
}

/// A dynamic tool to be stored, checked.
#[derive(Debug)]
pub(crate) struct NewTool<'a> {
    pub(crate) server: ServerId,
    pub(crate) user: UserId,
    pub(crate) tool: &'a StoredTool,
}

impl Tx {
    /// Holds a server, so that nobody else changes its tools until the transaction ends; its name, where there is one that
    /// isn't deleted. Its sources come first, as for whoever deletes one.
    pub(crate) async fn lock_server_tools(&mut self, id: ServerId) -> Result<Option<String>, Error> {
        sqlx::query!(
            "SELECT id FROM sources
             WHERE id IN (SELECT unnest(source_ids) FROM mcp_servers WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2))
               AND ($2::uuid IS NULL OR user_id = $2)
             ORDER BY id FOR KEY SHARE",
            id.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        let name = sqlx::query_scalar!(
            "SELECT name FROM mcp_servers WHERE id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR user_id = $2)
             FOR NO KEY UPDATE",
            id.0,
            self.owner()
        );
        Ok(name.fetch_optional(self.conn()).await?)
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

    /// A server's dynamic tools, the oldest first.
    pub(crate) async fn dynamic_tools(&mut self, server: ServerId) -> Result<Vec<StoredTool>, Error> {
        let rows = sqlx::query!(
            r#"SELECT id, source_id, name, description, template, template_args::text AS "template_args!"
               FROM mcp_server_tools WHERE server_id = $1 AND ($2::uuid IS NULL OR user_id = $2)
               ORDER BY created_at, name"#,
            server.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        let tools = rows.into_iter().map(|row| StoredTool {
            id: row.id,
            source: row.source_id.map(SourceId::from),
            name: row.name,
            description: row.description,
            template: row.template,
            template_args: row.template_args,
        });
        Ok(tools.collect())
    }

    pub(crate) async fn count_dynamic_tools(&mut self, server: ServerId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM mcp_server_tools WHERE server_id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            server.0,
            self.owner()
        );
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    pub(crate) async fn insert_dynamic_tool(&mut self, new: &NewTool<'_>) -> Result<(), Error> {
        let tool = new.tool;
        sqlx::query!(
            "INSERT INTO mcp_server_tools (id, server_id, user_id, source_id, name, description, template, template_args)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json)",
            tool.id,
            new.server.0,
            new.user.0,
            tool.source.map(|source| source.0),
            tool.name,
            tool.description,
            tool.template,
            tool.template_args,
        )
        .execute(self.conn())
        .await
        .map_err(|error| match violated(&error) {
            Some("mcp_server_tools_name_key") => Conflict::ToolName(tool.name.clone()).into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// Deletes a dynamic tool, with how it was wanted.
    pub(crate) async fn delete_dynamic_tool(
        &mut self,
        server: ServerId,
        id: uuid::Uuid,
        key: &ToolKey,
    ) -> Result<(), Error> {
        sqlx::query!(
            "DELETE FROM mcp_server_tools WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            id,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM mcp_server_tool_settings
             WHERE server_id = $1 AND made AND source_id IS NOT DISTINCT FROM $2 AND tool = $3
               AND ($4::uuid IS NULL OR user_id = $4)",
            server.0,
            key.source.map(|source| source.0),
            key.tool,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How a server's owner wants its tools; those of sources that it doesn't have any more among them.
    pub(crate) async fn tool_settings(&mut self, server: ServerId) -> Result<Vec<ToolSetting>, Error> {
        let rows = sqlx::query!(
            "SELECT id, source_id, made, tool, enabled, name, description, position
             FROM mcp_server_tool_settings WHERE server_id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            server.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        let settings = rows.into_iter().map(|row| ToolSetting {
            id: row.id,
            key: ToolKey {
                source: row.source_id.map(SourceId::from),
                made: row.made,
                tool: row.tool,
            },
            enabled: row.enabled,
            name: row.name,
            description: row.description,
            position: row.position,
        });
        Ok(settings.collect())
    }

    /// Keeps how a tool is wanted; a tool that is wanted as it comes has no row.
    pub(crate) async fn save_tool_setting(
        &mut self,
        server: ServerId,
        user: UserId,
        setting: &ToolSetting,
    ) -> Result<(), Error> {
        if setting.is_plain() {
            sqlx::query!(
                "DELETE FROM mcp_server_tool_settings WHERE id = $1 AND user_id = $2",
                setting.id,
                user.0
            )
            .execute(self.conn())
            .await?;
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO mcp_server_tool_settings
                 (id, server_id, user_id, source_id, made, tool, enabled, name, description, position)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (id) DO UPDATE
             SET enabled = EXCLUDED.enabled, name = EXCLUDED.name, description = EXCLUDED.description,
                 position = EXCLUDED.position
             WHERE mcp_server_tool_settings.user_id = EXCLUDED.user_id",
            setting.id,
            server.0,
            user.0,
            setting.key.source.map(|source| source.0),
            setting.key.made,
            setting.key.tool,
            setting.enabled,
            setting.name,
            setting.description,
            setting.position,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes a name from whichever tool was given it and isn't there any more.
    pub(crate) async fn free_tool_name(&mut self, server: ServerId, name: &str) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_server_tool_settings SET name = NULL
             WHERE server_id = $1 AND name = $2 AND ($3::uuid IS NULL OR user_id = $3)",
            server.0,
            name,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How many bytes a server's own descriptions of its tools take.
    pub(crate) async fn tool_descriptions_bytes(&mut self, server: ServerId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT sum(octet_length(description))::bigint FROM mcp_server_tool_settings
             WHERE server_id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            server.0,
            self.owner()
        );
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    /// Puts these tools first, in this order; the others have no place of their own any more.
    pub(crate) async fn order_tools(
        &mut self,
        server: ServerId,
        user: UserId,
        order: &[&ToolKey],
    ) -> Result<(), Error> {
        let sources: Vec<_> = order.iter().map(|key| key.source.map(|source| source.0)).collect();
        let made: Vec<_> = order.iter().map(|key| key.made).collect();
        let tools: Vec<_> = order.iter().map(|key| key.tool.clone()).collect();
        sqlx::query!(
            "UPDATE mcp_server_tool_settings SET position = NULL
             WHERE server_id = $1 AND user_id = $2 AND position IS NOT NULL",
            server.0,
            user.0
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "INSERT INTO mcp_server_tool_settings (server_id, user_id, source_id, made, tool, position)
             SELECT $1, $2, o.source_id, o.made, o.tool, o.position::integer
             FROM unnest($3::uuid[], $4::boolean[], $5::text[]) WITH ORDINALITY AS o (source_id, made, tool, position)
             ON CONFLICT (server_id, source_id, made, tool) DO UPDATE SET position = EXCLUDED.position
             WHERE mcp_server_tool_settings.user_id = EXCLUDED.user_id",
            server.0,
            user.0,
            &sources as &[Option<uuid::Uuid>],
            &made,
            &tools,
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM mcp_server_tool_settings
             WHERE server_id = $1 AND user_id = $2
               AND enabled AND name IS NULL AND description IS NULL AND position IS NULL",
            server.0,
            user.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
