//! What one endpoint serves, made ready: tools by name, lists already written, peers to call through.

use crate::{
    admission::Count,
    headers::{self, ParamHeader},
    json::{self, AllMembers, Edits, position, quoted},
    meta::SOURCE,
};
use bytes::Bytes;
use http::HeaderValue;
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorId, ServerId, UserId},
};
use patchbay_engine::{
    gateway::{Binding, PinnedTool, RouteKey, ServerRoute, ToolState},
    templates::Arguments,
    upstream::{Peer, Scope, Upstream},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc};

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
    connector: ConnectorId,
    /// The connector's name, for messages.
    pub(crate) name: String,
    /// Whether its tools follow its service, so that it is asked before a list.
    follows: bool,
    /// How to call it; nothing while it is switched off.
    pub(crate) peer: Option<Arc<Peer>>,
    /// The member of `_meta` that holds the configuration, where it takes one.
    pub(crate) source: Option<String>,
}

impl fmt::Debug for Bound {
    /// Without the configuration, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("connector", &self.connector)
            .field("name", &self.name)
            .field("peer", &self.peer)
            .field("source", &self.source.as_ref().map(|_| "…"))
            .finish()
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
        let version = route.bindings.first().map_or("", |binding| binding.version.as_str());
        let info = format!("{{\"name\":{},\"version\":{}}}", quoted(&route.name), quoted(version));
        let mut tools = HashMap::new();
        let mut list = String::from("[");
        let mut bindings = Vec::with_capacity(route.bindings.len());
        for (index, binding) in route.bindings.into_iter().enumerate() {
            for pinned in &binding.tools {
                if tools.contains_key(pinned.name.as_str()) {
                    continue;
                }
                tools.insert(pinned.name.as_str().into(), Tool::new(index, pinned));
                if binding.mode != ConnectorMode::Deactive && pinned.state != ToolState::TemplateGone {
                    if list.len() > 1 {
                        list.push(',');
                    }
                    list.push_str(&listed(pinned));
                }
            }
            bindings.push(Bound::new(route.server, binding, upstream));
        }
        list.push_str("]}}");
        Self {
            id: route.server,
            user: route.user,
            key,
            info,
            tools_tail: list.into_boxed_str().into_boxed_bytes().into(),
            running: Count::default(),
            bindings,
            tools,
        }
    }

    /// The tool of that name, and where it is.
    pub(crate) fn tool(&self, name: &str) -> Option<(&Tool, &Bound)> {
        let tool = self.tools.get(name)?;
        Some((tool, self.bindings.get(tool.binding)?))
    }

    /// Whether any of it comes from that connector.
    pub(crate) fn uses(&self, connector: ConnectorId) -> bool {
        self.bindings.iter().any(|bound| bound.connector == connector)
    }

    /// The connectors that are to be followed before its tools are listed.
    pub(crate) fn followed(&self) -> impl Iterator<Item = ConnectorId> {
        self.bindings
            .iter()
            .filter(|bound| bound.follows)
            .map(|bound| bound.connector)
    }

    /// About how much memory it takes.
    pub(crate) fn weight(&self) -> u64 {
        let templates = self.tools.values().filter_map(|tool| tool.template.as_ref());
        let arguments: usize = templates.map(Arguments::weight).sum();
        weight(self.tools_tail.len() + arguments, self.tools.len())
    }
}

/// What a server weighs whose tools are that many and take that many bytes in a list.
pub(crate) const fn weight(bytes: usize, tools: usize) -> u64 {
    1024 + bytes as u64 + 512 * tools as u64
}

impl Bound {
    fn new(server: ServerId, binding: Binding, upstream: &Upstream) -> Self {
        let peer = binding
            .upstream
            .filter(|_| binding.mode != ConnectorMode::Deactive)
            .map(|target| upstream.peer(Scope(server.0), &target));
        Self {
            connector: binding.connector,
            name: binding.connector_name,
            follows: binding.mode == ConnectorMode::Sync,
            peer,
            source: binding
                .source_meta
                .map(|source| format!("{}:{}", quoted(SOURCE), source.get())),
        }
    }
}

impl Tool {
    fn new(binding: usize, pinned: &PinnedTool) -> Self {
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
            binding,
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
    }
}

/// A tool's definition as clients get it: the upstream's text, under the name that it has here.
fn listed(pinned: &PinnedTool) -> Cow<'_, str> {
    let text = pinned.definition.get();
    if pinned.name == pinned.upstream_name || pinned.template.is_some() {
        return Cow::Borrowed(text);
    }
    let mut members = AllMembers::default();
    let _ = json::object(text, &mut members);
    let mut edits = Edits::default();
    for (key, value) in &members.0 {
        if json::string(key).as_deref() == Some("name") {
            edits.replace(position(text, value.get()), quoted(&pinned.name));
        }
    }
    String::from_utf8(edits.apply(text)).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use patchbay_engine::{endpoint::EndpointKey, gateway::TemplateCall, upstream::EgressPolicy};
    use serde_json::json;
    use uuid::Uuid;

    pub(crate) fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    pub(crate) fn pinned(name: &str, upstream_name: &str, definition: &str) -> PinnedTool {
        PinnedTool {
            name: name.into(),
            upstream_name: upstream_name.into(),
            definition: raw(definition),
            state: ToolState::Callable,
            template: None,
        }
    }

    /// A tool made from the template `search`, with these arguments.
    pub(crate) fn made(name: &str, args: &serde_json::Value, template: &str) -> PinnedTool {
        let definition: serde_json::Value = serde_json::from_str(template).unwrap();
        let arguments = Arguments::of(args.as_object().unwrap(), definition.get("inputSchema"));
        PinnedTool {
            template: Some(TemplateCall {
                arguments,
                definition: raw(template).into(),
            }),
            ..pinned(name, "search", &format!("{{\"name\":\"{name}\"}}"))
        }
    }

    pub(crate) fn binding(mode: ConnectorMode, tools: Vec<PinnedTool>) -> Binding {
        Binding {
            connector: ConnectorId(Uuid::from_u128(9)),
            connector_name: "notes".into(),
            mode,
            version: "1.2.0".into(),
            upstream: Some(patchbay_engine::upstream::Target {
                url: "http://127.0.0.1:1/mcp".parse().unwrap(),
                authorization: None,
            }),
            source_meta: None,
            tools,
        }
    }

    pub(crate) fn server(bindings: Vec<Binding>) -> Server {
        let route = ServerRoute {
            server: ServerId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            name: "My \"server\"".into(),
            bindings,
        };
        let upstream = Upstream::new(EgressPolicy::default());
        Server::new(RouteKey::Endpoint(EndpointKey::path("/mcp/1")), route, &upstream)
    }

    #[tokio::test]
    async fn definitions_are_listed_as_the_upstream_wrote_them_in_its_order() {
        let odd = r#"{ "inputSchema":{"type":"object"}, "name" : "zeta","x-odd":[1.0, 1e2,{"name":"inner"}] }"#;
        let server = server(vec![
            binding(
                ConnectorMode::Active,
                vec![pinned("zeta", "zeta", odd), pinned("a", "a", r#"{"name":"a"}"#)],
            ),
            binding(
                ConnectorMode::Sync,
                vec![pinned("two__zeta", "zeta", odd), pinned("a", "a", r#"{"name":"a"}"#)],
            ),
        ]);
        let renamed = odd.replace(r#""name" : "zeta""#, r#""name" : "two__zeta""#);
        assert_eq!(server.tools_tail, format!("[{odd},{{\"name\":\"a\"}},{renamed}]}}}}"));
        assert_eq!(server.tool("two__zeta").unwrap().0.rename.as_deref(), Some("\"zeta\""));
        assert_eq!(
            server.tool("a").unwrap().0.binding,
            0,
            "the first binding's tools keep their names"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&server.info).is_ok());
    }

    #[tokio::test]
    async fn made_tools_come_last_under_their_own_names_and_a_connectors_own_name_wins() {
        let args = json!({"q": "{x}"});
        let gone = PinnedTool {
            state: ToolState::TemplateGone,
            template: None,
            ..made("gone", &args, "{}")
        };
        let blocked = PinnedTool {
            state: ToolState::Blocked,
            ..made("blocked", &args, "{}")
        };
        let tools = vec![
            pinned("a", "a", r#"{"name":"a"}"#),
            made("mine", &args, "{}"),
            made("a", &args, "{}"),
            gone,
            blocked,
        ];
        let server = server(vec![binding(ConnectorMode::Active, tools)]);
        assert_eq!(
            server.tools_tail,
            r#"[{"name":"a"},{"name":"mine"},{"name":"blocked"}]}}"#
        );
        let tool = |name: &str| server.tool(name).unwrap().0;
        assert!(tool("a").template.is_none() && tool("a").closed.is_none());
        assert_eq!(tool("mine").rename.as_deref(), Some("\"search\""));
        assert!(tool("mine").closed.is_none());
        for (name, words) in [("gone", "template 'search' any more"), ("blocked", "a superuser")] {
            let closed = tool(name).closed.as_deref().unwrap();
            assert!(closed.contains(words) && closed.contains(name), "{closed}");
        }
        assert!(server.weight() > weight(server.tools_tail.len(), 4));
    }

    #[tokio::test]
    async fn only_connectors_in_sync_mode_are_followed() {
        for (mode, follows) in [
            (ConnectorMode::Sync, 1),
            (ConnectorMode::Active, 0),
            (ConnectorMode::Deactive, 0),
        ] {
            assert_eq!(server(vec![binding(mode, vec![])]).followed().count(), follows);
        }
    }

    #[tokio::test]
    async fn a_configuration_is_not_shown_to_who_debugs() {
        let mut binding = binding(ConnectorMode::Active, vec![]);
        binding.source_meta = Some(raw(r#"{"metadata":{"key":"s3cret"}}"#));
        let shown = format!("{:?}", server(vec![binding]));
        assert!(shown.contains("notes") && !shown.contains("s3cret"), "{shown}");
    }

    #[tokio::test]
    async fn a_switched_off_connectors_tools_are_known_but_not_listed_and_not_callable() {
        let server = server(vec![binding(
            ConnectorMode::Deactive,
            vec![pinned("a", "a", r#"{"name":"a"}"#)],
        )]);
        assert_eq!(server.tools_tail, "[]}}");
        assert!(server.tool("a").unwrap().1.peer.is_none());
    }
}
