//! Services to connect: a manifest, a logo and an MCP endpoint, each exactly as a test says, over real HTTP on loopback.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json, value::RawValue};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A service that runs until it is dropped.
pub(crate) struct Upstream {
    base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    running: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Upstream {
    /// Serves these routes.
    pub(crate) async fn serve(routes: Router) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let routes = routes.layer(axum::middleware::from_fn_with_state(Arc::clone(&seen), note));
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let base = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let running = tokio::spawn(async move { axum::serve(listener, routes).await.expect("serving goes on") });
        Self { base, seen, running }
    }

    /// Serves one manifest, and MCP for the tools that it names.
    pub(crate) async fn connector(manifest: Value) -> Self {
        Self::changing(manifest).await.0
    }

    /// The same, but what it offers changes as a test says.
    pub(crate) async fn changing(manifest: Value) -> (Self, Offer) {
        let offer = Offer(Arc::new(Mutex::new(Some(manifest))));
        let (told, tools) = (offer.clone(), offer.clone());
        let manifest = get(move || async move {
            match told.now() {
                Some(manifest) => Json(manifest).into_response(),
                None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        });
        let fixed = Fixed {
            tools: Box::new(move || {
                tools
                    .now()
                    .map_or_else(|| "[]".to_owned(), |offer| offer["tools"].to_string())
            }),
            ..Fixed::new("[]", r#"{"content":[]}"#)
        };
        let routes = Router::new().route("/connector.json", manifest).merge(fixed.routes());
        (Self::serve(routes).await, offer)
    }

    /// A URL of this service.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Where its manifest is.
    pub(crate) fn manifest_url(&self) -> String {
        self.url("/connector.json")
    }

    /// Everything that arrived so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The MCP requests with this method that arrived so far.
    pub(crate) fn calls(&self, method: &str) -> Vec<Value> {
        let bodies = self
            .seen()
            .into_iter()
            .filter_map(|seen| serde_json::from_str::<Value>(&seen.body).ok());
        bodies.filter(|body| body["method"] == method).collect()
    }
}

async fn note(
    State(seen): State<Arc<Mutex<Vec<Seen>>>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen {
        path: parts.uri.path().to_owned(),
        headers: parts.headers.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    next.run(axum::extract::Request::from_parts(parts, body.into())).await
}

/// A manifest with these tools and nothing special.
pub(crate) fn manifest(tools: Value) -> Value {
    json!({ "name": "fixture", "description": "A service for tests", "version": "2.1.0", "tools": tools })
}

/// A tool that takes anything.
pub(crate) fn tool(name: &str) -> Value {
    json!({ "name": name, "description": format!("Does {name}"), "inputSchema": { "type": "object" } })
}

/// What a service offers from now on: its manifest.
#[derive(Clone)]
pub(crate) struct Offer(Arc<Mutex<Option<Value>>>);

impl Offer {
    fn now(&self) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It offers this instead.
    pub(crate) fn set(&self, manifest: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(manifest);
    }

    /// It has no manifest to give any more.
    pub(crate) fn fall_silent(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// An MCP endpoint of the older kind at `/mcp`, whose answers are exactly these texts: nothing parses and writes them again.
pub(crate) fn mcp(tools: &str, result: &str) -> Router {
    Fixed::new(tools, result).routes()
}

/// The same, but a call is answered only once it is let go.
pub(crate) fn mcp_that_waits(tools: &str) -> (Router, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let fixed = Fixed {
        gate: Arc::clone(&gate),
        ..Fixed::new(tools, r#"{"content":[]}"#)
    };
    (fixed.routes(), gate)
}

struct Fixed {
    tools: Box<dyn Fn() -> String + Send + Sync>,
    result: Box<RawValue>,
    /// A call needs a permit of this.
    gate: Arc<Semaphore>,
}

impl Fixed {
    fn new(tools: &str, result: &str) -> Self {
        let tools = RawValue::from_string(tools.to_owned()).expect("the tools are JSON");
        Self {
            tools: Box::new(move || tools.get().to_owned()),
            result: RawValue::from_string(result.to_owned()).expect("the result is JSON"),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    fn routes(self) -> Router {
        Router::new().route("/mcp", post(answer).with_state(Arc::new(self)))
    }
}

async fn answer(State(fixed): State<Arc<Fixed>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(id) = request.get("id") else {
        return StatusCode::ACCEPTED.into_response();
    };
    let method = request["method"].as_str().unwrap_or_default();
    if headers.contains_key("mcp-method") || method == "server/discover" {
        return error(id, -32601, "Method not found");
    }
    match method {
        "initialize" => result(
            id,
            &json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "fixture", "version": "2.1.0" },
            })
            .to_string(),
        ),
        "ping" => result(id, "{}"),
        "tools/list" => result(id, &format!(r#"{{"tools":{}}}"#, (fixed.tools)())),
        "tools/call" => {
            let _permit = fixed.gate.acquire().await;
            result(id, fixed.result.get())
        }
        _ => error(id, -32601, "Method not found"),
    }
}

fn result(id: &Value, result: &str) -> Response {
    raw(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

fn error(id: &Value, code: i32, message: &str) -> Response {
    raw(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }).to_string())
}

/// JSON exactly as it is written here.
pub(crate) fn raw(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    drop(listener);
    let uri: Uri = format!("http://{address}/connector.json")
        .parse()
        .expect("an address makes a URI");
    uri.to_string()
}
