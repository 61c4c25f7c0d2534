//! A connector's service on loopback that says something else whenever a test wants it to.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, watch};

/// A manifest that is served for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Service(Arc<Inner>);

struct Inner {
    url: String,
    body: Mutex<Result<Value, StatusCode>>,
    asked: watch::Sender<usize>,
    /// What calls came with, at the MCP endpoint.
    authorizations: Mutex<Vec<Option<String>>>,
    /// What whoever asked for the manifest came with.
    manifest_authorizations: Mutex<Vec<Option<String>>>,
    /// One permit an answer, while answers are held up.
    held_up: Mutex<Option<Arc<Semaphore>>>,
}

impl Service {
    /// Serves this manifest at `connector.json`.
    pub(crate) async fn start(body: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self(Arc::new(Inner {
            url: format!("http://{}", listener.local_addr().unwrap()),
            body: Mutex::new(Ok(body)),
            asked: watch::Sender::new(0),
            authorizations: Mutex::default(),
            manifest_authorizations: Mutex::default(),
            held_up: Mutex::default(),
        }));
        let app = Router::new()
            .route("/connector.json", get(manifest))
            .route("/mcp", any(mcp))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        service
    }

    /// Where the manifest is.
    pub(crate) fn url(&self) -> String {
        format!("{}/connector.json", self.0.url)
    }

    /// Where its MCP endpoint would be.
    pub(crate) fn mcp_url(&self) -> String {
        format!("{}/mcp", self.0.url)
    }

    pub(crate) fn says(&self, body: Value) {
        *self.0.body.lock().unwrap() = Ok(body);
    }

    pub(crate) fn fails(&self) {
        *self.0.body.lock().unwrap() = Err(StatusCode::SERVICE_UNAVAILABLE);
    }

    /// Gives the manifest to nobody whom it doesn't know.
    pub(crate) fn asks_who_is_there(&self) {
        *self.0.body.lock().unwrap() = Err(StatusCode::UNAUTHORIZED);
    }

    /// How often the manifest was asked for.
    pub(crate) fn asked(&self) -> usize {
        *self.0.asked.borrow()
    }

    pub(crate) async fn asked_times(&self, times: usize) {
        self.0
            .asked
            .subscribe()
            .wait_for(|asked| *asked >= times)
            .await
            .unwrap();
    }

    /// Holds answers up; each permit that is added lets one go.
    pub(crate) fn hold_up(&self) -> Arc<Semaphore> {
        let held_up = Arc::new(Semaphore::new(0));
        *self.0.held_up.lock().unwrap() = Some(held_up.clone());
        held_up
    }

    /// Holds no further answers up.
    pub(crate) fn go_on(&self) {
        *self.0.held_up.lock().unwrap() = None;
    }

    /// The `Authorization` of each request to the MCP endpoint.
    pub(crate) fn authorizations(&self) -> Vec<Option<String>> {
        self.0.authorizations.lock().unwrap().clone()
    }

    /// The `Authorization` of each request for the manifest.
    pub(crate) fn manifest_authorizations(&self) -> Vec<Option<String>> {
        self.0.manifest_authorizations.lock().unwrap().clone()
    }
}

async fn manifest(State(Service(inner)): State<Service>, headers: HeaderMap) -> Response {
    inner
        .manifest_authorizations
        .lock()
        .unwrap()
        .push(authorization(&headers));
    // What is said is what was true when the question came.
    let body = inner.body.lock().unwrap().clone();
    inner.asked.send_modify(|asked| *asked += 1);
    let held_up = inner.held_up.lock().unwrap().clone();
    if let Some(held_up) = held_up {
        held_up.acquire().await.unwrap().forget();
    }
    match body {
        Ok(body) => Json(body).into_response(),
        Err(status) => status.into_response(),
    }
}

async fn mcp(State(Service(inner)): State<Service>, headers: HeaderMap) -> StatusCode {
    inner.authorizations.lock().unwrap().push(authorization(&headers));
    StatusCode::NOT_FOUND
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("authorization")?;
    Some(value.to_str().unwrap().to_owned())
}

/// A tool of that name and with that description.
pub(crate) fn tool(name: &str, description: &str) -> Value {
    json!({"name": name, "description": description, "inputSchema": {"type": "object"}})
}

/// A tool that takes an argument of that name.
pub(crate) fn tool_taking(name: &str, argument: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object", "properties": {argument: {"type": "string"}}}})
}

/// A manifest with these tools.
pub(crate) fn with_tools(tools: &[Value]) -> Value {
    json!({"name": "notes", "tools": tools})
}
