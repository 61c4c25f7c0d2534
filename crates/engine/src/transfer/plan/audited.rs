//! The audit log's words for what becomes of servers. Of configurations and tools those are named that are others than
//! before: their values are their owners'.

use super::Member;
use crate::{servers::keys, storage::transfer_servers::WholeServer, transfer::server_entry::ServerEntry};
use serde_json::{Map, Value, json};

/// A server that was there, before and after.
pub(super) fn audited(entry: &ServerEntry, stored: &WholeServer, members: &[Member]) -> (Value, Value) {
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

/// A new one.
pub(super) fn audited_new(entry: &ServerEntry, configuration: Option<&Value>) -> Value {
    let mut after = json!({});
    if let Some(configuration) = configuration {
        after["configuration"] = json!(keys(configuration));
    }
    if let Some(sources) = entry.sources.as_ref().filter(|sources| !sources.is_empty()) {
        after["sources"] = sources.iter().map(|binding| binding.source.to_string()).collect();
    }
    if !entry.tools.is_empty() {
        after["tools"] = entry.tools.iter().map(|tool| tool.name.as_str()).collect();
    }
    if entry.deleted == Some(true) {
        after["deleted"] = "true".into();
    }
    after
}
