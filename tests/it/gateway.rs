//! MCP clients call a connector's tools at the endpoint that Patchbay gave.

use crate::support::{
    Answer, App, Superuser,
    mcp::{Endpoint, message, said},
    rmcp_server::{self, Speaks},
    upstream::{Upstream, manifest, mcp, raw, tool},
};
use axum::{Router, routing::get};
use reqwest::Method;
use serde_json::{Value, json};

async fn endpoint(app: &App, root: &Superuser, url: &str) -> Endpoint {
    let connector = root.active_connector(&format!("at {url}"), url).await;
    Endpoint::of(app, &root.create_server(&connector, json!({})).await)
}

#[tokio::test]
async fn clients_of_either_era_reach_upstreams_of_either_era() {
    let app = App::start().await;
    let root = app.superuser().await;
    for speaks in [Speaks::Legacy, Speaks::Both] {
        let service = rmcp_server::serve(speaks).await;
        let endpoint = endpoint(&app, &root, &service.url("/mcp")).await;
        for client in [endpoint.legacy_client().await, endpoint.modern_client().await] {
            let tools = client.tools().await;
            let names: Vec<&str> = tools
                .as_array()
                .unwrap()
                .iter()
                .map(|tool| tool["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, ["zebra", "echo", "fail"], "{speaks:?}: the upstream's own order");
            let result = client.call("echo", json!({ "text": "hello" })).await;
            assert_eq!(
                (said(&result).as_str(), result.is_error.unwrap_or(false)),
                ("echo: hello", false),
                "{speaks:?}"
            );
            let failed = client.call("fail", json!({ "text": "x" })).await;
            assert_eq!(
                (said(&failed).as_str(), failed.is_error),
                ("fail: x", Some(true)),
                "{speaks:?}"
            );
        }
    }
}

#[tokio::test]
async fn definitions_and_results_arrive_with_every_byte_that_the_upstream_wrote() {
    let app = App::start().await;
    let root = app.superuser().await;
    let definition = r#"{"zeta":1.50,"name":"x","title":"\u00e9 é","inputSchema":{"type":"object","b":1e2,"a":[{}],"$comment":"kept"},"outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true,"x-new":null},"_meta":{"com.example/k":9007199254740993}}"#;
    let result = r#"{"content":[{"type":"future","data":{"z":1.0,"a":2}}],"structuredContent":{"n":12345678901234567890.10,"u":"\u2028"},"x-unknown":[1,2.0],"isError":false}"#;
    let tools: &'static str = Box::leak(format!("[{definition}]").into_boxed_str());
    let manifest = get(move || async move { raw(format!(r#"{{"name":"verbatim","tools":{tools}}}"#)) });
    let service = Upstream::serve(
        Router::new()
            .route("/connector.json", manifest)
            .merge(mcp(tools, result)),
    )
    .await;
    let endpoint = endpoint(&app, &root, &service.manifest_url()).await;

    let session = endpoint.initialize().await;
    let list = endpoint
        .in_session(&session, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        .await;
    assert!(message(&list).contains(definition), "{}", message(&list));
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x","arguments":{"n":1.50,"deep":{"z":1,"a":1e2}}}}"#;
    let answer = endpoint.in_session(&session, call).await;
    assert!(
        message(&answer).contains(&result[1..result.len() - 1]),
        "{}",
        message(&answer)
    );
    let arrived = service
        .seen()
        .into_iter()
        .find(|seen| seen.body.contains("tools/call"))
        .unwrap();
    assert!(
        arrived.body.contains(r#"{"n":1.50,"deep":{"z":1,"a":1e2}}"#),
        "{}",
        arrived.body
    );

    let list = endpoint.modern("tools/list", json!({})).await;
    assert!(message(&list).contains(definition), "{}", message(&list));
    let answer = endpoint
        .modern("tools/call", json!({ "name": "x", "arguments": {} }))
        .await;
    assert!(
        message(&answer).contains(&result[1..result.len() - 1]),
        "{}",
        message(&answer)
    );
}

#[tokio::test]
async fn ids_of_any_form_come_back_as_they_were() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let endpoint = endpoint(&app, &root, &service.manifest_url()).await;
    let session = endpoint.initialize().await;
    for id in ["0", "-7", "\"text\"", "\"\\u00e9\"", "9007199254740993"] {
        for rest in [
            r#""method":"ping""#,
            r#""method":"tools/call","params":{"name":"a","arguments":{}}"#,
        ] {
            let answer = endpoint
                .in_session(&session, &format!(r#"{{"jsonrpc":"2.0","id":{id},{rest}}}"#))
                .await;
            let message = message(&answer);
            assert!(message.contains(&format!("\"id\":{id},")), "{id}: {message}");
            assert!(
                serde_json::from_str::<Value>(&message).unwrap().get("result").is_some(),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn a_client_of_the_current_kind_discovers_the_server() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let endpoint = endpoint(&app, &root, &service.manifest_url()).await;
    let body: Value = serde_json::from_str(&message(&endpoint.modern("server/discover", json!({})).await)).unwrap();
    let versions = body["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{body}");
    assert!(body["result"]["capabilities"]["tools"].is_object(), "{body}");
}

#[tokio::test]
async fn the_upstream_sees_its_own_secret_and_never_the_clients_token() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.register_with_secret("guarded", "my_secure_secret_123").await;
    let connector = root.activate(&connector, &service.manifest_url()).await.expect(200);
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    let session = endpoint.initialize().await;
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","arguments":{}}}"#;
    let request = endpoint
        .request()
        .header("mcp-session-id", &session)
        .header("cookie", "auth_cookie=private");
    Answer::of(request.header("x-forwarded-for", "203.0.113.9").body(call))
        .await
        .expect(200);
    assert_eq!(service.calls("tools/call").len(), 1);
    for seen in service.seen().iter().filter(|seen| seen.path != "/connector.json") {
        let everything = format!("{:?} {}", seen.headers, seen.body);
        assert_eq!(
            seen.headers["authorization"], "Bearer my_secure_secret_123",
            "{everything}"
        );
        for private in [endpoint.token.as_str(), "auth_cookie", "203.0.113.9", session.as_str()] {
            assert!(!everything.contains(private), "{private} went upstream: {everything}");
        }
    }
}

#[tokio::test]
async fn a_servers_configuration_travels_with_each_call_and_can_not_be_made_up_by_a_client() {
    let app = App::start().await;
    let root = app.superuser().await;
    let mut offer = manifest(json!([tool("a")]));
    offer["config"] = json!({ "params": {
        "type": "object",
        "properties": { "notebook": { "type": "string" }, "key": { "type": "string", "writeOnly": true } },
    }});
    let configured = Upstream::connector(offer).await;
    let plain = Upstream::connector(manifest(json!([tool("a")]))).await;
    for (service, expected) in [(&configured, true), (&plain, false)] {
        let connector = root
            .active_connector(&service.manifest_url(), &service.manifest_url())
            .await;
        let configuration = if expected {
            json!({ "notebook": "work", "key": "hunter2" })
        } else {
            json!({})
        };
        let endpoint = Endpoint::of(&app, &root.create_server(&connector, configuration).await);
        let forged = json!({ "dev.patchbay/source": { "metadata": { "notebook": "somebody's" } }, "mine": 1 });
        let call = json!({ "name": "a", "arguments": {}, "_meta": forged });
        endpoint.modern("tools/call", call).await.expect(200);
        let arrived = service.calls("tools/call").pop().unwrap();
        let meta = &arrived["params"]["_meta"];
        assert_eq!(meta["mine"], 1, "{arrived}");
        if expected {
            assert_eq!(
                meta["dev.patchbay/source"]["metadata"],
                json!({ "notebook": "work", "key": "hunter2" })
            );
        } else {
            assert!(meta.get("dev.patchbay/source").is_none(), "{arrived}");
        }
    }
}

#[tokio::test]
async fn a_session_goes_on_after_a_restart_and_on_another_replica() {
    let key = ("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let app = App::with(&[key]).await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let mut endpoint = endpoint(&app, &root, &service.manifest_url()).await;
    let session = endpoint.initialize().await;
    let app = App::on(app.stop().await, &[key]).await;
    endpoint.url = app.url.join("/mcp/1").unwrap().to_string();
    let list = endpoint
        .in_session(&session, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        .await;
    assert!(message(&list).contains("Does a"), "{}", message(&list));
}

#[tokio::test]
async fn a_pools_endpoint_answers_at_its_host_and_at_no_other() {
    let app = App::with(&[(
        "MCP_GATEWAY_URL_POOLS",
        "https://tools.example/a, https://other.example",
    )])
    .await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("pooled", &service.manifest_url()).await;
    let server = root.create_server(&connector, json!({})).await;
    assert_eq!(server["endpoint"], "https://tools.example/a");
    let endpoint = Endpoint::of(&app, &server);
    let at = async |host: &str, path: &str| {
        let url = app.url.join(path).unwrap();
        let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
        let request = endpoint.request().header("host", host).body(body).build().unwrap();
        let mut request = request;
        *request.url_mut() = url;
        crate::support::client::http_client(false)
            .execute(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(at("tools.example", "/a").await, 200);
    assert_eq!(at("TOOLS.example:443", "/a").await, 200);
    for (host, path) in [
        ("tools.example", "/b"),
        ("tools.example", "/ab"),
        ("other.example", "/a"),
        ("localhost", "/a"),
    ] {
        assert_ne!(at(host, path).await, 200, "{host}{path}");
    }
}

#[tokio::test]
async fn finished_calls_are_counted_and_none_is_lost_at_a_stop() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = rmcp_server::serve(Speaks::Both).await;
    let endpoint = endpoint(&app, &root, &service.url("/mcp")).await;
    for _ in 0..5 {
        endpoint
            .modern("tools/call", json!({ "name": "echo", "arguments": { "text": "x" } }))
            .await
            .expect(200);
    }
    endpoint
        .modern("tools/call", json!({ "name": "fail", "arguments": { "text": "x" } }))
        .await
        .expect(200);
    endpoint.modern("tools/list", json!({})).await.expect(200);
    let database = app.stop().await;
    let counted = database
        .texts("SELECT tool || ' ' || calls || ' ' || errors FROM mcp_server_usage ORDER BY tool")
        .await;
    assert_eq!(counted, ["echo 5 0", "fail 1 1"]);
}

#[tokio::test]
async fn the_dashboard_is_where_it_was_beside_the_endpoints() {
    let app = App::start().await;
    let nobody = app.anonymous();
    nobody.get("/healthz").await.expect(200);
    let elsewhere = Answer::of(nobody.request(Method::POST, "/mcp/1").json(&json!({}))).await;
    assert_eq!((elsewhere.status, elsewhere.header("set-cookie")), (401, ""));
}
