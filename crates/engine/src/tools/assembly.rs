//! All tools of a server, as they come of its bindings, of templates and of what its owner wants: who has which name, what
//! is offered, and in which order. The gateway serves what stands here, and the owner's page shows it.
//!
//! A name never comes to mean another upstream's tool by itself. What the owner chose goes first, also while a tool of that
//! name isn't there; names that begin with a source's prefix are that source's; and whoever comes later in the server's
//! order goes without.

use super::offer::Offer;
use crate::{
    Error,
    gateway::TemplateCall,
    servers::names::{beginnings, public_name},
    storage::{
        dynamic_tools::StoredTool,
        tool_settings::{ToolKey, ToolSetting},
        tools::StoredBinding,
    },
    upstream::discover::{DEFINITIONS_MAX, TOOLS_MAX},
};
use patchbay_domain::ids::SourceId;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

/// How many tools that find no room are told of, of those that are listed and of the others.
const NO_ROOM_SHOWN: usize = 1000;

/// A tool of a server, with its place in the order of them all.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) key: ToolKey,
    /// Which binding it comes from; nothing for one that was made from a source that the server doesn't have now.
    pub(crate) binding: Option<usize>,
    /// Its row, if it was made from a template.
    pub(crate) made: Option<uuid::Uuid>,
    /// The name that clients call. One that has lost its name to another has one here that only serves to address it.
    pub(crate) name: String,
    /// The name that it has if its owner gives it no other.
    pub(crate) default_name: String,
    /// What its upstream knows: for a made tool, the template's name.
    pub(crate) upstream_name: String,
    /// The whole tool object, under its own name and in its own words; nothing where there is none to show, or where
    /// nobody asked for it.
    pub(crate) definition: Option<Box<RawValue>>,
    /// How it is called, if it was made from a template.
    pub(crate) template: Option<TemplateCall>,
    /// What its owner wants to have it described as.
    pub(crate) description: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) fate: Fate,
    position: Option<i32>,
}

/// What becomes of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Offered,
    Disabled,
    Blocked,
    /// The connector of that name is switched off.
    SwitchedOff(String),
    /// Another tool has its name.
    NameTaken,
    /// Names that begin so are another source's.
    NameReserved(String),
    TemplateGone,
    /// The source that it was made from left the server.
    SourceGone,
    NoRoom,
}

/// Puts a server's tools together, binding by binding, so that only one connector's definitions are held beside them.
#[derive(Debug)]
pub(crate) struct Assembly {
    settings: HashMap<ToolKey, ToolSetting>,
    /// Prefixes that the server's sources have, or had.
    prefixes: HashSet<String>,
    dynamic: Vec<StoredTool>,
    tools: Vec<Tool>,
    made: Vec<Tool>,
    /// Of the list that clients get.
    room: Room,
    /// For what isn't listed: tools that are switched off, or whose connector is.
    aside: Room,
    /// Whether clients' tools are all that is asked for: then nobody reads the definitions of others.
    is_for_clients: bool,
}

/// What still finds room.
#[derive(Debug)]
struct Room {
    bytes: usize,
    tools: usize,
    /// Those for which there was none.
    without: usize,
}

impl Room {
    /// As much as the largest connector takes.
    const EMPTY: Self = Self {
        bytes: DEFINITIONS_MAX,
        tools: TOOLS_MAX,
        without: 0,
    };

    fn take(&mut self, definition: &RawValue) -> bool {
        let left = self
            .bytes
            .checked_sub(definition.get().len())
            .zip(self.tools.checked_sub(1));
        match left {
            Some((bytes, tools)) => (self.bytes, self.tools) = (bytes, tools),
            None => self.without += 1,
        }
        left.is_some()
    }
}

impl Assembly {
    pub(crate) fn new(settings: Vec<ToolSetting>, prefixes: Vec<String>, dynamic: Vec<StoredTool>) -> Self {
        Self {
            settings: settings
                .into_iter()
                .map(|setting| (setting.key.clone(), setting))
                .collect(),
            prefixes: prefixes.into_iter().collect(),
            dynamic,
            tools: Vec::new(),
            made: Vec::new(),
            room: Room::EMPTY,
            aside: Room::EMPTY,
            is_for_clients: false,
        }
    }

    /// Leaves out the definitions of tools that clients don't see.
    pub(crate) fn for_clients(self) -> Self {
        Self {
            is_for_clients: true,
            ..self
        }
    }

    /// Whether tools are made from that source's templates, or from those of the server's own connector.
    pub(crate) fn makes_from(&self, source: Option<SourceId>) -> bool {
        self.dynamic.iter().any(|tool| tool.source == source)
    }

    /// Adds the tools of a binding, which is the next in the server's order.
    pub(crate) fn add(&mut self, index: usize, binding: &StoredBinding, offer: Option<&Offer>) {
        if let Some(offer) = offer {
            self.add_own(index, binding, offer);
        }
        self.add_made(index, binding, offer);
    }

    fn add_own(&mut self, index: usize, binding: &StoredBinding, offer: &Offer) {
        for defined in &offer.tools {
            let name = &defined.name;
            let mut tool = self.wanted(Tool {
                binding: Some(index),
                made: None,
                name: String::new(),
                default_name: public_name(&binding.prefix, name),
                upstream_name: name.clone(),
                key: ToolKey {
                    source: binding.source,
                    made: false,
                    tool: name.clone(),
                },
                definition: None,
                template: None,
                description: None,
                enabled: true,
                fate: offered(offer, defined.is_blocked),
                position: None,
            });
            let is_listed = tool.is_listed();
            let room = if is_listed { &mut self.room } else { &mut self.aside };
            if room.take(&defined.definition) {
                let is_read = is_listed || !self.is_for_clients;
                tool.definition = is_read.then(|| defined.definition.clone());
            } else if room.without > NO_ROOM_SHOWN {
                continue;
            } else if is_listed {
                tool.fate = Fate::NoRoom;
            }
            self.tools.push(tool);
        }
    }

    /// The tools that the server's owner made from the binding's templates.
    fn add_made(&mut self, index: usize, binding: &StoredBinding, offer: Option<&Offer>) {
        let (dynamic, others) = std::mem::take(&mut self.dynamic)
            .into_iter()
            .partition::<Vec<_>, _>(|tool| tool.source == binding.source);
        self.dynamic = others;
        // One text for all tools that are made from it.
        let mut definitions = HashMap::new();
        for stored in dynamic {
            let made = offer.and_then(|offer| made(&stored, offer, &mut definitions));
            let fate = match (offer, &made) {
                (Some(offer), Some(_)) => offered(offer, offer.blocked_templates.contains(&stored.template)),
                _ => Fate::TemplateGone,
            };
            let (definition, template) = made.unzip();
            let tool = self.wanted(Tool {
                definition,
                template,
                fate,
                ..of_row(stored, Some(index))
            });
            self.made.push(tool);
        }
    }

    /// The tool as its owner wants it.
    fn wanted(&self, mut tool: Tool) -> Tool {
        tool.name.clone_from(&tool.default_name);
        if let Some(setting) = self.settings.get(&tool.key) {
            if let Some(name) = &setting.name {
                tool.name.clone_from(name);
            }
            tool.description.clone_from(&setting.description);
            tool.position = setting.position;
            tool.enabled = setting.enabled;
            if !setting.enabled {
                tool.fate = Fate::Disabled;
            }
        }
        tool
    }

    /// All tools, in order, each with a name of its own.
    pub(crate) fn finish(mut self, bindings: &[StoredBinding]) -> Vec<Tool> {
        for stored in std::mem::take(&mut self.dynamic) {
            let tool = self.wanted(of_row(stored, None));
            self.made.push(tool);
        }
        let mut tools = std::mem::take(&mut self.tools);
        tools.append(&mut self.made);
        self.settle_names(&mut tools, bindings);
        // Tools without a place of their own stay in the order in which they came.
        tools.sort_by_key(|tool| tool.position.map_or(i64::MAX, i64::from));
        tools
    }

    fn settle_names(&self, tools: &mut [Tool], bindings: &[StoredBinding]) {
        // A name that was given to a tool which isn't there for now waits for it.
        let mut taken: HashSet<String> = self
            .settings
            .values()
            .filter_map(|setting| setting.name.clone())
            .collect();
        let is_named = |tool: &Tool| {
            self.settings
                .get(&tool.key)
                .is_some_and(|setting| setting.name.is_some())
        };
        let mut lost = Vec::new();
        for made in [true, false] {
            for (index, tool) in tools.iter().enumerate() {
                if tool.key.made != made || is_named(tool) {
                    continue;
                }
                let prefix = tool.binding.map_or("", |binding| bindings[binding].prefix.as_str());
                if let Some(other) = self.reserved(&tool.name).filter(|other| !made && *other != prefix) {
                    lost.push((index, Fate::NameReserved(other.to_owned())));
                } else if !taken.insert(tool.name.clone()) {
                    lost.push((index, Fate::NameTaken));
                }
            }
        }
        for (index, fate) in lost {
            let tool = &mut tools[index];
            tool.name = handle(tool, &taken);
            taken.insert(tool.name.clone());
            if tool.enabled {
                tool.fate = fate;
            }
        }
    }

    /// The longest prefix of a source that the name begins with.
    fn reserved(&self, name: &str) -> Option<&str> {
        let known = beginnings(name).filter_map(|beginning| self.prefixes.get(beginning));
        known.last().map(String::as_str)
    }
}

impl Tool {
    /// Whether clients see it, as long as it finds room and has a name.
    pub(crate) fn is_listed(&self) -> bool {
        matches!(self.fate, Fate::Offered | Fate::Blocked)
    }
}

/// A dynamic tool as its template makes it now, and how it is called; nothing when it can't be made.
fn made(
    stored: &StoredTool,
    offer: &Offer,
    definitions: &mut HashMap<String, Arc<RawValue>>,
) -> Option<(Box<RawValue>, TemplateCall)> {
    let mut make = || -> Result<_, Error> {
        let Some(made) = stored.make(&offer.templates)? else {
            return Ok(None);
        };
        let definition = match definitions.entry(stored.template.clone()) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(new) => Arc::clone(new.insert(made.template.definition()?.into())),
        };
        let call = TemplateCall {
            arguments: made.arguments,
            definition,
        };
        Ok(Some((made.definition, call)))
    };
    make().unwrap_or_else(|error| {
        tracing::error!(tool = %stored.id, error = &error as &dyn std::error::Error, "a dynamic tool can't be made");
        None
    })
}

/// A made tool of which nothing but its row is known.
fn of_row(stored: StoredTool, binding: Option<usize>) -> Tool {
    Tool {
        binding,
        made: Some(stored.id),
        name: String::new(),
        default_name: stored.name.clone(),
        upstream_name: stored.template,
        key: ToolKey {
            source: stored.source,
            made: true,
            tool: stored.name,
        },
        definition: None,
        template: None,
        description: None,
        enabled: true,
        fate: Fate::SourceGone,
        position: None,
    }
}

fn offered(offer: &Offer, is_blocked: bool) -> Fate {
    if offer.is_off() {
        Fate::SwitchedOff(offer.stored.name.clone())
    } else if is_blocked {
        Fate::Blocked
    } else {
        Fate::Offered
    }
}

/// A name for a tool that has none: always the same one, and with a sign in it that owners can't give.
fn handle(tool: &Tool, taken: &HashSet<String>) -> String {
    let source = tool.key.source.map(|source| source.0).unwrap_or_default();
    let whole = Sha256::new()
        .chain_update(source)
        .chain_update([u8::from(tool.key.made)])
        .chain_update(&tool.key.tool);
    let digits = hex::encode(whole.finalize());
    let name = |digits: &str| format!("{}~{digits}", tool.default_name);
    let short = name(&digits[..6]);
    if taken.contains(&short) { name(&digits) } else { short }
}

#[cfg(test)]
mod tests;
