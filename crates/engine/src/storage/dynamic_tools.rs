//! The tools that servers' owners made from templates.

use super::{Tx, count, tool_settings::ToolKey, violated};
use crate::{Error, error::Conflict};
use patchbay_domain::ids::{ServerId, SourceId, UserId};

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

/// A dynamic tool to be stored, checked.
#[derive(Debug)]
pub(crate) struct NewTool<'a> {
    pub(crate) server: ServerId,
    pub(crate) user: UserId,
    pub(crate) tool: &'a StoredTool,
}

impl Tx {
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
}
