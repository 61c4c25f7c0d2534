//! The protocol layer as clients see it, against real upstreams on loopback. Tokens, routes and the database are not
//! part of it.

use crate::{
    auth::Principal,
    body::Body,
    limits::Limits,
    protocol::Protocol,
    server::{Server, tests as make},
    session::Sessions,
    usage::Usage,
};
use axum::{
    body::Body as UpstreamBody,
    extract::State,
    response::{IntoResponse, Response as UpstreamResponse},
};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ServerId, ServerTokenId, UserId},
};
use patchbay_engine::{
    Clock,
    endpoint::EndpointKey,
    gateway::{PinnedTool, RouteKey, ServerRoute},
    upstream::{EgressPolicy, Target, Upstream, rpc},
    vault::{KeyRing, Vault},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;

/// A request that an upstream got.
#[derive(Debug, Clone)]
struct Seen {
    headers: HeaderMap,
    body: Value,
}

type Answer = Arc<dyn Fn(&Seen) -> UpstreamResponse + Send + Sync>;

/// An upstream that answers calls as a test wants, in one of the eras.
struct Fake {
    target: Target,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Behaviour {
    modern: bool,
    answer: Answer,
    seen: Arc<Mutex<Vec<Seen>>>,
}

async fn upstream(State(behaviour): State<Behaviour>, headers: HeaderMap, body: Bytes) -> UpstreamResponse {
    let seen = Seen {
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    behaviour.seen.lock().unwrap().push(seen.clone());
    match (seen.body["method"].as_str(), behaviour.modern) {
        (Some("server/discover"), true) => result(
            &seen,
            &json!({"resultType": "complete", "supportedVersions": [rpc::MODERN], "capabilities": {}, "ttlMs": 0, "cacheScope": "private"}),
        ),
        (Some("server/discover"), false) => StatusCode::BAD_REQUEST.into_response(),
        (Some("initialize"), _) => {
            let mut response = result(&seen, &json!({"protocolVersion": "2025-06-18", "capabilities": {}}));
            response
                .headers_mut()
                .insert("mcp-session-id", "upstream-session".parse().unwrap());
            response
        }
        (Some("tools/call"), _) => (behaviour.answer)(&seen),
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

fn json_text(text: String) -> UpstreamResponse {
    (
        [
            ("content-type", "application/json"),
            ("set-cookie", "upstream=1"),
            ("server", "upstream"),
        ],
        text,
    )
        .into_response()
}

fn result(seen: &Seen, result: &Value) -> UpstreamResponse {
    json_text(json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": result}).to_string())
}

fn events(chunks: Vec<Bytes>, ends: bool) -> UpstreamResponse {
    let chunks = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::convert::Infallible>));
    let body = if ends {
        UpstreamBody::from_stream(chunks)
    } else {
        UpstreamBody::from_stream(futures::StreamExt::chain(chunks, futures::stream::pending()))
    };
    ([("content-type", "text/event-stream")], body).into_response()
}

fn event(message: &Value) -> Bytes {
    format!("data: {message}\n\n").into()
}

impl Fake {
    async fn start(modern: bool, answer: impl Fn(&Seen) -> UpstreamResponse + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let behaviour = Behaviour {
            modern,
            answer: Arc::new(answer),
            seen: seen.clone(),
        };
        let app = axum::Router::new()
            .route("/mcp", axum::routing::post(upstream))
            .with_state(behaviour);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let authorization = Some("Bearer upstream-secret".parse().unwrap());
        Self {
            target: Target { url, authorization },
            seen,
            task,
        }
    }

    /// The last tools/call that came.
    fn call(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .rev()
            .find(|seen| seen.body["method"] == "tools/call")
            .cloned()
            .unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client of one server.
struct Client {
    protocol: Protocol,
    server: Server,
    principal: Principal,
}

const DEFINITION: &str = r#"{"name":"add","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}},"x-odd":1.50}"#;

impl Client {
    fn of(target: Target, source: Option<&str>, tools: Vec<PinnedTool>, limits: Limits) -> Self {
        let mut binding = make::binding(ConnectorMode::Active, tools);
        binding.upstream = Some(target);
        binding.source_meta = source.map(make::raw);
        let server = ServerId(Uuid::from_u128(1));
        let route = ServerRoute {
            server,
            user: UserId(Uuid::from_u128(2)),
            name: "Mine".into(),
            bindings: vec![binding],
        };
        let way_out = Upstream::new(EgressPolicy::parse("loopback").unwrap());
        let keys = KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap();
        Self {
            protocol: Protocol {
                limits,
                sessions: Sessions::new(Vault::new(keys)),
                usage: Arc::new(Usage::new(Clock::system())),
            },
            server: Server::new(RouteKey::Endpoint(EndpointKey::path("/mcp/1")), route, &way_out),
            principal: Principal {
                server,
                token: Some(ServerTokenId(Uuid::from_u128(3))),
            },
        }
    }

    fn new(fake: &Fake) -> Self {
        let tools = vec![make::pinned("add", "add", DEFINITION)];
        Self::of(fake.target.clone(), None, tools, Limits::default())
    }

    async fn post(&self, headers: &[(&'static str, &str)], body: &Value) -> Response<Body> {
        let mut all: HeaderMap = [("accept", "application/json, text/event-stream")]
            .iter()
            .chain(headers)
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        all.insert("authorization", "Bearer mcp_token_client".parse().unwrap());
        all.insert("cookie", "client=1".parse().unwrap());
        self.protocol
            .answer(&all, &self.server, self.principal, &Bytes::from(body.to_string()))
            .await
    }

    async fn legacy(&self, method: &str, params: Value) -> (StatusCode, Value) {
        read(
            self.post(
                &[],
                &json!({"jsonrpc": "2.0", "id": "c", "method": method, "params": params}),
            )
            .await,
        )
        .await
    }

    async fn modern(&self, method: &str, mut params: Value, more: &[(&'static str, &str)]) -> (StatusCode, Value) {
        params["_meta"][rpc::META_VERSION] = json!(rpc::MODERN);
        params["_meta"][rpc::META_CAPABILITIES] = json!({});
        let mut headers = vec![("mcp-protocol-version", rpc::MODERN), ("mcp-method", method)];
        if method == "tools/call" {
            headers.push(("mcp-name", "add"));
        }
        headers.extend_from_slice(more);
        read(
            self.post(
                &headers,
                &json!({"jsonrpc": "2.0", "id": "c", "method": method, "params": params}),
            )
            .await,
        )
        .await
    }

    /// Calls and errors that were counted.
    fn counted(&self) -> (u64, u64) {
        self.protocol.usage.totals()
    }
}

async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    assert!(
        response.headers().get("set-cookie").is_none(),
        "an upstream's headers stay with it"
    );
    assert!(response.headers().get("server").is_none());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn messages(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

const ADD: fn() -> Value = || json!({"name": "add", "arguments": {"a": 1, "b": 2.50}});

#[tokio::test]
async fn every_pair_of_eras_can_talk() {
    for upstream_modern in [false, true] {
        let fake = Fake::start(upstream_modern, move |seen| {
            let mut answer = json!({"content": [{"type": "text", "text": "3.50"}], "x-unknown": {"n": 1.0}});
            if upstream_modern {
                answer["resultType"] = json!("complete");
            }
            result(seen, &answer)
        })
        .await;
        let client = Client::new(&fake);
        let (status, legacy) = client.legacy("tools/call", ADD()).await;
        assert_eq!(status, 200);
        assert_eq!(
            legacy,
            json!({"jsonrpc": "2.0", "id": "c", "result": {"content": [{"type": "text", "text": "3.50"}], "x-unknown": {"n": 1.0}}})
        );
        let (status, modern) = client.modern("tools/call", ADD(), &[]).await;
        assert_eq!(status, 200);
        assert_eq!(modern["result"]["resultType"], "complete");
        assert_eq!(modern["result"]["x-unknown"], json!({"n": 1.0}));
        assert_eq!(client.counted(), (2, 0));
    }
}

#[tokio::test]
async fn credentials_stay_on_their_side() {
    let fake = Fake::start(false, |seen| result(seen, &json!({"content": []}))).await;
    let client = Client::new(&fake);
    let response = client
        .post(
            &[("x-forwarded-for", "10.1.1.1")],
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ADD()}),
        )
        .await;
    assert_eq!(
        response.headers().get("mcp-session-id"),
        None,
        "the upstream's session is Patchbay's"
    );
    let seen = fake.call();
    assert_eq!(seen.headers["authorization"], "Bearer upstream-secret");
    assert_eq!(seen.headers["mcp-session-id"], "upstream-session");
    for absent in ["cookie", "x-forwarded-for", "origin"] {
        assert!(seen.headers.get(absent).is_none(), "{absent}");
    }
    assert!(!format!("{seen:?}").contains("mcp_token_client"));
}

#[tokio::test]
async fn the_source_is_patchbays_and_the_clients_is_dropped() {
    let fake = Fake::start(false, |seen| result(seen, &json!({"content": []}))).await;
    let tools = || vec![make::pinned("add", "add", DEFINITION)];
    let source = r#"{"id":"s","metadata":{"secret":"opened"}}"#;
    let mut forged = ADD();
    forged["_meta"] = json!({"dev.patchbay/source": {"id": "forged"}, "mine": 1});
    let with = Client::of(fake.target.clone(), Some(source), tools(), Limits::default());
    with.legacy("tools/call", forged.clone()).await;
    let meta = fake.call().body["params"]["_meta"].clone();
    assert_eq!(
        meta,
        json!({"dev.patchbay/source": {"id": "s", "metadata": {"secret": "opened"}}, "mine": 1})
    );
    let without = Client::of(fake.target.clone(), None, tools(), Limits::default());
    without.legacy("tools/call", forged).await;
    assert_eq!(fake.call().body["params"]["_meta"], json!({"mine": 1}));
}

#[tokio::test]
async fn modern_upstreams_get_their_headers() {
    let fake = Fake::start(true, |seen| {
        result(seen, &json!({"resultType": "complete", "content": []}))
    })
    .await;
    let tools = vec![make::pinned("two__ädd", "ädd", DEFINITION)];
    let client = Client::of(fake.target.clone(), None, tools, Limits::default());
    client
        .legacy(
            "tools/call",
            json!({"name": "two__ädd", "arguments": {"region": "käse"}}),
        )
        .await;
    let seen = fake.call();
    assert_eq!(seen.headers["mcp-method"], "tools/call");
    assert_eq!(seen.headers["mcp-name"], "=?base64?w6RkZA==?=");
    assert_eq!(seen.headers["mcp-param-region"], "=?base64?a8Okc2U=?=");
    assert_eq!(seen.headers["mcp-protocol-version"], rpc::MODERN);
    assert_eq!(seen.body["params"]["name"], "ädd");
    assert_eq!(seen.body["id"], "c", "without a session the client's id is good enough");
}

#[tokio::test]
async fn a_modern_clients_param_headers_are_checked_and_unknown_ones_passed_on() {
    let fake = Fake::start(true, |seen| {
        result(seen, &json!({"resultType": "complete", "content": []}))
    })
    .await;
    let client = Client::new(&fake);
    let params = json!({"name": "add", "arguments": {"region": "eu"}});
    let (status, _) = client
        .modern(
            "tools/call",
            params.clone(),
            &[("mcp-param-region", "eu"), ("mcp-param-x", "y")],
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(fake.call().headers["mcp-param-x"], "y");
    for headers in [&[("mcp-param-region", "us")][..], &[]] {
        let (status, answer) = client.modern("tools/call", params.clone(), headers).await;
        assert_eq!((status.as_u16(), answer["error"]["code"].as_i64()), (400, Some(-32020)));
    }
}

#[tokio::test]
async fn one_answer_on_a_stream_becomes_one_message() {
    let fake = Fake::start(false, |seen| {
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(
            vec![Bytes::from_static(b"id: 1\nretry: 3000\ndata:\n\n"), event(&answer)],
            true,
        )
    })
    .await;
    let client = Client::new(&fake);
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": ADD()}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(
        read(response).await.1,
        json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}})
    );
}

#[tokio::test]
async fn progress_is_streamed_under_the_clients_token_and_questions_are_answered() {
    let fake = Fake::start(false, |seen| {
        let token = &seen.body["params"]["_meta"]["progressToken"];
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 0.5}});
        let question = json!({"jsonrpc": "2.0", "id": 0, "method": "sampling/createMessage", "params": {}});
        let stray = json!({"jsonrpc": "2.0", "id": 12345, "result": {}});
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(vec![event(&question), event(&stray), event(&progress), event(&answer)], false)
    })
    .await;
    let client = Client::new(&fake);
    let mut params = ADD();
    params["_meta"] = json!({"progressToken": "mine"});
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": params}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        messages(&body),
        [
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": "mine", "progress": 0.5}}),
            json!({"jsonrpc": "2.0", "id": "c", "result": {"content": []}}),
        ]
    );
    assert_eq!(client.counted(), (1, 0));
    assert!(
        fake.call().body["id"].is_u64(),
        "in a shared session ids are Patchbay's"
    );
    let declined = async {
        loop {
            if fake
                .seen
                .lock()
                .unwrap()
                .iter()
                .any(|seen| seen.body["error"]["code"] == -32601)
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), declined)
        .await
        .expect("the upstream's question is answered");
}

#[tokio::test]
async fn a_client_that_takes_no_stream_gets_the_answer_alone() {
    let fake = Fake::start(false, |seen| {
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}});
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(vec![event(&progress), event(&answer)], true)
    })
    .await;
    let client = Client::new(&fake);
    let headers: HeaderMap = [("accept".parse().unwrap(), "*/*".parse().unwrap())]
        .into_iter()
        .collect();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ADD()}).to_string();
    let response = client
        .protocol
        .answer(&headers, &client.server, client.principal, &body.into())
        .await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(read(response).await.1["result"], json!({"content": []}));
}

#[tokio::test]
async fn a_slow_stream_is_kept_alive() {
    let fake = Fake::start(false, |_| events(vec![], false)).await;
    let limits = Limits {
        patience: Duration::from_millis(10),
        keep_alive: Duration::from_millis(10),
        ..Limits::default()
    };
    let tools = vec![make::pinned("add", "add", DEFINITION)];
    let client = Client::of(fake.target.clone(), None, tools, limits);
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ADD()}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    for _ in 0..3 {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), ":\n\n");
    }
    drop(body);
    assert_eq!(client.counted(), (1, 1), "a client that leaves never got its answer");
}

#[tokio::test]
async fn failures_on_the_way_are_tool_results_that_name_the_connector() {
    type Case = (fn(&Seen) -> UpstreamResponse, &'static str);
    let answers: [Case; 6] = [
        (|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), "status 500"),
        (|_| StatusCode::UNAUTHORIZED.into_response(), "credentials"),
        (|_| StatusCode::ACCEPTED.into_response(), "MCP server"),
        (
            |_| ([("content-type", "text/html")], "<p>").into_response(),
            "MCP server",
        ),
        (
            |_| json_text("{\"jsonrpc\":\"2.0\",\"id\":\"another\",\"result\":{}}".into()),
            "MCP server",
        ),
        (|_| events(vec![], true), "before it answered"),
    ];
    for (answer, expected) in answers {
        let fake = Fake::start(false, answer).await;
        let client = Client::new(&fake);
        for modern in [false, true] {
            let (status, answer) = if modern {
                client.modern("tools/call", ADD(), &[]).await
            } else {
                client.legacy("tools/call", ADD()).await
            };
            assert_eq!(status, 200);
            assert_eq!(answer["result"]["isError"], true, "{answer}");
            assert_eq!(answer["result"]["resultType"].is_string(), modern);
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("connector 'notes'") && text.contains(expected), "{text}");
            assert!(!text.contains("127.0.0.1"), "{text}");
        }
        assert_eq!(client.counted(), (2, 2));
    }
}

#[tokio::test]
async fn a_dead_upstream_fails_the_call_and_nothing_else() {
    let target = Fake::start(false, |_| StatusCode::OK.into_response())
        .await
        .target
        .clone();
    let tools = vec![make::pinned("add", "add", DEFINITION)];
    let client = Client::of(target, None, tools, Limits::default());
    let (_, answer) = client.legacy("tools/call", ADD()).await;
    assert_eq!(
        answer["result"]["content"][0]["text"],
        "The connector 'notes' could not be called: Connection refused."
    );
    let (_, list) = client.legacy("tools/list", json!({})).await;
    assert_eq!(list["result"]["tools"][0]["x-odd"], 1.5);
}

#[tokio::test]
async fn an_upstreams_error_passes_with_its_status_in_the_clients_era() {
    let fake = Fake::start(true, |seen| {
        let error = json!({"code": -32602, "message": "no such thing", "data": {"x": 1.0}});
        json_text(json!({"jsonrpc": "2.0", "id": seen.body["id"], "error": error}).to_string())
    })
    .await;
    let client = Client::new(&fake);
    for (status, answer) in [
        client.legacy("tools/call", ADD()).await,
        client.modern("tools/call", ADD(), &[]).await,
    ] {
        assert_eq!(status, 200);
        assert_eq!(
            answer["error"],
            json!({"code": -32602, "message": "no such thing", "data": {"x": 1.0}})
        );
    }
    assert_eq!(client.counted(), (2, 2));
}

#[tokio::test]
async fn a_modern_client_and_a_modern_upstream_may_go_several_rounds() {
    let fake = Fake::start(true, |seen| match seen.body["params"]["requestState"].as_str() {
        None => result(
            seen,
            &json!({"resultType": "input_required", "inputRequests": {"a": {}}, "requestState": "s"}),
        ),
        Some(state) => result(seen, &json!({"resultType": "complete", "content": [], "state": state})),
    })
    .await;
    let client = Client::new(&fake);
    let (_, first) = client.modern("tools/call", ADD(), &[]).await;
    assert_eq!(first["result"]["resultType"], "input_required");
    let mut again = ADD();
    again["requestState"] = first["result"]["requestState"].clone();
    assert_eq!(client.modern("tools/call", again, &[]).await.1["result"]["state"], "s");
    let (_, legacy) = client.legacy("tools/call", ADD()).await;
    assert_eq!(legacy["result"]["isError"], true);
}

#[tokio::test]
async fn lists_and_handshakes_ask_nobody() {
    let fake = Fake::start(true, |_| StatusCode::OK.into_response()).await;
    let client = Client::new(&fake);
    let (status, legacy) = client.legacy("tools/list", json!({})).await;
    assert_eq!(
        (status.as_u16(), &legacy["result"]["tools"][0]["name"]),
        (200, &json!("add"))
    );
    let (status, modern) = client.modern("tools/list", json!({}), &[]).await;
    assert_eq!(
        (status.as_u16(), &modern["result"]["cacheScope"]),
        (200, &json!("private"))
    );
    let (_, discovered) = client.modern("server/discover", json!({}), &[]).await;
    assert_eq!(discovered["result"]["supportedVersions"][0], rpc::MODERN);
    assert_eq!(
        client.legacy("ping", json!({})).await.1,
        json!({"jsonrpc": "2.0", "id": "c", "result": {}})
    );
    assert!(fake.seen.lock().unwrap().is_empty());
    assert_eq!(client.counted(), (0, 0));
}

#[tokio::test]
async fn a_legacy_session_is_begun_and_kept_to_its_client() {
    let fake = Fake::start(true, |_| StatusCode::OK.into_response()).await;
    let client = Client::new(&fake);
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}}});
    let response = client.post(&[], &hello).await;
    let session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    assert_eq!(read(response).await.1["result"]["protocolVersion"], "2025-06-18");
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (id, method, expected) in [
        (&*session, &note, 202),
        (&session, &ping, 200),
        ("forged", &ping, 404),
        ("forged", &note, 404),
    ] {
        assert_eq!(
            client.post(&[("mcp-session-id", id)], method).await.status(),
            expected,
            "{id} {method}"
        );
    }
    let other = Client {
        principal: Principal {
            token: None,
            ..client.principal
        },
        ..client
    };
    assert_eq!(other.post(&[("mcp-session-id", &session)], &ping).await.status(), 404);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_their_era() {
    let fake = Fake::start(true, |_| StatusCode::OK.into_response()).await;
    let client = Client::new(&fake);
    for (method, params, code) in [
        ("prompts/list", json!({}), -32601),
        ("server/nothing", json!({}), -32601),
        ("tools/call", json!({"name": "nope"}), -32602),
        ("tools/call", json!({}), -32602),
        ("tools/call", json!({"name": 1}), -32602),
        ("tools/call", json!({"name": "add", "arguments": [1]}), -32602),
        ("tools/call", json!({"name": "add", "_meta": 1}), -32602),
        ("tools/list", json!({"cursor": "x"}), -32602),
    ] {
        let (status, answer) = client.legacy(method, params.clone()).await;
        assert_eq!(
            (status.as_u16(), &answer["error"]["code"], &answer["id"]),
            (200, &json!(code), &json!("c")),
            "{method} {params}"
        );
    }
    for (method, params, status, code) in [
        ("ping", json!({}), 404, -32601),
        ("initialize", json!({}), 404, -32601),
        ("prompts/list", json!({}), 404, -32601),
        ("tools/call", json!({"name": "other"}), 400, -32020),
        ("tools/list", json!({"cursor": "x"}), 200, -32602),
    ] {
        let (found, answer) = client.modern(method, params.clone(), &[]).await;
        assert_eq!(
            (found.as_u16(), &answer["error"]["code"]),
            (status, &json!(code)),
            "{method} {params}"
        );
    }
    let discover = json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover"});
    let (status, answer) = read(client.post(&[], &discover).await).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (400, &json!(-32602)),
        "without the keys of its era"
    );
    let version = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {rpc::META_VERSION: "2031-01-01"}}});
    let (status, answer) = read(client.post(&[("mcp-protocol-version", "2031-01-01")], &version).await).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!(-32022)));
    assert_eq!(answer["error"]["data"]["requested"], "2031-01-01");
    assert_eq!(answer["error"]["data"]["supported"][0], rpc::MODERN);
}
