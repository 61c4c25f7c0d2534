//! What becomes of MCP servers and of the tools that were made on them.

use super::{Kind, Member, Planner, configurations::Standing};
use crate::{
    Error,
    endpoint::EndpointKey,
    servers::keys,
    storage::transfer::WholeServer,
    templates::DYNAMIC_TOOLS_MAX,
    transfer::{
        document::{ServerEntry, ToolEntry},
        export::tool_entry,
        node::Node,
    },
};
use patchbay_domain::ids::ServerId;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// What to write of a server.
pub(in crate::transfer) struct ServerStep {
    pub(in crate::transfer) id: ServerId,
    pub(in crate::transfer) is_new: bool,
    /// In lower case.
    pub(in crate::transfer) owner: String,
    pub(in crate::transfer) name: String,
    pub(in crate::transfer) endpoint: String,
    pub(in crate::transfer) connector: String,
    /// With its secrets; nothing when it stays. A new server always has one.
    pub(in crate::transfer) configuration: Option<Value>,
    /// The JSON pointers to those.
    pub(in crate::transfer) secret_places: Vec<String>,
    pub(in crate::transfer) is_deleted: bool,
    pub(in crate::transfer) tools: Vec<ToolStep>,
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

/// A tool to be written.
#[derive(Debug)]
pub(in crate::transfer) struct ToolStep {
    pub(in crate::transfer) is_new: bool,
    pub(in crate::transfer) tool: ToolEntry,
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
        if !self.stored.users.contains_key(&owner) && !self.emails.contains(&owner) {
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
        let Some(schema) = self.schema(&entry.connector)? else {
            let message = format!("There is no connector '{}', here or in the document.", entry.connector);
            self.problems.add(&format!("{path}.connector"), message);
            return Ok(None);
        };
        let empty = Node::Map(Vec::new());
        let given = entry.configuration.as_ref().unwrap_or(&empty);
        let configured = self.configuration(given, entry, &schema, None, path)?;
        self.check_tools_count(entry.tools.len(), path);
        let mut members = vec![
            Member::new("name", None, Some(&entry.name)),
            Member::new("connector", None, Some(&entry.connector)),
        ];
        if !entry.tools.is_empty() {
            members.push(Member::new("tools", None, Some(&entry.tools.len().to_string())));
        }
        if entry.deleted == Some(true) {
            members.push(Member::new("deleted", None, Some("true")));
        }
        self.note(Kind::Server, title(entry), true, members);
        let (Some(configured), Some(endpoint)) = (configured, endpoint) else {
            return Ok(None);
        };
        Ok(Some(ServerStep {
            id: ServerId(Uuid::new_v4()),
            is_new: true,
            before: Value::Null,
            after: audited_new(entry, &configured.value),
            owner,
            name: entry.name.clone(),
            endpoint: endpoint.clone(),
            connector: entry.connector.clone(),
            configuration: Some(configured.value),
            secret_places: configured.secret_places,
            is_deleted: entry.deleted == Some(true),
            tools: entry
                .tools
                .iter()
                .cloned()
                .map(|tool| ToolStep { is_new: true, tool })
                .collect(),
        }))
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
        if stored.connector_name != entry.connector {
            let message = format!(
                "This server is made from the connector '{}', and can't be made from another.",
                stored.connector_name
            );
            self.problems.add(&format!("{path}.connector"), message);
            return Ok(None);
        }
        let mut members = Vec::new();
        if stored.name != entry.name {
            members.push(Member::new("name", Some(&stored.name), Some(&entry.name)));
        }
        let configured = match &entry.configuration {
            Some(given) => {
                let before = Standing {
                    value: self.engine.opened_configuration(stored)?,
                    server: stored,
                };
                let schema = self.schema(&entry.connector)?;
                let schema = schema.ok_or_else(|| Error::internal("a connector is gone that was held"))?;
                self.configuration(given, entry, &schema, Some(&before), path)?
            }
            None => None,
        };
        let (configuration, secret_places) = configured
            .filter(|configured| !configured.members.is_empty())
            .map(|configured| {
                members.extend(configured.members);
                (configured.value, configured.secret_places)
            })
            .unzip();
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
        let tools = self.tools(entry, stored, path, &mut members);
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
            connector: entry.connector.clone(),
            configuration,
            secret_places: secret_places.unwrap_or_default(),
            is_deleted,
            tools,
            before,
            after,
        }))
    }

    /// The tools that are new or others than before; what the document doesn't have stays.
    fn tools(
        &mut self,
        entry: &ServerEntry,
        stored: &WholeServer,
        path: &str,
        members: &mut Vec<Member>,
    ) -> Vec<ToolStep> {
        let before: HashMap<&str, ToolEntry> = self
            .stored
            .tools
            .get(&stored.id)
            .into_iter()
            .flatten()
            .map(|tool| (tool.name.as_str(), tool_entry(tool)))
            .collect();
        let mut steps = Vec::new();
        for tool in &entry.tools {
            let old = before.get(tool.name.as_str());
            if old == Some(tool) {
                continue;
            }
            let words = |tool: &ToolEntry| format!("{} {}", tool.template, tool.template_args.get());
            let old_words = old.map(words);
            members.push(Member::new(
                format!("tools.{}", tool.name),
                old_words.as_deref(),
                Some(&words(tool)),
            ));
            steps.push(ToolStep {
                is_new: old.is_none(),
                tool: tool.clone(),
            });
        }
        let added = steps.iter().filter(|step| step.is_new).count();
        if added > 0 {
            self.check_tools_count(before.len() + added, path);
        }
        steps
    }

    fn check_tools_count(&mut self, count: usize, path: &str) {
        if count > DYNAMIC_TOOLS_MAX {
            let message = format!("A server has at most {DYNAMIC_TOOLS_MAX} tools that are made from templates.");
            self.problems.add(&format!("{path}.tools"), message);
        }
    }
}

/// The audit log's words for what becomes of a server. Of its configuration and its tools those are named that are others
/// than before: their values are their owner's.
fn audited(entry: &ServerEntry, stored: &WholeServer, members: &[Member]) -> (Value, Value) {
    let (mut before, mut after) = (Map::new(), Map::new());
    for member in members {
        for (side, text) in [(&mut before, &member.before), (&mut after, &member.after)] {
            let Some(text) = text else { continue };
            match member.name.split_once('.') {
                Some((part, key)) => {
                    let keys = side.entry(part).or_insert_with(|| Value::Array(Vec::new()));
                    keys.as_array_mut().into_iter().for_each(|keys| keys.push(key.into()));
                }
                None => {
                    side.insert(member.name.clone(), text.as_str().into());
                }
            }
        }
    }
    // A report shortens it.
    if before.contains_key("name") {
        before.insert("name".to_owned(), stored.name.as_str().into());
        after.insert("name".to_owned(), entry.name.as_str().into());
    }
    (before.into(), after.into())
}

/// The same for a new one.
fn audited_new(entry: &ServerEntry, configuration: &Value) -> Value {
    let mut after = json!({"configuration": keys(configuration)});
    if !entry.tools.is_empty() {
        after["tools"] = entry.tools.iter().map(|tool| tool.name.as_str()).collect();
    }
    if entry.deleted == Some(true) {
        after["deleted"] = "true".into();
    }
    after
}

/// How a report names a server.
fn title(entry: &ServerEntry) -> String {
    format!("{} of {} ({})", entry.endpoint, entry.owner, entry.name)
}
