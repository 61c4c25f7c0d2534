//! What one endpoint serves, made ready: tools by name, lists already written, peers to call through.

use crate::{
    admission::{Count, Share},
    headers::{self, ParamHeader},
    json::{self, AllMembers, Edits, position, quoted},
    meta::SOURCE,
};
use bytes::Bytes;
use http::HeaderValue;
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, SourceId, UserId},
};
use patchbay_engine::{
    gateway::{Binding, PinnedTool, RouteKey, ServerRoute, ToolState},
    templates::Arguments,
    upstream::{Peer, Scope, Upstream},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc};

/// The version of a server that has none to tell.
const NO_VERSION: &str = "0.0.0";

/// An MCP server, ready to be called.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) id: ServerId,
    pub(crate) user: UserId,
    /// How it was found.
    pub(crate) key: RouteKey,
    /// Who it says it is: an `Implementation`, in JSON.
    pub(crate) info: String,
    /// The end of every tools/list answer, from the array on: `[…]}}`.
    pub(crate) tools_tail: Bytes,
    /// Its requests that are in memory.
    pub(crate) running: Count,
    bindings: Vec<Bound>,
    tools: HashMap<Box<str>, Tool>,
}

/// Where some of its tools are.
pub(crate) struct Bound {
    /// The source; nothing for the server's own connector.
    pub(crate) source: Option<SourceId>,
    /// Nothing for a source that waits for a connector of its type.
    connector: Option<ConnectorId>,
    /// The connector's name, for messages.
    pub(crate) name: String,
    /// Whether its tools follow its service, so that it is asked before a list.
    follows: bool,
    /// How to call it; nothing while it is switched off.
    pub(crate) peer: Option<Arc<Peer>>,
    /// The member of `_meta` that holds the configuration, where it takes one.
    pub(crate) configuration: Option<String>,
    /// Its calls that are in memory, where the server has other upstreams, too.
    running: Option<Arc<Count>>,
}

impl fmt::Debug for Bound {
    /// Without the configuration, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("source", &self.source)
            .field("connector", &self.connector)
            .field("name", &self.name)
            .field("peer", &self.peer)
            .field("configuration", &self.configuration.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

/// One tool.
#[derive(Debug)]
pub(crate) struct Tool {
    binding: usize,
    /// The name that clients call, shared with what counts the calls.
    pub(crate) name: Arc<str>,
    /// The upstream's name as JSON, where it differs.
    pub(crate) rename: Option<Box<str>>,
    /// The upstream's name as a header.
    pub(crate) header: HeaderValue,
    /// Its arguments that travel in headers, too; for a tool made from a template, the template's.
    pub(crate) params: Vec<ParamHeader>,
    /// What a call's arguments become, for a tool made from a template.
    pub(crate) template: Option<Arguments>,
    /// Why it isn't called, if it isn't.
    pub(crate) closed: Option<Box<str>>,
}

impl Server {
    pub(crate) fn new(key: RouteKey, route: ServerRoute, upstream: &Upstream) -> Self {
        let version = route.bindings.first().map(|binding| binding.version.as_str());
        let version = version.filter(|version| !version.is_empty()).unwrap_or(NO_VERSION);
        let info = format!("{{\"name\":{},\"version\":{}}}", quoted(&route.name), quoted(version));
        let mut tools = HashMap::with_capacity(route.tools.len());
        let mut list = String::from("[");
        for pinned in &route.tools {
            let is_off = route.bindings[pinned.binding].mode == ConnectorMode::Deactive;
            if !is_off && pinned.state != ToolState::TemplateGone {
                if list.len() > 1 {
                    list.push(',');
                }
                list.push_str(&listed(pinned));
            }
            tools.insert(pinned.name.as_str().into(), Tool::new(pinned));
        }
        list.push_str("]}}");
        let several = route.bindings.len() > 1;
        let bindings = route.bindings.into_iter();
        Self {
            id: route.server,
            user: route.user,
            key,
            info,
            tools_tail: list.into_boxed_str().into_boxed_bytes().into(),
            running: Count::default(),
            bindings: bindings
                .map(|binding| Bound::new(route.server, binding, several, upstream))
                .collect(),
            tools,
        }
    }

    /// The tool of that name, and where it is.
    pub(crate) fn tool(&self, name: &str) -> Option<(&Tool, &Bound)> {
        let tool = self.tools.get(name)?;
        Some((tool, self.bindings.get(tool.binding)?))
    }

    /// Whether any of it comes from that connector, or may do from now on.
    pub(crate) fn uses(&self, connector: ConnectorId) -> bool {
        // Which connector a source waits for is known by its name only, and a change names an id.
        let uses = |bound: &Bound| bound.connector.is_none_or(|other| other == connector);
        self.bindings.iter().any(uses)
    }

    /// The connectors that are to be followed before its tools are listed, each once.
    pub(crate) fn followed(&self) -> impl Iterator<Item = ConnectorId> {
        let follows = |bound: &Bound| bound.connector.filter(|_| bound.follows);
        let bindings = self.bindings.iter().enumerate();
        bindings.filter_map(move |(index, bound)| {
            let connector = follows(bound)?;
            let is_first = !self.bindings[..index]
                .iter()
                .any(|other| follows(other) == Some(connector));
            is_first.then_some(connector)
        })
    }

    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        let templates = self.tools.values().filter_map(|tool| tool.template.as_ref());
        let arguments: usize = templates.map(Arguments::weight).sum();
        let configurations = self.bindings.iter().filter_map(|bound| bound.configuration.as_ref());
        let configurations: usize = configurations.map(String::len).sum();
        weight(
            self.tools_tail.len() + arguments + configurations,
            self.tools.len(),
            self.bindings.len(),
        )
    }
}

/// What a server weighs with that many tools and bindings, whose texts take that many bytes.
pub(crate) const fn weight(bytes: usize, tools: usize, bindings: usize) -> u64 {
    1024 + bytes as u64 + 512 * tools as u64 + 1024 * bindings as u64
}

impl Bound {
    fn new(server: ServerId, binding: Binding, several: bool, upstream: &Upstream) -> Self {
        let scope = Scope {
            server,
            source: binding.source,
        };
        let peer = binding
            .upstream
            .filter(|_| binding.mode != ConnectorMode::Deactive)
            .map(|target| upstream.peer(scope, &target));
        Self {
            source: binding.source,
            connector: binding.connector,
            name: binding.connector_name,
            follows: binding.mode == ConnectorMode::Sync,
            peer,
            configuration: binding
                .source_meta
                .map(|source| format!("{}:{}", quoted(SOURCE), source.get())),
            running: several.then(Arc::default),
        }
    }

    /// Room for one more call of it; nothing when it has taken all that it may of its server's.
    pub(crate) fn admit(&self) -> Option<Share> {
        Share::of(self.running.as_ref())
    }
}

impl Tool {
    fn new(pinned: &PinnedTool) -> Self {
        let definition: &RawValue = match &pinned.template {
            Some(made) => &made.definition,
            None => &pinned.definition,
        };
        // Only few definitions have such arguments, and it takes a whole parse to find them.
        let params = if memchr::memmem::find(definition.get().as_bytes(), b"x-mcp-header").is_some() {
            serde_json::from_str(definition.get())
                .map(|tool| ParamHeader::of_tool(&tool))
                .unwrap_or_default()
        } else {
            Vec::new()
        };
        Self {
            binding: pinned.binding,
            name: pinned.name.as_str().into(),
            rename: (pinned.name != pinned.upstream_name).then(|| quoted(&pinned.upstream_name).into()),
            header: headers::encode(&pinned.upstream_name),
            params,
            template: pinned.template.as_ref().map(|made| made.arguments.clone()),
            closed: closed(pinned).map(String::into_boxed_str),
        }
    }
}

/// Why a tool isn't called, as the end of a sentence that begins with its connector.
fn closed(pinned: &PinnedTool) -> Option<String> {
    match pinned.state {
        ToolState::Callable => None,
        ToolState::Blocked => {
            let what = match &pinned.template {
                Some(_) => format!("the template of the tool '{}'", pinned.name),
                None => format!("the tool '{}'", pinned.name),
            };
            Some(format!(
                "has changed {what} since it was approved: it can't be called until a superuser accepts that or its service takes it back"
            ))
        }
        ToolState::TemplateGone => Some(format!(
            "doesn't offer the template '{}' any more, which the tool '{}' was made from",
            pinned.upstream_name, pinned.name
        )),
        ToolState::Sealed => {
            Some("can't be called: what is configured for it can't be opened, and has to be entered again".to_owned())
        }
    }
}

/// A tool's definition as clients get it: the upstream's text, under the name that it has here and in its owner's words.
fn listed(pinned: &PinnedTool) -> Cow<'_, str> {
    let text = pinned.definition.get();
    let is_as_it_came = pinned.name == pinned.upstream_name && pinned.template.is_none();
    if is_as_it_came && pinned.description.is_none() {
        return Cow::Borrowed(text);
    }
    let mut members = AllMembers::default();
    let _ = json::object(text, &mut members);
    let mut edits = Edits::default();
    let mut description = pinned.description.as_deref().map(quoted);
    let mut is_described = false;
    for (key, value) in &members.0 {
        match json::string(key).as_deref() {
            Some("name") if json::string(value).as_deref() != Some(pinned.name.as_str()) => {
                edits.replace(position(text, value.get()), quoted(&pinned.name));
            }
            Some("description") => {
                // Whoever reads one that stands there twice may read either.
                if let Some(description) = &description {
                    edits.replace(position(text, value.get()), description.clone());
                }
                is_described = true;
            }
            _ => {}
        }
    }
    if let (false, Some(description), Some((first, _))) = (is_described, description.take(), members.0.first()) {
        edits.insert(
            position(text, first.get()).start,
            format!("\"description\":{description},"),
        );
    }
    if edits.is_empty() {
        return Cow::Borrowed(text);
    }
    String::from_utf8(edits.apply(text)).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
pub(crate) mod tests;
