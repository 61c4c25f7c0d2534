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
            binding: 0,
            name: name.into(),
            upstream_name: upstream_name.into(),
            definition: raw(definition),
            description: None,
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

    pub(crate) fn binding(mode: ConnectorMode) -> Binding {
        Binding {
            source: None,
            connector: Some(ConnectorId(Uuid::from_u128(9))),
            connector_name: "notes".into(),
            mode,
            version: "1.2.0".into(),
            upstream: Some(patchbay_engine::upstream::Target {
                url: "http://127.0.0.1:1/mcp".parse().unwrap(),
                authorization: None,
            }),
            source_meta: None,
        }
    }

    /// A source's binding to the connector of that number.
    pub(crate) fn source(number: u128, connector: u128) -> Binding {
        Binding {
            source: Some(SourceId(Uuid::from_u128(number))),
            connector: Some(ConnectorId(Uuid::from_u128(connector))),
            ..binding(ConnectorMode::Active)
        }
    }

    pub(crate) fn route(bindings: Vec<(Binding, Vec<PinnedTool>)>) -> ServerRoute {
        let mut route = ServerRoute {
            server: ServerId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            name: "My \"server\"".into(),
            bindings: Vec::new(),
            tools: Vec::new(),
        };
        for (index, (binding, tools)) in bindings.into_iter().enumerate() {
            route.bindings.push(binding);
            let tools = tools.into_iter().map(|tool| PinnedTool { binding: index, ..tool });
            route.tools.extend(tools);
        }
        route
    }

    pub(crate) fn server(bindings: Vec<(Binding, Vec<PinnedTool>)>) -> Server {
        ready(route(bindings))
    }

    fn ready(route: ServerRoute) -> Server {
        let upstream = Upstream::new(EgressPolicy::default());
        Server::new(RouteKey::Endpoint(EndpointKey::path("/mcp/1")), route, &upstream)
    }

    #[tokio::test]
    async fn definitions_are_listed_as_the_upstream_wrote_them_in_the_servers_order() {
        let odd = r#"{ "inputSchema":{"type":"object"}, "name" : "zeta","x-odd":[1.0, 1e2,{"name":"inner"}] }"#;
        let mut route = route(vec![
            (
                binding(ConnectorMode::Active),
                vec![pinned("zeta", "zeta", odd), pinned("a", "a", r#"{"name":"a"}"#)],
            ),
            (source(3, 8), vec![pinned("two__zeta", "zeta", odd)]),
        ]);
        let renamed = odd.replace(r#""name" : "zeta""#, r#""name" : "two__zeta""#);
        let server = ready(route.clone());
        assert_eq!(server.tools_tail, format!("[{odd},{{\"name\":\"a\"}},{renamed}]}}}}"));
        let (tool, bound) = server.tool("two__zeta").unwrap();
        assert_eq!(tool.rename.as_deref(), Some("\"zeta\""));
        assert_eq!(bound.source, Some(SourceId(Uuid::from_u128(3))));
        assert_eq!(server.tool("zeta").unwrap().1.source, None);
        assert!(serde_json::from_str::<serde_json::Value>(&server.info).is_ok());

        route.tools.rotate_right(1);
        let server = ready(route);
        assert_eq!(server.tools_tail, format!("[{renamed},{odd},{{\"name\":\"a\"}}]}}}}"));
    }

    #[tokio::test]
    async fn an_owners_words_stand_where_the_upstreams_did() {
        let described = |definition: &str, name: &str, words: &str| {
            let tool = PinnedTool {
                description: Some(words.into()),
                ..pinned(name, "a", definition)
            };
            let server = server(vec![(binding(ConnectorMode::Active), vec![tool])]);
            String::from_utf8(server.tools_tail.to_vec()).unwrap()
        };
        for (definition, expected) in [
            (
                r#"{"description":"theirs","name":"a","n":1.50}"#,
                r#"[{"description":"\"mine\"\n","name":"b","n":1.50}]}}"#,
            ),
            (
                r#"{"name":"a","inputSchema":{"description":"stays"}}"#,
                r#"[{"description":"\"mine\"\n","name":"b","inputSchema":{"description":"stays"}}]}}"#,
            ),
            (
                r#"{"description":1,"name":"a","d\u0065scription":"x"}"#,
                r#"[{"description":"\"mine\"\n","name":"b","d\u0065scription":"\"mine\"\n"}]}}"#,
            ),
        ] {
            assert_eq!(described(definition, "b", "\"mine\"\n"), expected, "{definition}");
        }
        let unnamed = described(r#"{"name":"a"}"#, "a", "mine");
        assert_eq!(unnamed, r#"[{"description":"mine","name":"a"}]}}"#);
    }

    #[tokio::test]
    async fn made_tools_have_their_own_names_and_another_one_where_their_owner_wants_that() {
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
        let renamed = PinnedTool {
            name: "another".into(),
            ..made("one", &args, "{}")
        };
        let tools = vec![
            pinned("a", "a", r#"{"name":"a"}"#),
            made("mine", &args, "{}"),
            renamed,
            gone,
            blocked,
        ];
        let server = server(vec![(binding(ConnectorMode::Active), tools)]);
        assert_eq!(
            server.tools_tail,
            r#"[{"name":"a"},{"name":"mine"},{"name":"another"},{"name":"blocked"}]}}"#
        );
        let tool = |name: &str| server.tool(name).unwrap().0;
        assert!(tool("a").template.is_none() && tool("a").closed.is_none());
        for name in ["mine", "another"] {
            assert_eq!(tool(name).rename.as_deref(), Some("\"search\""));
            assert!(tool(name).closed.is_none());
        }
        for (name, words) in [("gone", "template 'search' any more"), ("blocked", "a superuser")] {
            let closed = tool(name).closed.as_deref().unwrap();
            assert!(closed.contains(words) && closed.contains(name), "{closed}");
        }
        assert!(server.weight() > weight(server.tools_tail.len(), 5, 1));
    }

    #[tokio::test]
    async fn only_connectors_in_sync_mode_are_followed_and_each_once() {
        for (mode, follows) in [
            (ConnectorMode::Sync, 1),
            (ConnectorMode::Active, 0),
            (ConnectorMode::Deactive, 0),
        ] {
            let bindings = vec![(binding(mode), vec![]), (binding(mode), vec![])];
            assert_eq!(server(bindings).followed().count(), follows);
        }
    }

    #[tokio::test]
    async fn a_source_without_a_connector_may_get_one_with_any_change() {
        let (one, two) = (ConnectorId(Uuid::from_u128(1)), ConnectorId(Uuid::from_u128(2)));
        let of_one = server(vec![(source(3, 1), vec![])]);
        assert!(of_one.uses(one) && !of_one.uses(two));
        let waits = Binding {
            connector: None,
            upstream: None,
            ..source(4, 1)
        };
        let waiting = server(vec![(source(3, 1), vec![]), (waits, vec![])]);
        assert!(waiting.uses(one) && waiting.uses(two));
        assert!(!server(vec![]).uses(one));
    }

    #[tokio::test]
    async fn sources_of_one_connector_share_no_session_and_one_source_keeps_its_own() {
        let upstream = Upstream::new(EgressPolicy::default());
        let key = || RouteKey::Endpoint(EndpointKey::path("/mcp/1"));
        let peers = |server: &Server| -> Vec<_> {
            let bindings = server.bindings.iter();
            bindings.map(|bound| bound.peer.clone().unwrap()).collect()
        };
        let both = || route(vec![(source(3, 1), vec![]), (source(4, 1), vec![])]);
        let server = Server::new(key(), both(), &upstream);
        let again = Server::new(key(), both(), &upstream);
        let (first, second) = (peers(&server), peers(&again));
        assert!(!Arc::ptr_eq(&first[0], &first[1]));
        assert!(Arc::ptr_eq(&first[0], &second[0]) && Arc::ptr_eq(&first[1], &second[1]));
    }

    #[tokio::test]
    async fn one_upstream_never_takes_all_of_its_servers_room() {
        let server = server(vec![(source(3, 1), vec![]), (source(4, 2), vec![])]);
        let mut shares = Vec::new();
        while let Some(share) = server.bindings[0].admit() {
            shares.push(share);
        }
        assert_eq!(shares.len(), 128);
        assert!(server.bindings[1].admit().is_some());
        shares.pop();
        assert!(server.bindings[0].admit().is_some());
    }

    #[tokio::test]
    async fn a_configuration_is_not_shown_to_who_debugs() {
        let mut binding = binding(ConnectorMode::Active);
        binding.source_meta = Some(raw(r#"{"metadata":{"key":"s3cret"}}"#));
        let shown = format!("{:?}", server(vec![(binding, vec![])]));
        assert!(shown.contains("notes") && !shown.contains("s3cret"), "{shown}");
    }

    #[tokio::test]
    async fn a_switched_off_connectors_tools_are_known_but_not_listed_and_not_callable() {
        let tools = vec![pinned("a", "a", r#"{"name":"a"}"#)];
        let server = server(vec![(binding(ConnectorMode::Deactive), tools)]);
        assert_eq!(server.tools_tail, "[]}}");
        assert!(server.tool("a").unwrap().1.peer.is_none());
    }
}
