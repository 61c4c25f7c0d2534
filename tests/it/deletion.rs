//! The end of an account, as everything notices it that was open: sessions, tokens, the gateway of this process and of another,
//! and a stream that is under way.

use crate::support::{
    Answer, App, Superuser, User,
    app::PASSWORD,
    client::text,
    eventually,
    mcp::{Endpoint, message},
    upstream::{Upstream, manifest, raw, tool},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{Stream, StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use std::{convert::Infallible, time::Duration};

const KEY: (&str, &str) = ("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"talk","arguments":{},"_meta":{"progressToken":"p"}}}"#;

/// A service whose tool begins to tell how far it is, and never comes to an end.
async fn talking() -> Upstream {
    let offer = manifest(json!([tool("talk"), tool("say")]));
    let routes = Router::new()
        .route("/connector.json", get(move || async move { Json(offer) }))
        .route("/mcp", post(talk));
    Upstream::serve(routes).await
}

async fn talk(headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let Some(id) = request.get("id") else {
        return axum::http::StatusCode::ACCEPTED.into_response();
    };
    let answer = |result: Value| raw(json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string());
    if headers.contains_key("mcp-method") {
        let error = json!({ "code": -32601, "message": "Method not found" });
        return raw(json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string());
    }
    match request["method"].as_str().unwrap() {
        "initialize" => answer(json!({
            "protocolVersion": "2025-06-18", "capabilities": { "tools": {} },
            "serverInfo": { "name": "talking", "version": "1" },
        })),
        "tools/call" if request["params"]["name"] == "talk" => {
            let progress = json!({
                "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": request["params"]["_meta"]["progressToken"], "progress": 1 },
            });
            let first = stream::iter([Ok::<_, Infallible>(Bytes::from(format!("data: {progress}\n\n")))]);
            let body = Body::from_stream(first.chain(stream::pending()));
            ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
        }
        "tools/call" => answer(json!({ "content": [] })),
        _ => answer(json!({})),
    }
}

/// Somebody with one of everything that opens something.
struct Scene {
    app: App,
    replica: App,
    root: Superuser,
    ada: User,
    api_token: String,
    server: Value,
    _service: Upstream,
}

impl Scene {
    async fn set() -> Self {
        let app = App::with(&[KEY]).await;
        let replica = app.replica(&[KEY]).await;
        let root = app.superuser().await;
        let service = talking().await;
        let connector = root.active_connector("talking", &service.manifest_url()).await;
        let ada = app.user("ada@example.org").await;
        let server = ada.create_server(&connector, json!({})).await;
        let api_token = ada.post("/api/tokens", json!({ "name": "mine" })).await.expect(201);
        Self {
            api_token: text(&api_token, "token"),
            app,
            replica,
            root,
            ada,
            server,
            _service: service,
        }
    }

    fn endpoints(&self) -> [Endpoint; 2] {
        [
            Endpoint::of(&self.app, &self.server),
            Endpoint::of(&self.replica, &self.server),
        ]
    }

    /// What each way to sign in is answered, in this process and in the other.
    async fn signed_in(&self) -> Vec<u16> {
        let mut statuses = vec![self.ada.get("/api/auth/me").await.status];
        for app in [&self.app, &self.replica] {
            for token in [&self.ada.access_token, &self.api_token] {
                let me = app.anonymous().request(Method::GET, "/api/auth/me").bearer_auth(token);
                statuses.push(Answer::of(me).await.status);
            }
        }
        statuses
    }
}

/// A call that has begun to be answered.
async fn open_stream(endpoint: &Endpoint) -> impl Stream<Item = reqwest::Result<Bytes>> + Unpin {
    let session = endpoint.initialize().await;
    let request = endpoint
        .request()
        .header("mcp-session-id", session)
        .header("mcp-protocol-version", "2025-06-18")
        .body(CALL);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut stream = Box::pin(response.bytes_stream());
    let begun = stream.next().await.unwrap().unwrap();
    assert!(
        String::from_utf8_lossy(&begun).contains("notifications/progress"),
        "{begun:?}"
    );
    stream
}

async fn ends(stream: impl Stream<Item = reqwest::Result<Bytes>>) {
    let rest = tokio::time::timeout(Duration::from_secs(10), stream.collect::<Vec<_>>());
    rest.await.expect("the stream ends");
}

const SAY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{}}}"#;

#[tokio::test]
async fn a_deleted_accounts_tokens_open_nothing_and_its_streams_end() {
    let scene = Scene::set().await;
    let endpoints = scene.endpoints();
    let mut streams = Vec::new();
    for endpoint in &endpoints {
        // Everything that may be remembered is, in both processes.
        let session = endpoint.initialize().await;
        endpoint.in_session(&session, SAY).await.expect(200);
        streams.push(open_stream(endpoint).await);
    }
    assert_eq!(scene.signed_in().await, [200; 5]);

    let path = format!("/api/users/{}", scene.ada.view.id);
    let gone = scene.root.delete(&path).await.expect(200);
    assert_eq!((&gone["mcp_servers"], &gone["api_tokens"]), (&json!(1), &json!(1)));
    assert_eq!(scene.signed_in().await, [401; 5]);
    for stream in streams {
        ends(stream).await;
    }
    for endpoint in &endpoints {
        eventually(async || endpoint.send(SAY).await.status == 401).await;
        let refused = endpoint.send(SAY).await;
        assert!(!message(&refused).contains("\"result\""), "{}", message(&refused));
    }
    assert_eq!(
        scene.app.anonymous().login("ada@example.org", PASSWORD).await.status,
        401
    );
    scene.root.get(&path).await.expect_error(404, "USER_NOT_FOUND");
}

#[tokio::test]
async fn a_disabled_accounts_streams_end_and_its_servers_come_back_with_it() {
    let scene = Scene::set().await;
    let endpoints = scene.endpoints();
    let streams = [open_stream(&endpoints[0]).await, open_stream(&endpoints[1]).await];
    let path = format!("/api/users/{}", scene.ada.view.id);
    scene.root.patch(&path, json!({ "disabled": true })).await.expect(200);
    assert_eq!(scene.signed_in().await, [401; 5]);
    for stream in streams {
        ends(stream).await;
    }
    for endpoint in &endpoints {
        eventually(async || endpoint.send(SAY).await.status == 401).await;
    }

    scene.root.patch(&path, json!({ "disabled": false })).await.expect(200);
    for endpoint in &endpoints {
        eventually(async || {
            endpoint
                .send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
                .await
                .status
                != 401
        })
        .await;
        endpoint.initialize().await;
    }
    // The sessions are gone for good; what was made by hand is not.
    assert_eq!(scene.signed_in().await, [401, 401, 200, 401, 200]);
}
