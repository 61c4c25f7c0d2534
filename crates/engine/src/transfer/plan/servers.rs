//! What becomes of MCP servers and of the tools that were made on them.

use super::{Kind, Member, Planner};
use crate::{
    Error,
    configuration::{self, Checker},
    connectors::config_params,
    endpoint::EndpointKey,
    servers::{CONFIGURATION_MAX_BYTES, keys},
    storage::transfer::WholeServer,
    templates::DYNAMIC_TOOLS_MAX,
    transfer::{
        document::{ServerEntry, ToolEntry},
        export::tool_entry,
        node::Node,
        reference::{Resolved, resolve},
    },
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::ServerId,
};
use serde_json::{Map, Value, json, value::RawValue};
use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
};
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

/// A configuration that may be stored, and how it differs from the one that is.
struct Configured {
    value: Value,
    secret_places: Vec<String>,
    members: Vec<Member>,
}

/// A configuration that is stored.
struct Standing<'a> {
    value: Value,
    server: &'a WholeServer,
}

/// What a connector's servers are configured by. Compiled once for all of them, if any of them needs it.
pub(super) struct Schema {
    value: Option<Value>,
    checker: OnceCell<Checker>,
}

impl Schema {
    fn check(&self, configuration: &Value) -> FieldErrors {
        if configuration.to_string().len() > CONFIGURATION_MAX_BYTES {
            let reason = "At most 64 KiB as JSON.".into();
            return FieldErrors::one("configuration", FieldError::Refused { reason });
        }
        let checker = self.checker.get_or_init(|| Checker::of(self.value.as_ref()));
        checker.check(configuration).err().unwrap_or_default()
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

    /// The schema of the configuration of a connector's servers, as it will be; nothing when there is no such connector.
    fn schema(&mut self, connector: &str) -> Result<Option<Rc<Schema>>, Error> {
        if let Some(known) = self.schemas.get(connector) {
            return Ok(known.clone());
        }
        let entry = self.connectors.get(connector);
        let stored = self.stored.connectors.get(connector);
        let config: Option<&RawValue> = match entry.and_then(|entry| entry.definitions.as_ref()) {
            Some(definitions) => definitions.config.as_deref(),
            None => stored.and_then(|stored| stored.set.config.as_deref()),
        };
        let schema = if entry.is_some() || stored.is_some() {
            Some(Rc::new(Schema {
                value: config_params(config)?,
                checker: OnceCell::new(),
            }))
        } else {
            None
        };
        self.schemas.insert(connector.to_owned(), schema.clone());
        Ok(schema)
    }

    /// The configuration with its secrets, if it can be used.
    fn configuration(
        &mut self,
        given: &Node,
        entry: &ServerEntry,
        schema: &Schema,
        before: Option<&Standing<'_>>,
        path: &str,
    ) -> Result<Option<Configured>, Error> {
        let given: Value = serde_json::from_str(&given.to_json()).map_err(Error::internal)?;
        let Resolved {
            configuration: value,
            followed,
            missing,
            problems,
        } = resolve(
            schema.value.as_ref(),
            given,
            before.map(|before| &before.value),
            &entry.endpoint,
            self.secrets,
        );
        let mut is_usable = problems.is_empty();
        for (field, message) in problems {
            self.problems.add(&format!("{path}.{field}"), message);
        }
        let is_same = before.is_some_and(|before| before.value == value);
        // What is stored was checked when it came, by the schema of that day.
        let errors = if is_same {
            FieldErrors::default()
        } else {
            schema.check(&value)
        };
        for (field, reference) in missing {
            let name = reference.from_env;
            if errors.get(&field) == Some(&FieldError::Required) || field.ends_with(']') {
                let message = format!("{name} is not set, nothing is stored here, and the connector needs this.");
                self.problems.add(&format!("{path}.{field}"), message);
                is_usable = false;
            } else {
                self.warn(
                    format!("{path}.{field}"),
                    format!("{name} is not set: the server has no such secret."),
                );
            }
        }
        is_usable &= errors.is_empty();
        for (field, error) in errors.0 {
            // The first thing that was said of a field stands.
            self.problems.error(&format!("{path}.{field}"), error);
        }
        if !is_usable {
            return Ok(None);
        }
        let schema = schema.value.as_ref();
        let members = if is_same {
            Vec::new()
        } else {
            differences(schema, before, &value, &followed)?
        };
        let mut secret_places = configuration::secret_places(schema, &value);
        secret_places.extend(followed);
        secret_places.sort();
        secret_places.dedup();
        Ok(Some(Configured {
            value,
            secret_places,
            members,
        }))
    }
}

/// Which entries of a configuration are others than before. What was secret, by the day it was sealed, by the connector as
/// it is or as the document has it, is masked, and so is what the document puts there from a reference.
fn differences(
    schema: Option<&Value>,
    before: Option<&Standing<'_>>,
    after: &Value,
    followed: &[String],
) -> Result<Vec<Member>, Error> {
    let nothing = Value::Object(Map::new());
    let old = before.map_or(&nothing, |before| &before.value);
    let old_shown = match before {
        Some(Standing { value, server }) => {
            let stored = config_params(server.connector_config.as_deref())?;
            let shown = configuration::masked(stored.as_ref(), &server.secret_places, value.clone());
            configuration::masked(schema, &[], shown)
        }
        None => Value::Null,
    };
    let new_shown = configuration::masked(schema, followed, after.clone());
    let names: BTreeSet<&str> = keys(old).into_iter().chain(keys(after)).collect();
    let members = names
        .into_iter()
        .filter(|key| old.get(key) != after.get(key))
        .map(|key| {
            let text = |shown: &Value| shown.get(key).map(Value::to_string);
            let (before, after) = (text(&old_shown), text(&new_shown));
            Member::new(format!("configuration.{key}"), before.as_deref(), after.as_deref())
        });
    Ok(members.collect())
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
