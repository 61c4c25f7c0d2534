//! An upstream that answers as a test wants, and a client of the protocol layer in front of it.

use crate::{
    auth::Principal,
    body::Body,
    limits::Limits,
    protocol::{Follow, Protocol},
    rounds::Rounds,
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
use futures::future::BoxFuture;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use patchbay_domain::{connector::ConnectorMode, ids::ServerTokenId};
use patchbay_engine::{
    Clock,
    endpoint::EndpointKey,
    gateway::{PinnedTool, RouteKey, ServerRoute},
    upstream::{Credential, EgressPolicy, Target, Upstream, rpc},
    vault::{KeyRing, Vault},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// A request that an upstream got.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

type Answer = Arc<dyn Fn(&Seen) -> UpstreamResponse + Send + Sync>;

/// An upstream that answers calls as a test wants, in one of the eras.
pub(super) struct Fake {
    pub(super) target: Target,
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
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

pub(super) fn json_text(text: String) -> UpstreamResponse {
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

pub(super) fn result(seen: &Seen, result: &Value) -> UpstreamResponse {
    json_text(json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": result}).to_string())
}

pub(super) fn events(chunks: Vec<Bytes>, ends: bool) -> UpstreamResponse {
    let chunks = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::convert::Infallible>));
    let body = if ends {
        UpstreamBody::from_stream(chunks)
    } else {
        UpstreamBody::from_stream(futures::StreamExt::chain(chunks, futures::stream::pending()))
    };
    ([("content-type", "text/event-stream")], body).into_response()
}

pub(super) fn event(message: &Value) -> Bytes {
    format!("data: {message}\n\n").into()
}

impl Fake {
    pub(super) async fn start(
        modern: bool,
        answer: impl Fn(&Seen) -> UpstreamResponse + Send + Sync + 'static,
    ) -> Self {
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
        let authorization = Credential::bearer(b"upstream-secret");
        Self {
            target: Target { url, authorization },
            seen,
            task,
        }
    }

    /// The last tools/call that came.
    pub(super) fn call(&self) -> Seen {
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

/// For servers whose tools are pinned: nobody may try to follow them.
#[derive(Debug)]
struct Unfollowed;

impl Follow for Unfollowed {
    fn latest<'a>(&'a self, _: &'a Server) -> BoxFuture<'a, Option<Arc<Server>>> {
        panic!("pinned tools are not followed")
    }
}

/// A client of one server.
pub(super) struct Client {
    pub(super) protocol: Protocol,
    pub(super) server: Server,
    pub(super) principal: Principal,
}

pub(super) const DEFINITION: &str = r#"{"name":"add","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}},"x-odd":1.50}"#;

impl Client {
    pub(super) fn of(target: Target, source: Option<&str>, tools: Vec<PinnedTool>, limits: Limits) -> Self {
        let mut binding = make::binding(ConnectorMode::Active);
        binding.upstream = Some(target);
        binding.source_meta = source.map(make::raw);
        Self::of_route(make::route(vec![(binding, tools)]), limits)
    }

    /// Of a server with whatever bindings a test wants.
    pub(super) fn of_route(route: ServerRoute, limits: Limits) -> Self {
        let server = route.server;
        let way_out = Upstream::new(EgressPolicy::parse("loopback").unwrap());
        let keys = KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap();
        let vault = Vault::new(keys);
        Self {
            protocol: Protocol {
                limits,
                sessions: Sessions::new(vault.clone()),
                rounds: Arc::new(Rounds::new(vault, Clock::system())),
                usage: Arc::new(Usage::new(Clock::system())),
                follow: Arc::new(Unfollowed),
            },
            server: Server::new(RouteKey::Endpoint(EndpointKey::path("/mcp/1")), route, &way_out),
            principal: Principal {
                server,
                token: Some(ServerTokenId(Uuid::from_u128(3))),
            },
        }
    }

    pub(super) fn new(fake: &Fake) -> Self {
        let tools = vec![make::pinned("add", "add", DEFINITION)];
        Self::of(fake.target.clone(), None, tools, Limits::default())
    }

    pub(super) async fn post(&self, headers: &[(&'static str, &str)], body: &Value) -> Response<Body> {
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

    pub(super) async fn legacy(&self, method: &str, params: Value) -> (StatusCode, Value) {
        read(
            self.post(
                &[],
                &json!({"jsonrpc": "2.0", "id": "c", "method": method, "params": params}),
            )
            .await,
        )
        .await
    }

    pub(super) async fn modern(
        &self,
        method: &str,
        mut params: Value,
        more: &[(&'static str, &str)],
    ) -> (StatusCode, Value) {
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
    pub(super) fn counted(&self) -> (u64, u64) {
        self.protocol.usage.totals()
    }
}

pub(super) async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    assert!(
        response.headers().get("set-cookie").is_none(),
        "an upstream's headers stay with it"
    );
    assert!(response.headers().get("server").is_none());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(super) fn messages(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// Arguments for the one tool.
pub(super) fn add() -> Value {
    json!({"name": "add", "arguments": {"a": 1, "b": 2.50}})
}
