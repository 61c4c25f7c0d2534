//! All users' sources and servers at once, with all that hangs on them, for what writes them out and reads them in.

use super::{
    Tx, connectors,
    tool_settings::{ToolKey, ToolSetting},
};
use crate::{
    Error,
    servers::{SealedConfiguration, places_of},
};
use patchbay_domain::ids::{ServerId, SourceId, UserId};
use serde_json::value::RawValue;
use time::OffsetDateTime;

/// A source with its owner, and what the connector of its type makes of it.
#[derive(Debug)]
pub(crate) struct WholeSource {
    pub(crate) id: SourceId,
    pub(crate) owner: String,
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
    /// The schema of its metadata is in there, if there is such a connector.
    pub(crate) connector_config: Option<Box<RawValue>>,
    pub(crate) sealed_metadata: Vec<u8>,
    /// What was secret in the metadata when it was sealed.
    pub(crate) secret_places: Vec<String>,
}

/// A server, deleted or not, with its owner and connector.
#[derive(Debug)]
pub(crate) struct WholeServer {
    pub(crate) id: ServerId,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) endpoint: String,
    /// Its own connector, if it has one.
    pub(crate) connector_name: Option<String>,
    /// The schema of its configuration is in there.
    pub(crate) connector_config: Option<Box<RawValue>>,
    pub(crate) sealed_configuration: Option<Vec<u8>>,
    /// What was secret in the configuration when it was sealed.
    pub(crate) secret_places: Vec<String>,
    pub(crate) sources: Vec<SourceId>,
    pub(crate) is_deleted: bool,
}

/// What stands before the names of a source's tools on a server, whether or not the server is made from it now.
#[derive(Debug)]
pub(crate) struct WholeBinding {
    pub(crate) server: ServerId,
    /// Nothing for a source that was deleted.
    pub(crate) source: Option<SourceId>,
    pub(crate) prefix: String,
}

/// A tool that was made from a template.
#[derive(Debug)]
pub(crate) struct WholeTool {
    pub(crate) server: ServerId,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Whose connector has the template; nothing for the server's own.
    pub(crate) source: Option<SourceId>,
    pub(crate) template: String,
    pub(crate) template_args: Box<RawValue>,
}

/// For transactions that see all rows.
impl Tx {
    /// The sources of the users with these addresses, in lower case, or all of them; the oldest of each user first.
    pub(crate) async fn whole_sources(&mut self, owners: Option<&[String]>) -> Result<Vec<WholeSource>, Error> {
        let rows = sqlx::query!(
            r#"SELECT s.id, u.email, s.type AS kind, s.name, c.config::text AS "config?", s.sealed_metadata,
                      s.secret_places::text AS "secret_places!"
               FROM sources s JOIN users u ON u.id = s.user_id LEFT JOIN mcp_connectors c ON c.name = s.type
               WHERE $1::text[] IS NULL OR lower(u.email) = ANY($1) ORDER BY s.user_id, s.created_at, s.id"#,
            owners
        )
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WholeSource {
                    id: row.id.into(),
                    owner: row.email,
                    kind: row.kind,
                    name: row.name,
                    connector_config: row.config.map(connectors::raw).transpose()?,
                    sealed_metadata: row.sealed_metadata,
                    secret_places: places_of(Some(&row.secret_places))?,
                })
            })
            .collect()
    }

    /// The servers at these endpoints, or all of them.
    pub(crate) async fn whole_servers(&mut self, endpoints: Option<&[String]>) -> Result<Vec<WholeServer>, Error> {
        let rows = sqlx::query!(
            r#"SELECT s.id, u.email, s.name, s.endpoint, c.name AS "connector_name?", c.config::text AS config,
                      s.configuration, s.secret_places::text AS secret_places, s.source_ids,
                      s.deleted_at IS NOT NULL AS "is_deleted!"
               FROM mcp_servers s JOIN users u ON u.id = s.user_id LEFT JOIN mcp_connectors c ON c.id = s.connector_id
               WHERE $1::text[] IS NULL OR s.endpoint = ANY($1)"#,
            endpoints
        )
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WholeServer {
                    id: row.id.into(),
                    owner: row.email,
                    name: row.name,
                    endpoint: row.endpoint,
                    connector_name: row.connector_name,
                    connector_config: row.config.map(connectors::raw).transpose()?,
                    sealed_configuration: row.configuration,
                    secret_places: places_of(row.secret_places.as_deref())?,
                    sources: row.source_ids.into_iter().map(SourceId::from).collect(),
                    is_deleted: row.is_deleted,
                })
            })
            .collect()
    }

    /// The prefixes of these servers' sources, or of all servers'.
    pub(crate) async fn whole_bindings(&mut self, servers: Option<&[ServerId]>) -> Result<Vec<WholeBinding>, Error> {
        let servers = uuids(servers);
        let rows = sqlx::query!(
            "SELECT server_id, source_id, prefix FROM mcp_server_bindings WHERE $1::uuid[] IS NULL OR server_id = ANY($1)",
            servers.as_deref()
        )
        .fetch_all(self.conn())
        .await?;
        let bindings = rows.into_iter().map(|row| WholeBinding {
            server: row.server_id.into(),
            source: row.source_id.map(SourceId::from),
            prefix: row.prefix,
        });
        Ok(bindings.collect())
    }

    /// The dynamic tools of these servers, or of all.
    pub(crate) async fn whole_tools(&mut self, servers: Option<&[ServerId]>) -> Result<Vec<WholeTool>, Error> {
        let servers = uuids(servers);
        let rows = sqlx::query!(
            r#"SELECT server_id, name, description, source_id, template, template_args::text AS "template_args!"
               FROM mcp_server_tools WHERE $1::uuid[] IS NULL OR server_id = ANY($1)"#,
            servers.as_deref()
        )
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(WholeTool {
                    server: row.server_id.into(),
                    name: row.name,
                    description: row.description,
                    source: row.source_id.map(SourceId::from),
                    template: row.template,
                    template_args: connectors::raw(row.template_args)?,
                })
            })
            .collect()
    }

    /// How the owners of these servers, or of all, want their tools.
    pub(crate) async fn whole_settings(
        &mut self,
        servers: Option<&[ServerId]>,
    ) -> Result<Vec<(ServerId, ToolSetting)>, Error> {
        let servers = uuids(servers);
        let rows = sqlx::query!(
            "SELECT server_id, id, source_id, made, tool, enabled, name, description, position
             FROM mcp_server_tool_settings WHERE $1::uuid[] IS NULL OR server_id = ANY($1)",
            servers.as_deref()
        )
        .fetch_all(self.conn())
        .await?;
        let settings = rows.into_iter().map(|row| {
            let setting = ToolSetting {
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
            };
            (row.server_id.into(), setting)
        });
        Ok(settings.collect())
    }

    /// Makes a source the last of its owner's: their order tells apart those that look alike.
    pub(crate) async fn put_source_last(&mut self, id: SourceId) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE sources SET created_at = GREATEST(clock_timestamp(), (
                 SELECT max(o.created_at) + interval '1 microsecond' FROM sources o
                 WHERE o.user_id = sources.user_id AND o.id <> sources.id
             )) WHERE id = $1",
            id.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Changes what can be changed of a server. One that isn't deleted any more keeps its endpoint, and its tokens.
    pub(crate) async fn put_server(
        &mut self,
        id: ServerId,
        name: &str,
        configuration: Option<&SealedConfiguration>,
        sources: Option<&[SourceId]>,
        deleted_at: Option<OffsetDateTime>,
    ) -> Result<(), Error> {
        let sources = sources.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
        sqlx::query!(
            "UPDATE mcp_servers SET name = $2, configuration = COALESCE($3, configuration),
                                    secret_places = CASE WHEN $3 IS NULL THEN secret_places ELSE $5::text::json END,
                                    source_ids = COALESCE($6, source_ids),
                                    deleted_at = CASE WHEN $4::timestamptz IS NULL THEN NULL
                                                      ELSE COALESCE(deleted_at, $4) END
             WHERE id = $1",
            id.0,
            name,
            configuration.map(|configuration| configuration.sealed.as_slice()),
            deleted_at,
            configuration.map(|configuration| configuration.secret_places.as_str()),
            sources.as_deref(),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Changes what a server's dynamic tool of this name is made from.
    pub(crate) async fn put_dynamic_tool(
        &mut self,
        server: ServerId,
        name: &str,
        description: Option<&str>,
        source: Option<SourceId>,
        template: &str,
        template_args: &str,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_server_tools SET description = $3, source_id = $4, template = $5, template_args = $6::text::json
             WHERE server_id = $1 AND name = $2",
            server.0,
            name,
            description,
            source.map(|id| id.0),
            template,
            template_args,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes prefixes that a server gives to sources, or gave to sources that are gone.
    pub(crate) async fn put_prefixes(
        &mut self,
        server: ServerId,
        user: UserId,
        given_out: &[(Option<SourceId>, String)],
    ) -> Result<(), Error> {
        let sources: Vec<_> = given_out.iter().map(|(source, _)| source.map(|id| id.0)).collect();
        let prefixes: Vec<_> = given_out.iter().map(|(_, prefix)| prefix.clone()).collect();
        sqlx::query!(
            "INSERT INTO mcp_server_bindings (server_id, user_id, source_id, prefix)
             SELECT $1, $2, source_id, prefix FROM unnest($3::uuid[], $4::text[]) AS b (source_id, prefix)",
            server.0,
            user.0,
            &sources as &[Option<uuid::Uuid>],
            &prefixes,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

fn uuids(ids: Option<&[ServerId]>) -> Option<Vec<uuid::Uuid>> {
    ids.map(|ids| ids.iter().map(|id| id.0).collect())
}
