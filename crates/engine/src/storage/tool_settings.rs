//! How servers' owners want single tools: off, under other names, in other words, elsewhere in the list.

use super::{Tx, count};
use crate::Error;
use patchbay_domain::ids::{ServerId, SourceId, UserId};

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

impl Tx {
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
        self.forget_plain_settings(server).await
    }

    /// Deletes what says of tools that they are wanted as they come.
    async fn forget_plain_settings(&mut self, server: ServerId) -> Result<(), Error> {
        sqlx::query!(
            "DELETE FROM mcp_server_tool_settings
             WHERE server_id = $1 AND ($2::uuid IS NULL OR user_id = $2)
               AND enabled AND name IS NULL AND description IS NULL AND position IS NULL",
            server.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Lets the settings of a dynamic tool be those of one that is made from another source.
    pub(crate) async fn move_tool_setting(
        &mut self,
        server: ServerId,
        from: &ToolKey,
        to: Option<SourceId>,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_server_tool_settings s SET source_id = $4
             WHERE server_id = $1 AND source_id IS NOT DISTINCT FROM $2 AND made AND tool = $3
               AND ($5::uuid IS NULL OR user_id = $5)
               AND NOT EXISTS (SELECT FROM mcp_server_tool_settings o
                               WHERE o.server_id = s.server_id AND o.source_id IS NOT DISTINCT FROM $4
                                     AND o.made AND o.tool = s.tool)",
            server.0,
            from.source.map(|source| source.0),
            from.tool,
            to.map(|source| source.0),
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
        self.forget_plain_settings(server).await
    }
}
