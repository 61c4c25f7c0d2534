//! What is stored, as entries of a document. An import makes the same of it to see what it would change.

use super::{
    document::{ConnectorEntry, DefinitionsEntry, Document, UserEntry},
    hidden::with_references,
    node::{Node, canonical},
    reference::{Holder, Reference},
    server_entry::{BindingEntry, FormerEntry, ServerEntry, SettingEntry, SourceEntry, ToolEntry},
    source_key::{Numbers, SourceKey},
};
use crate::{
    Actor, Engine, Error,
    aside::aside,
    connectors::config_params,
    servers::configuration_purpose,
    sources::metadata_purpose,
    storage::{
        Tx,
        tool_settings::ToolSetting,
        transfer::{WholeConnector, WholeUser},
        transfer_servers::{WholeBinding, WholeServer, WholeSource, WholeTool},
    },
};
use patchbay_domain::ids::{ServerId, SourceId};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::HashMap;

/// What is stored, before any of it is opened.
struct Everything {
    connectors: Vec<WholeConnector>,
    users: Vec<WholeUser>,
    sources: Vec<WholeSource>,
    servers: Vec<WholeServer>,
    parts: HashMap<ServerId, Parts>,
}

/// What hangs on a server.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) bindings: Vec<WholeBinding>,
    pub(super) tools: Vec<WholeTool>,
    pub(super) settings: Vec<ToolSetting>,
}

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
        let everything = Everything {
            parts: Parts::of_servers(&mut tx, None).await?,
            connectors: tx.whole_connectors(None).await?,
            users: tx.whole_users(None).await?,
            sources: tx.whole_sources(None).await?,
            servers: tx.whole_servers(None).await?,
        };
        drop(tx);
        aside(|| self.document(everything))
    }

    fn document(&self, everything: Everything) -> Result<Document, Error> {
        let Everything {
            connectors,
            users,
            sources,
            servers,
            mut parts,
        } = everything;
        let mut schemas = HashMap::new();
        for connector in &connectors {
            schemas.insert(connector.name.as_str(), config_params(connector.set.config.as_deref())?);
        }
        let schema = |name: &str| schemas.get(name).and_then(Option::as_ref);
        let keys = source_keys(&sources);
        let mut document = Document {
            connectors: connectors.iter().map(connector_entry).collect(),
            users: users.iter().map(user_entry).collect(),
            sources: sources
                .into_iter()
                .map(|source| self.source_entry(&source, schema(&source.kind), &keys))
                .collect::<Result<_, Error>>()?,
            servers: servers
                .into_iter()
                .map(|server| {
                    let schema = server.connector_name.as_deref().and_then(schema);
                    let parts = parts.remove(&server.id).unwrap_or_default();
                    self.server_entry(server, schema, &parts, &keys)
                })
                .collect::<Result<_, Error>>()?,
            is_registry_entry: false,
        };
        document.connectors.sort_by(|a, b| a.name.cmp(&b.name));
        document.users.sort_by_cached_key(|user| user.email.to_lowercase());
        document
            .sources
            .sort_by_cached_key(|source| (source.owner.to_lowercase(), source.key.clone()));
        document
            .servers
            .sort_by_cached_key(|server| (server.owner.to_lowercase(), server.endpoint.clone()));
        Ok(document)
    }

    fn source_entry(
        &self,
        source: &WholeSource,
        schema: Option<&Value>,
        keys: &HashMap<SourceId, SourceKey>,
    ) -> Result<SourceEntry, Error> {
        let key = keys.get(&source.id).cloned();
        let key = key.ok_or_else(|| Error::internal("a source was not counted"))?;
        let holder = Holder::Source {
            owner: &source.owner,
            key: &key,
        };
        let metadata = self.opened_metadata(source)?;
        let metadata = with_references(schema, &source.secret_places, metadata, holder);
        Ok(SourceEntry {
            source_metadata: Some(node_of(&metadata)?),
            owner: source.owner.clone(),
            key,
        })
    }

    fn server_entry(
        &self,
        server: WholeServer,
        schema: Option<&Value>,
        parts: &Parts,
        keys: &HashMap<SourceId, SourceKey>,
    ) -> Result<ServerEntry, Error> {
        let configuration = self.opened_configuration(&server)?.map(|configuration| {
            let holder = Holder::Server(&server.endpoint);
            node_of(&with_references(schema, &server.secret_places, configuration, holder))
        });
        let (sources, former_sources) = binding_entries(&server.sources, &parts.bindings, keys);
        let mut tools: Vec<_> = parts.tools.iter().map(|tool| tool_entry(tool, keys)).collect();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        let mut tool_settings: Vec<_> = parts
            .settings
            .iter()
            .map(|setting| setting_entry(setting, keys))
            .filter(|setting| !setting.is_untouched())
            .collect();
        tool_settings.sort_by(|a, b| (&a.source, &a.tool, a.made).cmp(&(&b.source, &b.tool, b.made)));
        Ok(ServerEntry {
            owner: server.owner,
            name: server.name,
            endpoint: server.endpoint,
            connector: server.connector_name,
            configuration: configuration.transpose()?,
            sources: Some(sources),
            former_sources,
            deleted: server.is_deleted.then_some(true),
            tools,
            tool_settings,
        })
    }

    /// A server's configuration, with its secrets; nothing for a server without a connector of its own.
    pub(super) fn opened_configuration(&self, server: &WholeServer) -> Result<Option<Value>, Error> {
        let Some(sealed) = &server.sealed_configuration else {
            return Ok(None);
        };
        let opened = self
            .vault()
            .open(&configuration_purpose(server.id), sealed)
            .map_err(|error| Error::internal(format!("the configuration of the server {}: {error}", server.id)))?;
        serde_json::from_slice(opened.expose_secret())
            .map(Some)
            .map_err(Error::internal)
    }

    /// A source's metadata, with its secrets.
    pub(super) fn opened_metadata(&self, source: &WholeSource) -> Result<Value, Error> {
        let opened = self
            .vault()
            .open(&metadata_purpose(source.id), &source.sealed_metadata)
            .map_err(|error| Error::internal(format!("the metadata of the source {}: {error}", source.id)))?;
        serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)
    }
}

impl Parts {
    /// What hangs on each of these servers, or on all of them.
    pub(super) async fn of_servers(tx: &mut Tx, ids: Option<&[ServerId]>) -> Result<HashMap<ServerId, Self>, Error> {
        let mut parts: HashMap<ServerId, Self> = HashMap::new();
        for binding in tx.whole_bindings(ids).await? {
            parts.entry(binding.server).or_default().bindings.push(binding);
        }
        for tool in tx.whole_tools(ids).await? {
            parts.entry(tool.server).or_default().tools.push(tool);
        }
        for (server, setting) in tx.whole_settings(ids).await? {
            parts.entry(server).or_default().settings.push(setting);
        }
        Ok(parts)
    }
}

/// How each of these sources, the oldest of each owner first, is called.
pub(super) fn source_keys(sources: &[WholeSource]) -> HashMap<SourceId, SourceKey> {
    let mut numbers = Numbers::default();
    let key = |source: &WholeSource| numbers.next(&source.owner, &source.kind, source.name.as_deref());
    let ids = sources.iter().map(|source| source.id);
    ids.zip(sources.iter().map(key)).collect()
}

/// The sources that a server is made from, and those that it was.
pub(super) fn binding_entries(
    sources: &[SourceId],
    bindings: &[WholeBinding],
    keys: &HashMap<SourceId, SourceKey>,
) -> (Vec<BindingEntry>, Vec<FormerEntry>) {
    let prefixes: HashMap<SourceId, &str> = bindings
        .iter()
        .filter_map(|binding| Some((binding.source?, binding.prefix.as_str())))
        .collect();
    let bound = sources.iter().filter_map(|id| {
        Some(BindingEntry {
            source: keys.get(id)?.clone(),
            prefix: prefixes.get(id).map(|&prefix| prefix.to_owned()),
        })
    });
    let gone = bindings
        .iter()
        .filter(|binding| binding.source.is_none_or(|id| !sources.contains(&id)));
    let mut former: Vec<_> = gone
        .map(|binding| FormerEntry {
            source: binding.source.and_then(|id| keys.get(&id).cloned()),
            prefix: binding.prefix.clone(),
        })
        .collect();
    former.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    (bound.collect(), former)
}

fn node_of(value: &Value) -> Result<Node, Error> {
    Node::from_json(&value.to_string()).map_err(|error| Error::internal(error.0))
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

pub(super) fn tool_entry(tool: &WholeTool, keys: &HashMap<SourceId, SourceKey>) -> ToolEntry {
    ToolEntry {
        name: tool.name.clone(),
        description: tool.description.clone(),
        source: tool.source.and_then(|id| keys.get(&id).cloned()),
        template: tool.template.clone(),
        template_args: canonical(&tool.template_args),
    }
}

pub(super) fn setting_entry(setting: &ToolSetting, keys: &HashMap<SourceId, SourceKey>) -> SettingEntry {
    SettingEntry {
        source: setting.key.source.and_then(|id| keys.get(&id).cloned()),
        tool: setting.key.tool.clone(),
        made: setting.key.made,
        enabled: setting.enabled,
        name: setting.name.clone(),
        description: setting.description.clone(),
        position: setting.position.map(i32::unsigned_abs),
    }
}
