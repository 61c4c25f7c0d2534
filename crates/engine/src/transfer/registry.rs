//! The MCP registry's `server.json`: one server, and where it is reached.

use super::{
    document::{ConnectorEntry, Document},
    fields::{Fields, items},
    node::Node,
    problems::Problems,
};
use crate::connectors::parse_url;
use patchbay_domain::connector::{ConnectorName, Description};

/// Whether a document has that shape. None of ours is without its version.
pub(super) fn is_entry(root: &Node) -> bool {
    let root = entry(root);
    root.get("patchbay").is_none()
        && root.get("name").is_some()
        && (root.get("remotes").is_some() || root.get("packages").is_some())
}

/// A registry's API wraps it up, with what the registry itself has to say beside it.
fn entry(root: &Node) -> &Node {
    root.get("server")
        .filter(|server| matches!(server, Node::Map(_)))
        .unwrap_or(root)
}

/// The connector that it makes: registered, with the URL of its first remote that speaks MCP over HTTP.
pub(super) fn read(root: &Node, problems: &mut Problems) -> Option<Document> {
    let root = entry(root).clone();
    // It has many more fields than matter here, and gets new ones.
    let names: Vec<String> = match &root {
        Node::Map(entries) => entries.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut fields = Fields::open(root, "", problems, &names)?;
    let name = fields.needed("name", |text| {
        ConnectorName::parse(text).map(|name| name.as_str().to_owned())
    });
    let description = fields.needed("description", |text| {
        Description::parse(text).map(|description| description.as_str().to_owned())
    });
    let remotes = fields.list("remotes");
    let remotes = items(remotes, "remotes", problems, |node, _, _| {
        let text = |key: &str| match node.get(key) {
            Some(Node::Text(text)) => Some(text.clone()),
            _ => None,
        };
        Some((text("type")?, text("url")?))
    });
    let usable = remotes
        .iter()
        .position(|(transport, _)| matches!(transport.as_str(), "streamable-http" | "sse"));
    let Some(index) = usable else {
        problems.add(
            "remotes",
            "None of them is of the type streamable-http or sse: this server can't be reached over HTTP.",
        );
        return None;
    };
    let path = format!("remotes[{index}].url");
    let url = problems.check(&path, parse_url(&remotes[index].1));
    Some(Document {
        connectors: vec![ConnectorEntry {
            name: name?,
            description,
            // A new one is registered; one that is there keeps its mode, and its version is its service's to say.
            url: Some(url?.to_string()),
            ..ConnectorEntry::default()
        }],
        users: Vec::new(),
        sources: Vec::new(),
        servers: Vec::new(),
        is_registry_entry: true,
    })
}
