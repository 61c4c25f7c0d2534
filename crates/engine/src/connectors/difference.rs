//! How two versions of a connector's definitions differ, part by part, and what is left when some of it is accepted.
//!
//! Parts are matched by name and compared as JSON values: another order of an object's keys, or of the tools, is no
//! difference. What is the same text isn't even parsed, so that the work grows with what changed.

use super::DefinitionSet;
use patchbay_domain::changes::{ChangeKind, ChangedPart, DefinitionChange};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    fmt,
};

/// The members that say what a call must look like and what comes back.
const SCHEMAS: [&str; 2] = ["inputSchema", "outputSchema"];
const CONFIG_KEY: &str = "config";
const MCP_URL_KEY: &str = "mcp_url";

/// What differs, in the order in which `after` names it; what is gone comes last. A version's number alone is not
/// among it.
pub(crate) fn difference(before: &DefinitionSet, after: &DefinitionSet) -> Vec<DefinitionChange> {
    let mut changes = Vec::new();
    add_named(&mut changes, ChangedPart::Tool, &before.tools, &after.tools);
    add_named(&mut changes, ChangedPart::Template, &before.templates, &after.templates);
    let config = |set: &DefinitionSet| set.config.as_deref().map(value);
    changes.extend(change(ChangedPart::Config, "", config(before), config(after)));
    let mcp_url = |set: &DefinitionSet| set.mcp_url.clone().map(Value::String);
    changes.extend(change(ChangedPart::McpUrl, "", mcp_url(before), mcp_url(after)));
    changes
}

/// The names of the tools (or templates) whose schemas are others upstream than pinned. One that is gone upstream is not
/// among them: its service says so itself when it is called.
pub(crate) fn blocked_tools(pinned: &RawValue, upstream: &RawValue) -> HashSet<String> {
    let upstream = Parts::parse(upstream);
    let upstream = upstream.by_key();
    let differs = |part: &&Part<'_>| {
        upstream.get(part.key.as_str()).is_some_and(|other| {
            part.json.get() != other.json.get() && {
                let (pinned, upstream) = (value(part.json), value(other.json));
                let differs = |schema: &&str| pinned.get(schema) != upstream.get(schema);
                !(pinned.is_object() && upstream.is_object()) || SCHEMAS.iter().any(differs)
            }
        })
    };
    let pinned = Parts::parse(pinned);
    pinned
        .list
        .iter()
        .filter(differs)
        .map(|part| part.name.clone())
        .collect()
}

/// `before` with the changes of these keys made. Everything else, its version and source among it, stays.
pub(crate) fn merge(before: &DefinitionSet, after: &DefinitionSet, accepted: &HashSet<&str>) -> DefinitionSet {
    let (tools, tools_count) = merge_named(
        ChangedPart::Tool,
        (&before.tools, before.tools_count),
        &after.tools,
        accepted,
    );
    let (templates, templates_count) = merge_named(
        ChangedPart::Template,
        (&before.templates, before.templates_count),
        &after.templates,
        accepted,
    );
    let of = |key: &str| if accepted.contains(key) { after } else { before };
    DefinitionSet {
        url: before.url.clone(),
        mcp_url: of(MCP_URL_KEY).mcp_url.clone(),
        version: before.version.clone(),
        tools,
        tools_count,
        templates,
        templates_count,
        config: of(CONFIG_KEY).config.clone(),
    }
}

/// Names exactly this difference, whatever the order in which it comes. Two versions that differ in nothing have none.
pub(crate) fn revision(
    before: &DefinitionSet,
    after: &DefinitionSet,
    changes: &[DefinitionChange],
) -> Option<[u8; 32]> {
    let mut hash = Sha256::new();
    if before.version != after.version {
        feed_text(&mut hash, &before.version);
        feed_text(&mut hash, &after.version);
    } else if changes.is_empty() {
        return None;
    }
    let mut changes: Vec<_> = changes.iter().collect();
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    for change in changes {
        feed_text(&mut hash, &change.key);
        for side in [&change.before, &change.after] {
            match side {
                None => hash.update([0]),
                Some(value) => feed(&mut hash, value),
            }
        }
    }
    Some(hash.finalize().into())
}

/// How many tools or templates those are.
pub(crate) fn count(json: &RawValue) -> u32 {
    u32::try_from(Parts::parse(json).list.len()).unwrap_or(u32::MAX)
}

fn add_named(changes: &mut Vec<DefinitionChange>, part: ChangedPart, before: &RawValue, after: &RawValue) {
    if before.get() == after.get() {
        return;
    }
    let (before, after) = (Parts::parse(before), Parts::parse(after));
    let (old, new) = (before.by_key(), after.by_key());
    for entry in &after.list {
        let was = old.get(entry.key.as_str());
        if was.is_some_and(|was| was.json.get() == entry.json.get()) {
            continue;
        }
        let was = was.map(|was| value(was.json));
        changes.extend(change(part, &entry.key, was, Some(value(entry.json))));
    }
    let gone = before.list.iter().filter(|entry| !new.contains_key(entry.key.as_str()));
    changes.extend(gone.filter_map(|entry| change(part, &entry.key, Some(value(entry.json)), None)));
}

/// The change from one value to the other, if it is one.
fn change(part: ChangedPart, name: &str, before: Option<Value>, after: Option<Value>) -> Option<DefinitionChange> {
    if before == after {
        return None;
    }
    let kind = match (&before, &after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let fields: Option<Vec<String>> = match (&before, &after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let differing = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
            let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
            Some(differing.chain(gone).map(|(key, _)| key.clone()).collect())
        }
        _ => None,
    };
    let has_schemas = matches!(part, ChangedPart::Tool | ChangedPart::Template);
    // What can't be looked into may have another schema.
    let differs = match &fields {
        Some(fields) => fields.iter().any(|field| SCHEMAS.contains(&field.as_str())),
        None => kind == ChangeKind::Changed,
    };
    Some(DefinitionChange {
        key: key(part, name),
        part,
        name: name.to_owned(),
        kind,
        blocked: has_schemas && differs,
        fields: fields.unwrap_or_default(),
        before,
        after,
    })
}

fn key(part: ChangedPart, name: &str) -> String {
    match part {
        ChangedPart::Tool => format!("tool:{name}"),
        ChangedPart::Template => format!("template:{name}"),
        ChangedPart::Config => CONFIG_KEY.to_owned(),
        ChangedPart::McpUrl => MCP_URL_KEY.to_owned(),
    }
}

fn merge_named(
    part: ChangedPart,
    (before, count): (&RawValue, u32),
    after: &RawValue,
    accepted: &HashSet<&str>,
) -> (Box<RawValue>, u32) {
    let (old, new) = (Parts::parse(before), Parts::parse(after));
    let is_accepted = |entry: &Part<'_>| accepted.contains(key(part, &entry.key).as_str());
    if !old.list.iter().chain(&new.list).any(is_accepted) {
        return (before.to_owned(), count);
    }
    let (old_keys, new_keys) = (old.by_key(), new.by_key());
    let kept = old
        .list
        .iter()
        .filter_map(|entry| match new_keys.get(entry.key.as_str()) {
            _ if !is_accepted(entry) => Some(entry),
            Some(new) => Some(*new),
            None => None,
        });
    let added = new
        .list
        .iter()
        .filter(|entry| !old_keys.contains_key(entry.key.as_str()) && is_accepted(entry));
    let merged: Vec<_> = kept.chain(added).collect();
    let count = u32::try_from(merged.len()).unwrap_or(u32::MAX);
    (write(&merged, old.is_object || new.is_object), count)
}

fn write(parts: &[&Part<'_>], as_object: bool) -> Box<RawValue> {
    let mut text = String::from(if as_object { "{" } else { "[" });
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if as_object {
            text.push_str(&Value::from(part.name.as_str()).to_string());
            text.push(':');
        }
        text.push_str(part.json.get());
    }
    text.push(if as_object { '}' } else { ']' });
    RawValue::from_string(text).unwrap_or_default()
}

/// A named thing of a list, or an entry of an object.
struct Part<'a> {
    /// Its name, told apart from others of that name.
    key: String,
    name: String,
    json: &'a RawValue,
}

/// Tools or templates, each in its own text.
struct Parts<'a> {
    list: Vec<Part<'a>>,
    is_object: bool,
}

impl<'a> Parts<'a> {
    /// What was stored was checked to be a list or an object; anything else has no parts.
    fn parse(json: &'a RawValue) -> Self {
        let raw: RawParts<'a> = serde_json::from_str(json.get()).unwrap_or_default();
        let mut taken = HashSet::with_capacity(raw.list.len());
        let list = raw.list.into_iter().map(|(name, json)| {
            let mut key = name.clone();
            let mut nth = 1;
            // Nothing keeps two templates from having one name.
            while !taken.insert(key.clone()) {
                nth += 1;
                key = format!("{name}#{nth}");
            }
            Part { key, name, json }
        });
        Self {
            list: list.collect(),
            is_object: raw.is_object,
        }
    }

    fn by_key(&self) -> HashMap<&str, &Part<'a>> {
        self.list.iter().map(|part| (part.key.as_str(), part)).collect()
    }
}

#[derive(Default)]
struct RawParts<'a> {
    list: Vec<(String, &'a RawValue)>,
    is_object: bool,
}

impl<'de> Deserialize<'de> for RawParts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrObject;

        impl<'de> Visitor<'de> for ListOrObject {
            type Value = RawParts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an object of definitions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
                let mut parts = RawParts::default();
                while let Some(json) = elements.next_element()? {
                    parts.list.push((name_of(json), json));
                }
                Ok(parts)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut parts = RawParts {
                    is_object: true,
                    ..RawParts::default()
                };
                while let Some(entry) = entries.next_entry()? {
                    parts.list.push(entry);
                }
                Ok(parts)
            }
        }

        deserializer.deserialize_any(ListOrObject)
    }
}

fn name_of(json: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Head {
        name: String,
    }
    match serde_json::from_str::<Head>(json.get()) {
        Ok(head) => head.name,
        // One without a name, or with two: the last one counts, as everywhere.
        Err(_) => value(json)
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The value; or, of one that is nested too deeply to be one, its text.
fn value(json: &RawValue) -> Value {
    serde_json::from_str(json.get()).unwrap_or_else(|_| json.get().into())
}

fn feed_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

/// A value's bytes for hashing, whatever the order of its objects' keys.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Array(list) => {
            hash.update(b"[");
            hash.update((list.len() as u64).to_be_bytes());
            list.iter().for_each(|value| feed(hash, value));
        }
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            hash.update(b"{");
            hash.update((entries.len() as u64).to_be_bytes());
            for (key, value) in entries {
                feed_text(hash, key);
                feed(hash, value);
            }
        }
        other => {
            hash.update(b"=");
            feed_text(hash, &other.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
