//! What the audit log says about definitions: how many, their hash, and the names of what changed, never all of it.

use super::DefinitionSet;
use crate::{audit::Subject, storage::connectors::StandingConnector};
use patchbay_domain::changes::{ChangeKind, DefinitionChange};
use serde_json::{Map, Value, json};

/// How many names of one kind a row lists; what is beyond is counted.
const NAMES_MAX: usize = 100;

pub(super) fn subject(connector: &StandingConnector) -> Subject {
    Subject::connector(connector.id, &connector.name)
}

pub(crate) fn definitions(set: &DefinitionSet) -> Value {
    json!({
        "url": set.url,
        "mcp_url": set.mcp_url,
        "version": set.version,
        "tools": set.tools_count,
        "templates": set.templates_count,
        "sha256": hex::encode(set.sha256()),
    })
}

pub(crate) fn changes(changes: &[DefinitionChange]) -> Value {
    let mut words = Map::new();
    for (word, kind) in [
        ("added", ChangeKind::Added),
        ("removed", ChangeKind::Removed),
        ("changed", ChangeKind::Changed),
    ] {
        let keys: Vec<_> = changes.iter().filter(|change| change.kind == kind).collect();
        if keys.is_empty() {
            continue;
        }
        let beyond = keys.len().saturating_sub(NAMES_MAX);
        let mut names: Vec<_> = keys.iter().take(NAMES_MAX).map(|change| change.key.clone()).collect();
        if beyond > 0 {
            names.push(format!("and {beyond} more"));
        }
        words.insert(word.into(), names.into());
    }
    Value::Object(words)
}
