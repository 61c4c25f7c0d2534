//! What is stored, as entries of a document. An import makes the same of it to see what it would change.

use super::{
    document::{ConnectorEntry, DefinitionsEntry, Document, ServerEntry, ToolEntry, UserEntry},
    hidden::with_references,
    node::{Node, canonical},
    reference::Reference,
};
use crate::{
    Actor, Engine, Error,
    connectors::config_params,
    servers::configuration_purpose,
    storage::transfer::{WholeConnector, WholeServer, WholeTool, WholeUser},
};
use patchbay_domain::ids::ServerId;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::HashMap;

impl Engine {
    /// Everything that a document holds, for a superuser.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], a configuration that can't be opened, or a failing database.
    pub async fn export(&self, actor: &Actor) -> Result<Document, Error> {
        actor.require_superuser()?;
        self.export_all().await
    }

    /// Everything that a document holds, for whoever runs the server.
    ///
    /// # Errors
    /// A configuration that can't be opened, or a failing database.
    pub async fn export_all(&self) -> Result<Document, Error> {
        let mut tx = self.db().snapshot().await?;
        let mut tools: HashMap<ServerId, Vec<ToolEntry>> = HashMap::new();
        for tool in tx.whole_tools(None).await? {
            tools.entry(tool.server).or_default().push(tool_entry(&tool));
        }
        let connectors = tx.whole_connectors(None).await?;
        let users = tx.whole_users(None).await?;
        let servers = tx.whole_servers(None).await?;
        drop(tx);
        super::aside(|| self.document(&connectors, &users, servers, tools))
    }

    fn document(
        &self,
        connectors: &[WholeConnector],
        users: &[WholeUser],
        servers: Vec<WholeServer>,
        mut tools: HashMap<ServerId, Vec<ToolEntry>>,
    ) -> Result<Document, Error> {
        let mut schemas = HashMap::new();
        for connector in connectors {
            schemas.insert(connector.name.as_str(), config_params(connector.set.config.as_deref())?);
        }
        let mut document = Document {
            connectors: connectors.iter().map(connector_entry).collect(),
            users: users.iter().map(user_entry).collect(),
            servers: servers
                .into_iter()
                .map(|server| {
                    let schema = schemas.get(server.connector_name.as_str()).and_then(Option::as_ref);
                    let tools = tools.remove(&server.id).unwrap_or_default();
                    self.server_entry(server, schema, tools)
                })
                .collect::<Result<_, Error>>()?,
            is_registry_entry: false,
        };
        document.connectors.sort_by(|a, b| a.name.cmp(&b.name));
        document.users.sort_by_cached_key(|user| user.email.to_lowercase());
        document
            .servers
            .sort_by_cached_key(|server| (server.owner.to_lowercase(), server.endpoint.clone()));
        Ok(document)
    }

    fn server_entry(
        &self,
        server: WholeServer,
        schema: Option<&Value>,
        mut tools: Vec<ToolEntry>,
    ) -> Result<ServerEntry, Error> {
        let configuration = self.opened_configuration(&server)?;
        let configuration = with_references(schema, &server.secret_places, configuration, &server.endpoint);
        let configuration = Node::from_json(&configuration.to_string()).map_err(|error| Error::internal(error.0))?;
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(ServerEntry {
            owner: server.owner,
            name: server.name,
            endpoint: server.endpoint,
            connector: server.connector_name,
            configuration: Some(configuration),
            deleted: server.is_deleted.then_some(true),
            tools,
        })
    }

    /// A server's configuration, with its secrets.
    pub(super) fn opened_configuration(&self, server: &WholeServer) -> Result<Value, Error> {
        let opened = self
            .vault()
            .open(&configuration_purpose(server.id), &server.sealed_configuration)
            .map_err(|error| Error::internal(format!("the configuration of the server {}: {error}", server.id)))?;
        serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)
    }
}

pub(super) fn connector_entry(connector: &WholeConnector) -> ConnectorEntry {
    let set = &connector.set;
    ConnectorEntry {
        name: connector.name.clone(),
        description: Some(connector.description.clone()),
        mode: Some(connector.mode),
        url: (!set.url.is_empty()).then(|| set.url.clone()),
        mcp_url: set.mcp_url.clone(),
        version: Some(set.version.clone()),
        secret: connector
            .sealed_secret
            .as_ref()
            .map(|_| Reference::of_connector(&connector.name)),
        secret_header: connector.secret_header.clone(),
        logo: connector.logo.clone(),
        definitions: connector.has_definitions.then(|| DefinitionsEntry {
            tools: canonical(&set.tools),
            tools_count: set.tools_count,
            templates: canonical(&set.templates),
            templates_count: set.templates_count,
            config: set.config.as_deref().map(canonical),
        }),
    }
}

pub(super) fn user_entry(user: &WholeUser) -> UserEntry {
    let mut roles = user.roles.clone();
    roles.sort_unstable();
    UserEntry {
        email: user.email.clone(),
        roles: Some(roles),
    }
}

pub(super) fn tool_entry(tool: &WholeTool) -> ToolEntry {
    ToolEntry {
        name: tool.name.clone(),
        description: tool.description.clone(),
        template: tool.template.clone(),
        template_args: canonical(&tool.template_args),
    }
}
