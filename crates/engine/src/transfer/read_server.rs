//! Sources and servers of a document, read.

use super::{
    fields::{Fields, items},
    node::Node,
    problems::Problems,
    server_entry::{BindingEntry, FormerEntry, ServerEntry, SettingEntry, SourceEntry, ToolEntry},
    source_key::SourceKey,
};
use crate::{servers::names::PREFIX_MAX, templates::parse_args};
use patchbay_domain::{
    connector::{ConnectorName, Description},
    field::FieldError,
    server::ServerName,
    tool::ToolName,
    user::Email,
};
use std::{collections::HashMap, hash::Hash};
use url::Url;

/// The longest name of a template, or of a tool as its service calls it, in characters: what is taken from services.
const SERVICE_NAME_MAX: usize = 256;
/// The last place in a list of tools: what the database holds.
const POSITION_MAX: u32 = i32::MAX.unsigned_abs();

pub(super) fn source(node: Node, path: &str, problems: &mut Problems) -> Option<SourceEntry> {
    let mut fields = Fields::open(
        node,
        path,
        problems,
        &["owner", "type", "name", "number", "source_metadata"],
    )?;
    let owner = fields.needed("owner", |text| {
        Email::parse(text).map(|email| email.as_str().to_owned())
    });
    let key = SourceKey::read(&mut fields);
    let source_metadata = fields.object("source_metadata").ok()?;
    Some(SourceEntry {
        owner: owner?,
        key: key?,
        source_metadata,
    })
}

pub(super) fn server(node: Node, path: &str, problems: &mut Problems) -> Option<ServerEntry> {
    const FIELDS: [&str; 10] = [
        "owner",
        "name",
        "endpoint",
        "connector",
        "configuration",
        "sources",
        "former_sources",
        "deleted",
        "tools",
        "tool_settings",
    ];
    let mut fields = Fields::open(node, path, problems, &FIELDS)?;
    let owner = fields.needed("owner", |text| {
        Email::parse(text).map(|email| email.as_str().to_owned())
    });
    let name = fields.needed("name", |text| {
        ServerName::parse(text).map(|name| name.as_str().to_owned())
    });
    let endpoint = fields.needed("endpoint", endpoint);
    let connector = fields.optional("connector", |text| {
        ConnectorName::parse(text).map(|name| name.as_str().to_owned())
    });
    let configuration = fields.object("configuration").ok()?;
    let deleted = fields.flag("deleted");
    let sources = fields.list("sources").map(|nodes| {
        let path = fields.path("sources");
        items(Some(nodes), &path, fields.problems, binding)
    });
    let nodes = fields.list("former_sources");
    let former_sources = items(nodes, &fields.path("former_sources"), fields.problems, former);
    let nodes = fields.list("tools");
    let tools = items(nodes, &fields.path("tools"), fields.problems, tool);
    let nodes = fields.list("tool_settings");
    let tool_settings = items(nodes, &fields.path("tool_settings"), fields.problems, setting);

    let names = tools.iter().map(|tool: &ToolEntry| Some(&tool.name));
    distinct(numbered(names, path, "tools"), "name", problems);
    let bound = sources
        .iter()
        .flatten()
        .map(|binding: &BindingEntry| Some(&binding.source));
    let gone = former_sources.iter().map(|former: &FormerEntry| former.source.as_ref());
    let named = numbered(bound, path, "sources").chain(numbered(gone, path, "former_sources"));
    distinct(named, "type", problems);
    let settings = tool_settings
        .iter()
        .map(|setting: &SettingEntry| Some((&setting.source, setting.made, &setting.tool)));
    distinct(numbered(settings, path, "tool_settings"), "tool", problems);
    Some(ServerEntry {
        owner: owner?,
        name: name?,
        endpoint: endpoint?,
        connector,
        configuration,
        sources,
        former_sources,
        deleted,
        tools,
        tool_settings,
    })
}

/// What tells the items of a list apart, each with its place.
fn numbered<K>(
    keys: impl Iterator<Item = Option<K>>,
    path: &str,
    section: &str,
) -> impl Iterator<Item = (String, Option<K>)> {
    keys.enumerate()
        .map(move |(index, key)| (format!("{path}.{section}[{index}]"), key))
}

/// Two entries for one thing would contradict each other.
fn distinct<K: Eq + Hash>(keys: impl Iterator<Item = (String, Option<K>)>, field: &str, problems: &mut Problems) {
    let mut seen: HashMap<K, String> = HashMap::new();
    for (at, key) in keys {
        let Some(key) = key else { continue };
        if let Some(first) = seen.get(&key) {
            problems.add(&format!("{at}.{field}"), format!("{first} is the same one."));
        } else {
            seen.insert(key, at);
        }
    }
}

/// A path below the public URL, or a URL of the pool. Whether it is one is only known beside the pool.
fn endpoint(text: &str) -> Result<String, FieldError> {
    let is_url =
        |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if text.starts_with('/') || is_url(text) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(FieldError::Malformed {
            expected: "a path such as /mcp/1, or a URL".into(),
        })
    }
}

fn binding(node: Node, path: &str, problems: &mut Problems) -> Option<BindingEntry> {
    let mut fields = Fields::open(node, path, problems, &["type", "name", "number", "prefix"])?;
    let prefix = fields.optional("prefix", prefix);
    Some(BindingEntry {
        source: SourceKey::read(&mut fields)?,
        prefix,
    })
}

fn former(node: Node, path: &str, problems: &mut Problems) -> Option<FormerEntry> {
    let is_deleted = SourceKey::FIELDS.iter().all(|field| node.get(field).is_none());
    let mut fields = Fields::open(node, path, problems, &["type", "name", "number", "prefix"])?;
    // It may be empty, so it can't be asked for as what is needed is.
    let given = fields.optional("prefix", prefix);
    let source = if is_deleted {
        None
    } else {
        Some(SourceKey::read(&mut fields)?)
    };
    let prefix = fields.check("prefix", given.ok_or(FieldError::Required))?;
    Some(FormerEntry { source, prefix })
}

/// What stands before tools' names: what is made from types, or nothing.
fn prefix(text: &str) -> Result<String, FieldError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if text.len() <= PREFIX_MAX && text.bytes().all(fits) {
        return Ok(text.to_owned());
    }
    Err(FieldError::Malformed {
        expected: format!("a prefix (at most {PREFIX_MAX} small letters, digits and '_')"),
    })
}

fn tool(node: Node, path: &str, problems: &mut Problems) -> Option<ToolEntry> {
    let mut fields = Fields::open(
        node,
        path,
        problems,
        &["name", "description", "source", "template", "template_args"],
    )?;
    let name = fields.needed("name", |text| {
        ToolName::parse(text).map(|name| name.as_str().to_owned())
    });
    let description = fields.optional("description", description);
    let source = whose(&mut fields);
    let template = fields.needed("template", |text| service_name(text, "a template's name"));
    let template_args = fields.json_or("template_args", || Node::Map(Vec::new()));
    if let Some(args) = &template_args
        && let Err(errors) = parse_args(serde_json::from_str(args.get()).unwrap_or_default())
    {
        for (name, error) in errors.0 {
            fields.check::<()>(&name, Err(error));
        }
    }
    Some(ToolEntry {
        name: name?,
        description,
        source: source?,
        template: template?,
        template_args: template_args?,
    })
}

fn setting(node: Node, path: &str, problems: &mut Problems) -> Option<SettingEntry> {
    let mut fields = Fields::open(
        node,
        path,
        problems,
        &["tool", "source", "made", "enabled", "name", "description", "position"],
    )?;
    let tool = fields.needed("tool", |text| service_name(text, "a tool's name"));
    let source = whose(&mut fields);
    let made = fields.flag("made").unwrap_or(false);
    let enabled = fields.flag("enabled").unwrap_or(true);
    let name = fields.optional("name", |text| {
        ToolName::parse(text).map(|name| name.as_str().to_owned())
    });
    let description = fields.optional("description", description);
    let position = fields.whole_number("position", 0, POSITION_MAX);
    Some(SettingEntry {
        source: source?,
        tool: tool?,
        made,
        enabled,
        name,
        description,
        position,
    })
}

/// The source that a tool comes from, if it isn't the server's own connector.
fn whose(fields: &mut Fields<'_>) -> Option<Option<SourceKey>> {
    match fields.take("source") {
        None => Some(None),
        Some(node) => SourceKey::of_node(node, &fields.path("source"), fields.problems).map(Some),
    }
}

fn description(text: &str) -> Result<String, FieldError> {
    Description::parse(text).map(|description| description.as_str().to_owned())
}

/// A name that a service gave, letter for letter.
fn service_name(text: &str, what: &str) -> Result<String, FieldError> {
    if text.chars().count() <= SERVICE_NAME_MAX && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(FieldError::Malformed { expected: what.into() })
}
