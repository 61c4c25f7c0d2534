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
