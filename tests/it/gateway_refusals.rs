//! What the gateway refuses, and how it tells of upstreams that don't work.

use crate::support::{
    Answer, App, Superuser,
    client::text,
    eventually,
    mcp::{Endpoint, message},
    upstream::{Upstream, manifest, mcp, mcp_that_waits, nobody, tool},
};
use axum::{Json, Router, routing::get};
use reqwest::Method;
use serde_json::{Value, json};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{}}}"#;

/// For tests with two processes.
const KEY: (&str, &str) = ("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

async fn scene(app: &App) -> (Superuser, Upstream, Value, Endpoint) {
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = root.create_server(&connector, json!({})).await;
    let endpoint = Endpoint::of(app, &server);
    (root, service, server, endpoint)
}

fn result_of(answer: &Answer) -> Value {
    serde_json::from_str(&message(answer)).unwrap_or_else(|error| panic!("{error}: {}", message(answer)))
}

#[tokio::test]
async fn without_the_servers_own_token_nobody_gets_in() {
    let app = App::start().await;
    let (root, _service, _, endpoint) = scene(&app).await;
    let connector = root.get("/api/connectors/1").await.expect(200);
    let other = text(&root.create_server(&connector, json!({})).await, "token");
    for authorization in [
        None,
        Some("Bearer ".to_owned()),
        Some("Bearer mcp_token_guessed".to_owned()),
        Some(format!("Bearer {other}")),
        Some(format!("Bearer {}", root.access_token)),
        Some(format!("Basic {}", endpoint.token)),
    ] {
        let mut request = root
            .request(Method::POST, "/mcp/1")
            .header("content-type", "application/json")
            .body(PING);
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{authorization:?}"
        );
    }
}

#[tokio::test]
async fn a_revoked_token_and_a_deleted_server_end_access() {
    let app = App::start().await;
    let (root, _service, server, mut endpoint) = scene(&app).await;
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    let second = root
        .post(&format!("{path}/tokens"), json!({ "name": "second" }))
        .await
        .expect(201);
    let session = endpoint.initialize().await;
    endpoint.in_session(&session, PING).await.expect(200);

    let first = root.get(&format!("{path}/tokens")).await.expect(200);
    let first = first["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] != "second")
        .unwrap()
        .clone();
    root.delete(&format!("{path}/tokens/{}", text(&first, "id")))
        .await
        .expect(204);
    eventually(async || endpoint.in_session(&session, PING).await.status == 401).await;

    endpoint.token = text(&second, "token");
    endpoint.initialize().await;
    root.delete(&path).await.expect(204);
    eventually(async || matches!(endpoint.send(PING).await.status, 401 | 404)).await;
}

#[tokio::test]
async fn what_one_replica_changes_the_others_know() {
    let app = App::with(&[KEY]).await;
    let (root, _service, server, endpoint) = scene(&app).await;
    let replica = app.replica(&[KEY]).await;
    let elsewhere = Endpoint::of(&replica, &server);
    let session = endpoint.initialize().await;
    elsewhere.in_session(&session, CALL).await.expect(200);
    root.delete(&format!("/api/mcp-servers/{}", text(&server, "id")))
        .await
        .expect(204);
    eventually(async || matches!(elsewhere.in_session(&session, CALL).await.status, 401 | 404)).await;
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let app = App::start().await;
    let (_root, _service, _, endpoint) = scene(&app).await;
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("7", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        ("[]", -32600),
    ] {
        let answer = endpoint.send(body).await;
        assert_eq!(
            (answer.status, result_of(&answer)["error"]["code"].as_i64()),
            (400, Some(code)),
            "{body:?}"
        );
    }
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let answer = Answer::of(endpoint.request_with(method.clone())).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    let as_text = Answer::of(
        endpoint
            .request_with(Method::POST)
            .header("content-type", "text/plain")
            .body(PING),
    )
    .await;
    assert_eq!(as_text.status, 415);
    let from_a_page = Answer::of(endpoint.request().header("origin", "https://evil.example").body(PING)).await;
    assert_eq!(from_a_page.status, 403);
}

#[tokio::test]
async fn unknown_methods_tools_versions_and_sessions_are_told_apart() {
    let app = App::start().await;
    let (_root, _service, _, endpoint) = scene(&app).await;
    let session = endpoint.initialize().await;
    let code = |answer: &Answer| result_of(answer)["error"]["code"].as_i64();

    let unknown = endpoint
        .in_session(&session, r#"{"jsonrpc":"2.0","id":1,"method":"x/y"}"#)
        .await;
    assert_eq!((unknown.status, code(&unknown)), (200, Some(-32601)));
    let unknown = endpoint.modern("x/y", json!({})).await;
    assert_eq!((unknown.status, code(&unknown)), (404, Some(-32601)));
    let missing = endpoint.in_session(&session, &CALL.replace("\"a\"", "\"b\"")).await;
    assert_eq!(code(&missing), Some(-32602));
    let ended = endpoint.in_session("AAAA", PING).await;
    assert_eq!(ended.status, 404);

    let future = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let future = Answer::of(
        endpoint
            .request()
            .header("mcp-protocol-version", "2099-01-01")
            .header("mcp-method", "tools/list")
            .body(future),
    )
    .await;
    assert_eq!((future.status, code(&future)), (400, Some(-32022)));
    assert_eq!(result_of(&future)["error"]["data"]["requested"], "2099-01-01");
}

#[tokio::test]
async fn a_dead_upstream_is_told_as_a_tools_error_that_a_model_can_read() {
    let app = App::start().await;
    let (_root, service, _, endpoint) = scene(&app).await;
    let session = endpoint.initialize().await;
    endpoint.in_session(&session, CALL).await.expect(200);
    drop(service);
    // The connection that is still open may have to be noticed as dead first.
    eventually(async || {
        let body = result_of(&endpoint.in_session(&session, CALL).await);
        assert_eq!(body["id"], 7, "{body}");
        body["result"]["isError"] == true
            && !body["result"]["content"][0]["text"]
                .as_str()
                .unwrap_or_default()
                .is_empty()
    })
    .await;
    let list = endpoint
        .in_session(&session, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        .await;
    assert!(message(&list).contains("Does a"), "its tools stay listed");
}

#[tokio::test]
async fn an_upstream_that_was_never_there_fails_its_calls_only() {
    let app = App::start().await;
    let root = app.superuser().await;
    let gone = nobody().await.replace("connector.json", "mcp");
    let offer = json!({ "name": "x", "mcp_url": gone, "tools": [tool("a")] });
    let service = Upstream::serve(Router::new().route("/connector.json", get(|| async { Json(offer) }))).await;
    let connector = root.active_connector("hollow", &service.manifest_url()).await;
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let session = endpoint.initialize().await;
    let body = result_of(&endpoint.in_session(&session, CALL).await);
    assert_eq!(body["result"]["isError"], true, "{body}");
    endpoint.in_session(&session, PING).await.expect(200);
}

#[tokio::test]
async fn an_upstreams_own_errors_are_passed_on_without_its_secrets() {
    let app = App::start().await;
    let root = app.superuser().await;
    let offer = json!({ "name": "x", "tools": [tool("a")] });
    let html = axum::routing::post(|| async {
        (
            axum::http::StatusCode::BAD_GATEWAY,
            "<html>Bearer my_secure_secret_123</html>",
        )
    });
    let service = Upstream::serve(
        Router::new()
            .route("/connector.json", get(|| async { Json(offer) }))
            .route("/mcp", html),
    )
    .await;
    let connector = root.register_with_secret("broken", "my_secure_secret_123").await;
    let connector = root.activate(&connector, &service.manifest_url()).await.expect(200);
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let session = endpoint.initialize().await;
    let answer = endpoint.in_session(&session, CALL).await;
    assert_eq!(result_of(&answer)["result"]["isError"], true);
    assert!(!message(&answer).contains("my_secure_secret"), "{}", message(&answer));
}

#[tokio::test]
async fn a_connector_that_was_switched_off_is_not_called_and_lists_nothing() {
    let app = App::start().await;
    let (_root, service, _, endpoint) = scene(&app).await;
    let session = endpoint.initialize().await;
    endpoint.in_session(&session, CALL).await.expect(200);
    app.database
        .execute("UPDATE mcp_connectors SET mode = 'deactive'")
        .await;
    eventually(async || {
        let list = endpoint
            .in_session(&session, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
            .await;
        result_of(&list)["result"]["tools"] == json!([])
    })
    .await;
    let called = service.calls("tools/call").len();
    let body = result_of(&endpoint.in_session(&session, CALL).await);
    assert!(body["result"]["isError"] == true || body["error"].is_object(), "{body}");
    assert_eq!(service.calls("tools/call").len(), called, "nobody called it");
}

#[tokio::test]
async fn a_slow_upstream_holds_up_nobody_else() {
    let app = App::start().await;
    let (root, _service, _, endpoint) = scene(&app).await;
    let tools = json!([tool("a")]).to_string();
    let (routes, _gate) = mcp_that_waits(&tools);
    let slow = Upstream::serve(routes).await;
    let connector = root.active_connector("slow", &slow.url("/mcp")).await;
    let stuck = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let waiting = tokio::spawn(async move {
        stuck
            .modern("tools/call", json!({ "name": "a", "arguments": {} }))
            .await
    });
    eventually(async || !slow.calls("tools/call").is_empty()).await;
    let session = endpoint.initialize().await;
    for _ in 0..20 {
        endpoint.in_session(&session, CALL).await.expect(200);
    }
    assert_eq!(slow.calls("tools/call").len(), 1);
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn notifications_are_taken_and_pings_answered() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::serve(mcp(&json!([tool("a")]).to_string(), "{}")).await;
    let connector = root.active_connector("plain", &service.url("/mcp")).await;
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let session = endpoint.initialize().await;
    let note = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    assert_eq!(endpoint.in_session(&session, note).await.status, 202);
    assert_eq!(
        result_of(&endpoint.in_session(&session, PING).await)["result"],
        json!({})
    );
}
