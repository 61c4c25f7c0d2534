//! MCP clients: one that sends exactly what a test writes, and rmcp's, which nobody here wrote.

use super::{
    Answer, App,
    client::{http_client, text},
};
use reqwest::{Method, RequestBuilder};
use rmcp::{
    ClientLifecycleMode, ClientServiceExt as _, RoleClient,
    model::{CallToolRequestParams, CallToolResult, JsonObject, ProtocolVersion},
    service::RunningService,
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};

/// A server's endpoint, with the token that opens it.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) token: String,
    http: reqwest::Client,
}

impl Endpoint {
    /// Of a server as the API answered when it was made. Reached by address, because `localhost` may mean another one.
    pub(crate) fn of(app: &App, server: &Value) -> Self {
        let endpoint = text(server, "endpoint")
            .parse::<url::Url>()
            .expect("an endpoint is a URL");
        let url = app.url.join(endpoint.path()).expect("a path makes a URL").to_string();
        Self {
            url,
            token: text(server, "token"),
            http: http_client(false),
        }
    }

    /// A request as every client sends it, without a body yet.
    pub(crate) fn request(&self) -> RequestBuilder {
        self.http
            .request(Method::POST, &self.url)
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
    }

    /// The same with another method.
    pub(crate) fn request_with(&self, method: Method) -> RequestBuilder {
        self.http.request(method, &self.url).bearer_auth(&self.token)
    }

    /// Sends exactly this, outside of any session.
    pub(crate) async fn send(&self, body: &str) -> Answer {
        Answer::of(self.request().body(body.to_owned())).await
    }

    /// A call of the current kind: stateless, everything in the one message.
    pub(crate) async fn modern(&self, method: &str, params: Value) -> Answer {
        let name = params["name"].as_str().map(str::to_owned);
        let mut params = params;
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = self
            .request()
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        Answer::of(request.json(&body)).await
    }

    /// A session of the older kind; its id.
    pub(crate) async fn initialize(&self) -> String {
        let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
        let answer = self.send(body).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let session = answer.header("mcp-session-id").to_owned();
        self.in_session(&session, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            .await
            .expect(202);
        session
    }

    /// Sends exactly this in a session.
    pub(crate) async fn in_session(&self, session: &str, body: &str) -> Answer {
        let request = self
            .request()
            .header("mcp-session-id", session)
            .header("mcp-protocol-version", "2025-06-18");
        Answer::of(request.body(body.to_owned())).await
    }

    /// rmcp's client, as one of the older kind.
    pub(crate) async fn legacy_client(&self) -> Client {
        self.client(ClientLifecycleMode::Initialize).await
    }

    /// rmcp's client, as one of the current kind.
    pub(crate) async fn modern_client(&self) -> Client {
        self.client(ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        })
        .await
    }

    async fn client(&self, mode: ClientLifecycleMode) -> Client {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.clone()).auth_header(self.token.clone());
        let transport = StreamableHttpClientTransport::with_client(http_client(false), config);
        Client(
            ().serve_with_lifecycle(transport, mode)
                .await
                .expect("the gateway greets a client"),
        )
    }
}

/// rmcp's client, connected.
pub(crate) struct Client(RunningService<RoleClient, ()>);

impl Client {
    /// Every tool, as JSON.
    pub(crate) async fn tools(&self) -> Value {
        let tools = self.0.list_all_tools().await.expect("tools are listed");
        serde_json::to_value(tools).expect("tools are JSON")
    }

    /// What a tool answers.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> CallToolResult {
        let arguments: JsonObject = serde_json::from_value(arguments).expect("arguments are an object");
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.0.call_tool(call).await.expect("the call is answered")
    }
}

/// The text of a result's parts.
pub(crate) fn said(result: &CallToolResult) -> String {
    let result = serde_json::to_value(result).expect("a result is JSON");
    let parts = result["content"].as_array().cloned().unwrap_or_default();
    parts
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The JSON-RPC message of an answer, whether it came plain or as an event.
pub(crate) fn message(answer: &Answer) -> String {
    let body = String::from_utf8(answer.body.clone()).expect("an answer is text");
    if !answer.header("content-type").starts_with("text/event-stream") {
        return body;
    }
    let events: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim_start)
        .collect();
    (*events.last().expect("the stream holds a message")).to_owned()
}
