//! What becomes of MCP servers.

use super::{
    Kind, Member, Planner,
    audited::{audited, audited_new},
    bindings::BindingsStep,
    configurations::{Configured, Place, Standing},
    settings::SettingsStep,
    tools::ToolStep,
};
use crate::{
    Error,
    endpoint::EndpointKey,
    storage::transfer_servers::WholeServer,
    transfer::{node::Node, reference::Holder, server_entry::ServerEntry},
};
use patchbay_domain::ids::ServerId;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

const NOTHING_TO_CONFIGURE: &str = "Only a server with a connector of its own is configured.";

/// What to write of a server.
pub(in crate::transfer) struct ServerStep {
    pub(in crate::transfer) id: ServerId,
    pub(in crate::transfer) is_new: bool,
    /// In lower case.
    pub(in crate::transfer) owner: String,
    pub(in crate::transfer) name: String,
    pub(in crate::transfer) endpoint: String,
    /// Its own connector, for one that has one.
    pub(in crate::transfer) connector: Option<String>,
    /// With its secrets; nothing when it stays. A new server with a connector always has one.
    pub(in crate::transfer) configuration: Option<Value>,
    /// The JSON pointers to those.
    pub(in crate::transfer) secret_places: Vec<String>,
    pub(in crate::transfer) bindings: BindingsStep,
    pub(in crate::transfer) is_deleted: bool,
    pub(in crate::transfer) tools: Vec<ToolStep>,
    pub(in crate::transfer) settings: SettingsStep,
    /// For the audit log.
    pub(in crate::transfer) before: Value,
    pub(in crate::transfer) after: Value,
}

impl std::fmt::Debug for ServerStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerStep")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Planner<'_> {
    pub(super) fn servers(&mut self) -> Result<Vec<ServerStep>, Error> {
        let endpoints = self.engine.endpoints().candidates();
        let pool: HashMap<EndpointKey, &String> = endpoints
            .iter()
            .map(|endpoint| (EndpointKey::of_stored(endpoint), endpoint))
            .collect();
        let mut added: HashMap<String, u64> = HashMap::new();
        let mut steps = Vec::new();
        for (index, entry) in self.document.servers.iter().enumerate() {
            let path = format!("servers[{index}]");
            let key = EndpointKey::of_stored(&entry.endpoint);
            let step = match self.stored.servers.get(&key) {
                Some(stored) => self.known_server(entry, stored, &path)?,
                None => {
                    let new = added.entry(entry.owner.to_lowercase()).or_default();
                    *new += 1;
                    let new = *new;
                    self.new_server(entry, pool.get(&key).copied(), new, &path)?
                }
            };
            steps.extend(step);
        }
        Ok(steps)
    }

    fn new_server(
        &mut self,
        entry: &ServerEntry,
        endpoint: Option<&String>,
        new: u64,
        path: &str,
    ) -> Result<Option<ServerStep>, Error> {
        let owner = entry.owner.to_lowercase();
        if !self.is_somebody(&owner) {
            let message = format!("There is no user {}, here or in the document.", entry.owner);
            self.problems.add(&format!("{path}.owner"), message);
        }
        let has = self
            .stored
            .users
            .get(&owner)
            .and_then(|user| self.stored.servers_of.get(&user.id))
            .copied()
            .unwrap_or(0);
        let limit = self.engine.config().servers_per_user;
        if has + new > u64::from(limit) {
            let message = format!(
                "{} would have more than {limit} MCP servers, deleted ones included.",
                entry.owner
            );
            self.problems.add(&format!("{path}.owner"), message);
        }
        if endpoint.is_none() {
            let message = if self.engine.config().pool.is_empty() {
                let max = self.engine.config().servers_max;
                format!("There is no such endpoint here: they are /mcp/1 to /mcp/{max}.")
            } else {
                "This endpoint is not in MCP_GATEWAY_URL_POOLS.".to_owned()
            };
            self.problems.add(&format!("{path}.endpoint"), message);
        }
        let configured = self.new_configuration(entry, path)?;
        let bindings = self.bindings(entry, None, path);
        let mut of_tools = Vec::new();
        let tools = self.tools(entry, None, path, &mut of_tools);
        let settings = self.settings(entry, None, &tools, path, &mut of_tools);
        let mut members = vec![Member::new("name", None, Some(&entry.name))];
        if let Some(connector) = &entry.connector {
            members.push(Member::new("connector", None, Some(connector)));
        }
        members.extend(bindings.members.iter().cloned());
        for (name, count) in [
            ("tools", entry.tools.len()),
            ("tool_settings", entry.tool_settings.len()),
        ] {
            if count > 0 {
                members.push(Member::new(name, None, Some(&count.to_string())));
            }
        }
        if entry.deleted == Some(true) {
            members.push(Member::new("deleted", None, Some("true")));
        }
        self.note(Kind::Server, title(entry), true, members);
        let (Some(configured), Some(endpoint)) = (configured, endpoint) else {
            return Ok(None);
        };
        let (configuration, secret_places) = configured
            .map(|configured| (configured.value, configured.secret_places))
            .unzip();
        Ok(Some(ServerStep {
            id: ServerId(Uuid::new_v4()),
            is_new: true,
            before: Value::Null,
            after: audited_new(entry, configuration.as_ref()),
            owner,
            name: entry.name.clone(),
            endpoint: endpoint.clone(),
            connector: entry.connector.clone(),
            configuration,
            secret_places: secret_places.unwrap_or_default(),
            bindings,
            is_deleted: entry.deleted == Some(true),
            tools,
            settings,
        }))
    }

    /// The configuration of a new server, if it has a connector to configure; nothing where that can't be.
    #[expect(clippy::option_option, reason = "one that needs none is as good as one that has one")]
    fn new_configuration(&mut self, entry: &ServerEntry, path: &str) -> Result<Option<Option<Configured>>, Error> {
        let Some(connector) = &entry.connector else {
            if entry.configuration.is_some() {
                self.problems
                    .add(&format!("{path}.configuration"), NOTHING_TO_CONFIGURE);
                return Ok(None);
            }
            return Ok(Some(None));
        };
        let Some(schema) = self.schema(connector)? else {
            let message = format!("There is no connector '{connector}', here or in the document.");
            self.problems.add(&format!("{path}.connector"), message);
            return Ok(None);
        };
        let empty = Node::Map(Vec::new());
        let given = entry.configuration.as_ref().unwrap_or(&empty);
        Ok(self.configuration(given, place(entry, path), &schema, None)?.map(Some))
    }

    fn known_server(
        &mut self,
        entry: &ServerEntry,
        stored: &WholeServer,
        path: &str,
    ) -> Result<Option<ServerStep>, Error> {
        if stored.owner.to_lowercase() != entry.owner.to_lowercase() {
            let message = format!("This endpoint is held by a server of {}.", stored.owner);
            self.problems.add(&format!("{path}.endpoint"), message);
            return Ok(None);
        }
        if let Some(wanted) = &entry.connector
            && stored.connector_name.as_ref() != Some(wanted)
        {
            let message = match &stored.connector_name {
                Some(name) => {
                    format!("This server is made from the connector '{name}', and can't be made from another.")
                }
                None => "This server has no connector of its own, and can't get one.".to_owned(),
            };
            self.problems.add(&format!("{path}.connector"), message);
            return Ok(None);
        }
        let mut members = Vec::new();
        if stored.name != entry.name {
            members.push(Member::new("name", Some(&stored.name), Some(&entry.name)));
        }
        let configured = self.known_configuration(entry, stored, path)?;
        let (configuration, secret_places) = configured
            .filter(|configured| !configured.members.is_empty())
            .map(|configured| {
                members.extend(configured.members);
                (configured.value, configured.secret_places)
            })
            .unzip();
        let known = Some((stored, self.stored.parts.get(&stored.id)));
        let bindings = self.bindings(entry, known, path);
        members.extend(bindings.members.iter().cloned());
        let is_deleted = match (stored.is_deleted, entry.deleted) {
            (true, Some(false)) => {
                members.push(Member::new("deleted", Some("true"), Some("false")));
                false
            }
            (false, Some(true)) => {
                let message = "It is deleted in the document, and stays here: an import deletes nothing.";
                self.warn(format!("{path}.deleted"), message.to_owned());
                false
            }
            (is_deleted, _) => is_deleted,
        };
        let tools = self.tools(entry, known, path, &mut members);
        let settings = self.settings(entry, known, &tools, path, &mut members);
        let (before, after) = audited(entry, stored, &members);
        if !self.note(Kind::Server, title(entry), false, members) {
            return Ok(None);
        }
        Ok(Some(ServerStep {
            id: stored.id,
            is_new: false,
            owner: entry.owner.to_lowercase(),
            name: entry.name.clone(),
            endpoint: stored.endpoint.clone(),
            connector: stored.connector_name.clone(),
            configuration,
            secret_places: secret_places.unwrap_or_default(),
            bindings,
            is_deleted,
            tools,
            settings,
            before,
            after,
        }))
    }

    /// The configuration that the document has for a server that is there; nothing where it stays.
    fn known_configuration(
        &mut self,
        entry: &ServerEntry,
        stored: &WholeServer,
        path: &str,
    ) -> Result<Option<Configured>, Error> {
        let Some(given) = &entry.configuration else {
            return Ok(None);
        };
        let (Some(connector), Some(value)) = (&stored.connector_name, self.engine.opened_configuration(stored)?) else {
            self.problems
                .add(&format!("{path}.configuration"), NOTHING_TO_CONFIGURE);
            return Ok(None);
        };
        let before = Standing {
            value,
            config: stored.connector_config.as_deref(),
            secret_places: &stored.secret_places,
        };
        let schema = self.schema(connector)?;
        let schema = schema.ok_or_else(|| Error::internal("a connector is gone that was held"))?;
        self.configuration(given, place(entry, path), &schema, Some(&before))
    }
}

fn place<'a>(entry: &'a ServerEntry, path: &'a str) -> Place<'a> {
    Place {
        path,
        field: "configuration",
        holder: Holder::Server(&entry.endpoint),
    }
}

/// How a report names a server.
fn title(entry: &ServerEntry) -> String {
    format!("{} of {} ({})", entry.endpoint, entry.owner, entry.name)
}
