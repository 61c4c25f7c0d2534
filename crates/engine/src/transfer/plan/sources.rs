//! What becomes of users' sources.

use super::{
    Kind, Member, Planner,
    configurations::{Configured, Place, Schema, Standing},
};
use crate::{
    Error,
    servers::keys,
    sources::{SOURCES_MAX, SealedMetadata},
    storage::transfer_servers::WholeSource,
    transfer::{
        node::Node,
        reference::Holder,
        server_entry::{ServerEntry, SourceEntry},
        source_key::SourceKey,
    },
};
use patchbay_domain::ids::SourceId;
use serde_json::{Value, json};
use std::{collections::HashMap, rc::Rc};
use uuid::Uuid;

/// What to write of a source.
pub(in crate::transfer) struct SourceStep {
    pub(in crate::transfer) id: SourceId,
    pub(in crate::transfer) is_new: bool,
    /// In lower case.
    pub(in crate::transfer) owner: String,
    pub(in crate::transfer) key: SourceKey,
    pub(in crate::transfer) metadata: SealedMetadata,
    /// For the audit log.
    pub(in crate::transfer) before: Value,
    pub(in crate::transfer) after: Value,
}

/// A problem was noted, and what it is about can't be had.
pub(super) struct Noted;

impl std::fmt::Debug for SourceStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceStep")
            .field("owner", &self.owner)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Planner<'_> {
    /// The steps in the order in which new sources are to be made, so that they are counted as the document counts them.
    pub(super) fn sources(&mut self) -> Result<Vec<SourceStep>, Error> {
        let document = self.document;
        let mut has: HashMap<String, usize> = HashMap::new();
        for (owner, _) in self.stored.sources.keys() {
            *has.entry(owner.clone()).or_default() += 1;
        }
        for entry in &document.sources {
            let owned = (entry.owner.to_lowercase(), entry.key.clone());
            self.sources.entry(owned).or_insert_with(|| SourceId(Uuid::new_v4()));
        }
        let mut steps = Vec::new();
        for (index, entry) in document.sources.iter().enumerate() {
            let path = format!("sources[{index}]");
            let owner = entry.owner.to_lowercase();
            let owned = (owner.clone(), entry.key.clone());
            let schema = self.schema(&entry.key.kind)?.unwrap_or_default();
            let stored = self.stored;
            let step = match stored.sources.get(&owned) {
                Some(stored) => self.known_source(entry, stored, &schema, &path)?,
                None => {
                    let has = has.entry(owner).or_default();
                    *has += 1;
                    let has = *has;
                    self.new_source(entry, has, &schema, &path)?
                }
            };
            steps.extend(step);
        }
        steps.sort_by(|a, b| (&a.owner, &a.key).cmp(&(&b.owner, &b.key)));
        Ok(steps)
    }

    /// The source of this owner that a document names, if there is or will be one.
    pub(super) fn source_id(&mut self, owner: &str, key: &SourceKey, path: &str) -> Option<SourceId> {
        let id = self.sources.get(&(owner.to_lowercase(), key.clone())).copied();
        if id.is_none() {
            let message = format!("{owner} has no source {key}, here or in the document.");
            self.problems.add(path, message);
        }
        id
    }

    /// The same for what may have none: a tool. `Err` where there is no such source, which was noted.
    pub(super) fn source_of(
        &mut self,
        entry: &ServerEntry,
        key: Option<&SourceKey>,
        path: &str,
    ) -> Result<Option<SourceId>, Noted> {
        match key {
            None => Ok(None),
            Some(key) => self.source_id(&entry.owner, key, path).map(Some).ok_or(Noted),
        }
    }

    fn new_source(
        &mut self,
        entry: &SourceEntry,
        has: usize,
        schema: &Rc<Schema>,
        path: &str,
    ) -> Result<Option<SourceStep>, Error> {
        let owner = entry.owner.to_lowercase();
        if !self.is_somebody(&owner) {
            let message = format!("There is no user {}, here or in the document.", entry.owner);
            self.problems.add(&format!("{path}.owner"), message);
        }
        let limit = SOURCES_MAX;
        if has > limit as usize {
            let message = format!("{} would have more than {limit} sources.", entry.owner);
            self.problems.add(&format!("{path}.owner"), message);
        }
        if entry.key.number > 1 {
            let before = SourceKey {
                number: entry.key.number - 1,
                ..entry.key.clone()
            };
            if !self.sources.contains_key(&(owner.clone(), before.clone())) {
                let message = format!("The one before it, {before}, is neither here nor in the document.");
                self.problems.add(&format!("{path}.number"), message);
            }
        }
        let empty = Node::Map(Vec::new());
        let given = entry.source_metadata.as_ref().unwrap_or(&empty);
        let configured = self.configuration(given, place(entry, path), schema, None)?;
        let mut members = vec![Member::new("type", None, Some(&entry.key.kind))];
        if let Some(name) = &entry.key.name {
            members.push(Member::new("name", None, Some(name)));
        }
        self.note(Kind::Source, title(entry), true, members);
        Ok(configured.map(|configured| {
            let after = json!({
                "type": entry.key.kind, "name": entry.key.name, "source_metadata": keys(&configured.value),
            });
            self.step(entry, true, &configured, schema, [Value::Null, after])
        }))
    }

    fn known_source(
        &mut self,
        entry: &SourceEntry,
        stored: &WholeSource,
        schema: &Rc<Schema>,
        path: &str,
    ) -> Result<Option<SourceStep>, Error> {
        let Some(given) = &entry.source_metadata else {
            self.note(Kind::Source, title(entry), false, Vec::new());
            return Ok(None);
        };
        let before = Standing {
            value: self.engine.opened_metadata(stored)?,
            config: stored.connector_config.as_deref(),
            secret_places: &stored.secret_places,
        };
        let Some(configured) = self.configuration(given, place(entry, path), schema, Some(&before))? else {
            return Ok(None);
        };
        let side = |text: fn(&Member) -> Option<&str>| {
            let there = configured.members.iter().filter(|member| text(member).is_some());
            let keys = there.filter_map(|member| member.name.split_once('.'));
            json!({"source_metadata": keys.map(|(_, key)| key).collect::<Vec<_>>()})
        };
        let audited = [
            side(|member| member.before.as_deref()),
            side(|member| member.after.as_deref()),
        ];
        if !self.note(Kind::Source, title(entry), false, configured.members.clone()) {
            return Ok(None);
        }
        Ok(Some(self.step(entry, false, &configured, schema, audited)))
    }

    fn step(
        &self,
        entry: &SourceEntry,
        is_new: bool,
        configured: &Configured,
        schema: &Schema,
        [before, after]: [Value; 2],
    ) -> SourceStep {
        let owner = entry.owner.to_lowercase();
        let owned = (owner, entry.key.clone());
        let id = self.sources.get(&owned).copied();
        let id = id.unwrap_or_else(|| SourceId(Uuid::new_v4()));
        let (owner, key) = owned;
        let metadata = self
            .engine
            .seal_metadata(id, &configured.value, schema.value(), &configured.secret_places);
        SourceStep {
            id,
            is_new,
            owner,
            key,
            metadata,
            before,
            after,
        }
    }
}

fn place<'a>(entry: &'a SourceEntry, path: &'a str) -> Place<'a> {
    Place {
        path,
        field: "source_metadata",
        holder: Holder::Source {
            owner: &entry.owner,
            key: &entry.key,
        },
    }
}

/// How a report names a source.
fn title(entry: &SourceEntry) -> String {
    format!("{} of {}", entry.key, entry.owner)
}
