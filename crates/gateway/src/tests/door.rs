//! What is answered without an upstream: handshakes, lists, sessions, refusals.

use super::support::*;
use crate::auth::Principal;
use axum::response::IntoResponse;
use http::StatusCode;
use patchbay_engine::upstream::rpc;
use serde_json::json;

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
