//! What becomes of the sources of a server: which they are, in which order, and what stands before their tools' names.
//!
//! A prefix is given out once. So a document may add some, and never changes one: what a client knows a tool by would
//! come to mean another.

use super::{Member, Planner};
use crate::{
    servers::{
        SOURCES_MAX,
        names::{TakenPrefixes, next_prefix, public_name},
    },
    storage::transfer_servers::WholeServer,
    tools::offer::tool_names,
    transfer::{
        export::{Parts, binding_entries},
        server_entry::{BindingEntry, ServerEntry},
        source_key::SourceKey,
    },
};
use patchbay_domain::ids::SourceId;
use std::collections::HashMap;

/// What to write of a server's sources.
#[derive(Debug, Default)]
pub(in crate::transfer) struct BindingsStep {
    /// All of them, in order, where they are others than before or in another order.
    pub(in crate::transfer) sources: Option<Vec<SourceId>>,
    /// Prefixes that are new here; without a source for one that was deleted.
    pub(in crate::transfer) given_out: Vec<(Option<SourceId>, String)>,
    /// What they are called in a report.
    pub(in crate::transfer) members: Vec<Member>,
}

/// The prefixes of one server while more are given out.
struct Prefixes {
    given_out: Vec<String>,
    of: HashMap<SourceId, String>,
    new: Vec<(Option<SourceId>, String)>,
    has_connector: bool,
}

impl Prefixes {
    /// Takes a prefix that the document has.
    fn take(&mut self, source: Option<SourceId>, prefix: &str) -> Result<(), String> {
        match source.and_then(|source| self.of.get(&source)) {
            Some(before) if before == prefix => return Ok(()),
            Some(before) => {
                return Err(format!(
                    "Its tools have the prefix '{before}' on this server, and keep it."
                ));
            }
            None => {}
        }
        if self.given_out.iter().any(|taken| taken == prefix) {
            return match source {
                None => Ok(()),
                Some(_) => Err("This prefix was given to another source of this server.".to_owned()),
            };
        }
        if prefix.is_empty() && self.has_connector {
            return Err("Only the first source of a server without a connector of its own has no prefix.".to_owned());
        }
        self.add(source, prefix.to_owned());
        Ok(())
    }

    fn add(&mut self, source: Option<SourceId>, prefix: String) {
        if let Some(source) = source {
            self.of.insert(source, prefix.clone());
        }
        self.given_out.push(prefix.clone());
        self.new.push((source, prefix));
    }
}

impl Planner<'_> {
    /// The sources that the document has for a server; what it says nothing of stays.
    pub(super) fn bindings(
        &mut self,
        entry: &ServerEntry,
        stored: Option<(&WholeServer, Option<&Parts>)>,
        path: &str,
    ) -> BindingsStep {
        let standing = stored
            .and_then(|(_, parts)| parts)
            .map(|parts| parts.bindings.as_slice());
        let standing = standing.unwrap_or_default();
        let has_connector = match stored {
            Some((server, _)) => server.connector_name.is_some(),
            None => entry.connector.is_some(),
        };
        let mut prefixes = Prefixes {
            given_out: standing.iter().map(|binding| binding.prefix.clone()).collect(),
            of: standing
                .iter()
                .filter_map(|binding| Some((binding.source?, binding.prefix.clone())))
                .collect(),
            new: Vec::new(),
            has_connector,
        };
        let listed = entry.sources.as_deref().unwrap_or_default();
        if listed.len() > SOURCES_MAX {
            let message = format!("A server has at most {SOURCES_MAX} sources.");
            self.problems.add(&format!("{path}.sources"), message);
        }
        // Those that have one first, so that none is given out twice.
        let mut ids = Vec::new();
        for (index, binding) in listed.iter().enumerate() {
            let path = format!("{path}.sources[{index}]");
            let Some(id) = self.source_id(&entry.owner, &binding.source, &path) else {
                continue;
            };
            ids.push((id, &binding.source));
            if let Some(prefix) = &binding.prefix
                && let Err(message) = prefixes.take(Some(id), prefix)
            {
                self.problems.add(&format!("{path}.prefix"), message);
            }
        }
        for (index, former) in entry.former_sources.iter().enumerate() {
            let path = format!("{path}.former_sources[{index}]");
            let Ok(id) = self.source_of(entry, former.source.as_ref(), &path) else {
                continue;
            };
            if let Err(message) = prefixes.take(id, &former.prefix) {
                self.problems.add(&format!("{path}.prefix"), message);
            }
        }
        if ids.iter().any(|(id, _)| !prefixes.of.contains_key(id)) {
            self.give_prefixes(entry, stored, &ids, &mut prefixes);
        }
        let ids: Vec<SourceId> = ids.into_iter().map(|(id, _)| id).collect();
        let members = self.binding_members(entry, stored, &ids, &prefixes.new);
        let before = stored.map(|(server, _)| server.sources.as_slice());
        let stays = entry.sources.is_none() || before.unwrap_or_default() == ids;
        BindingsStep {
            sources: (!stays).then_some(ids),
            given_out: prefixes.new,
            members,
        }
    }

    /// Gives prefixes to those of a server's sources that have none, here or in the document.
    fn give_prefixes(
        &self,
        entry: &ServerEntry,
        stored: Option<(&WholeServer, Option<&Parts>)>,
        ids: &[(SourceId, &SourceKey)],
        prefixes: &mut Prefixes,
    ) {
        let own = match stored {
            Some((server, _)) => server.connector_name.as_ref(),
            None => entry.connector.as_ref(),
        };
        let mut taken = TakenPrefixes::default();
        for name in own.map(|own| self.tools_of(own)).unwrap_or_default() {
            taken.name(&name);
        }
        let parts = stored.and_then(|(_, parts)| parts);
        let made = parts.iter().flat_map(|parts| &parts.tools).map(|tool| &tool.name);
        let given = parts.iter().flat_map(|parts| &parts.settings);
        let given = given.filter_map(|setting| setting.name.as_ref());
        let new = entry.tools.iter().map(|tool| &tool.name);
        let newly_given = entry.tool_settings.iter().filter_map(|setting| setting.name.as_ref());
        for name in made.chain(given).chain(new).chain(newly_given) {
            taken.name(name);
        }
        let kinds: HashMap<SourceId, &str> = self
            .sources
            .iter()
            .map(|((_, key), id)| (*id, key.kind.as_str()))
            .collect();
        let mut names: HashMap<&str, Vec<String>> = HashMap::new();
        let mut take = |taken: &mut TakenPrefixes, prefix: &str, kind| {
            taken.give(prefix);
            for tool in names.entry(kind).or_insert_with(|| self.tools_of(kind)) {
                taken.name(&public_name(prefix, tool));
            }
        };
        for prefix in &prefixes.given_out {
            taken.give(prefix);
        }
        for (id, prefix) in &prefixes.of {
            if let Some(kind) = kinds.get(id) {
                take(&mut taken, prefix, kind);
            }
        }
        for (id, key) in ids {
            if !prefixes.of.contains_key(id) {
                let is_first = !prefixes.has_connector && prefixes.given_out.is_empty();
                let prefix = next_prefix(&key.kind, is_first, &taken);
                take(&mut taken, &prefix, &key.kind);
                prefixes.add(Some(*id), prefix);
            }
        }
    }

    /// What the tools of a connector will be called.
    fn tools_of(&self, connector: &str) -> Vec<String> {
        let entry = self
            .connectors
            .get(connector)
            .and_then(|entry| entry.definitions.as_ref());
        let stored = || self.stored.connectors.get(connector).map(|stored| &*stored.set.tools);
        let tools = entry.map(|definitions| &*definitions.tools).or_else(stored);
        tools.map(|tools| tool_names(tools.get())).unwrap_or_default()
    }

    fn binding_members(
        &self,
        entry: &ServerEntry,
        stored: Option<(&WholeServer, Option<&Parts>)>,
        ids: &[SourceId],
        new: &[(Option<SourceId>, String)],
    ) -> Vec<Member> {
        let mut members = Vec::new();
        let before = stored.map(|(server, _)| {
            let (bound, _) = binding_entries(&server.sources, &[], &self.stored.source_keys);
            (words(&bound), server.sources.as_slice())
        });
        if let Some(listed) = &entry.sources
            && before.as_ref().map_or(&[][..], |(_, before)| before) != ids
        {
            let before = before.map(|(words, _)| words);
            members.push(Member::new("sources", before.as_deref(), Some(&words(listed))));
        }
        let owner = entry.owner.to_lowercase();
        let key = |id: SourceId| -> Option<&SourceKey> {
            let of_owner = self.sources.iter().filter(|((email, _), _)| *email == owner);
            of_owner.into_iter().find(|(_, of)| **of == id).map(|((_, key), _)| key)
        };
        members.extend(new.iter().map(|(source, prefix)| {
            let whose = source.and_then(key);
            let whose = whose.map_or_else(|| "a deleted source".to_owned(), SourceKey::to_string);
            let prefix = if prefix.is_empty() { "none" } else { prefix };
            Member::new(format!("prefixes.{whose}"), None, Some(prefix))
        }));
        members
    }
}

fn words(bindings: &[BindingEntry]) -> String {
    if bindings.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<_> = bindings.iter().map(|binding| binding.source.to_string()).collect();
    names.join(", ")
}
