//! What the tools of users' servers are made of: their connectors' definitions, and the dynamic tools' rows.

use super::{Tx, connectors, count, violated};
use crate::{Error, error::Conflict};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, UserId},
};
use serde_json::value::RawValue;

/// A tool that was made from a template, as stored.
#[derive(Debug)]
pub(crate) struct StoredTool {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) template: String,
    /// A JSON object.
    pub(crate) template_args: String,
}

/// A dynamic tool to be stored, checked.
#[derive(Debug)]
pub(crate) struct NewTool<'a> {
    pub(crate) id: uuid::Uuid,
    pub(crate) server: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) template: &'a str,
    pub(crate) template_args: &'a str,
}

/// What a server's connector offers, as the upstream wrote it.
#[derive(Debug)]
pub(crate) struct ServerDefinitions {
    pub(crate) connector: ConnectorId,
    pub(crate) mode: ConnectorMode,
    pub(crate) tools: Box<RawValue>,
    pub(crate) templates: Box<RawValue>,
}

impl Tx {
    /// What the connector offers that a server is made from.
    pub(crate) async fn server_definitions(&mut self, id: ServerId) -> Result<Option<ServerDefinitions>, Error> {
        let row = sqlx::query!(
            r#"SELECT c.id, c.mode, c.tools::text AS "tools!", c.templates::text AS "templates!"
               FROM mcp_servers s JOIN mcp_connectors c ON c.id = s.connector_id
               WHERE s.id = $1 AND s.deleted_at IS NULL"#,
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            Ok(ServerDefinitions {
                connector: row.id.into(),
                mode: connectors::mode(&row.mode),
                tools: connectors::raw(row.tools)?,
                templates: connectors::raw(row.templates)?,
            })
        })
        .transpose()
    }

    /// A server's dynamic tools, the oldest first.
    pub(crate) async fn dynamic_tools(&mut self, server: ServerId) -> Result<Vec<StoredTool>, Error> {
        let rows = sqlx::query_as!(
            StoredTool,
            r#"SELECT name, description, template, template_args::text AS "template_args!"
               FROM mcp_server_tools WHERE server_id = $1 ORDER BY created_at, name"#,
            server.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    /// How many dynamic tools a server has. Until the transaction ends nobody else adds one.
    pub(crate) async fn lock_dynamic_tools(&mut self, server: ServerId) -> Result<u64, Error> {
        sqlx::query!("SELECT id FROM mcp_servers WHERE id = $1 FOR NO KEY UPDATE", server.0)
            .fetch_optional(self.conn())
            .await?;
        let total = sqlx::query_scalar!("SELECT count(*) FROM mcp_server_tools WHERE server_id = $1", server.0);
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    pub(crate) async fn insert_dynamic_tool(&mut self, new: &NewTool<'_>) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO mcp_server_tools (id, server_id, user_id, name, description, template, template_args)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json)",
            new.id,
            new.server.0,
            new.user.0,
            new.name,
            new.description,
            new.template,
            new.template_args,
        )
        .execute(self.conn())
        .await
        .map_err(|error| match violated(&error) {
            Some("mcp_server_tools_name_key") => Conflict::ToolName(new.name.to_owned()).into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// Deletes a dynamic tool; tells its id and what it was made from, if there was one.
    pub(crate) async fn delete_dynamic_tool(
        &mut self,
        server: ServerId,
        name: &str,
    ) -> Result<Option<(uuid::Uuid, String)>, Error> {
        let row = sqlx::query!(
            "DELETE FROM mcp_server_tools WHERE server_id = $1 AND name = $2 RETURNING id, template",
            server.0,
            name
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| (row.id, row.template)))
    }
}
