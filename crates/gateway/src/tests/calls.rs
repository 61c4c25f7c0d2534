//! What a call becomes on its way to an upstream, and its answer on the way back.

use super::support::*;
use crate::{auth::Principal, limits::Limits, server::tests as make};
use axum::response::{IntoResponse, Response as UpstreamResponse};
use http::StatusCode;
use patchbay_engine::upstream::rpc;
use serde_json::json;

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
        let (status, legacy) = client.legacy("tools/call", add()).await;
        assert_eq!(status, 200);
        assert_eq!(
            legacy,
            json!({"jsonrpc": "2.0", "id": "c", "result": {"content": [{"type": "text", "text": "3.50"}], "x-unknown": {"n": 1.0}}})
        );
        let (status, modern) = client.modern("tools/call", add(), &[]).await;
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
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": add()}),
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
    let mut forged = add();
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
async fn a_modern_client_and_a_modern_upstream_may_go_several_rounds() {
    let fake = Fake::start(true, |seen| match seen.body["params"]["requestState"].as_str() {
        None => result(
            seen,
            &json!({"resultType": "input_required", "inputRequests": {"a": {}}, "requestState": "upstream's"}),
        ),
        Some(state) => result(seen, &json!({"resultType": "complete", "content": [], "state": state})),
    })
    .await;
    let client = Client::new(&fake);
    let (_, first) = client.modern("tools/call", add(), &[]).await;
    assert_eq!(first["result"]["resultType"], "input_required");
    let mut again = add();
    again["requestState"] = first["result"]["requestState"].clone();
    assert_ne!(
        again["requestState"], "upstream's",
        "what the upstream keeps there is sealed"
    );
    assert_eq!(
        client.modern("tools/call", again.clone(), &[]).await.1["result"]["state"],
        "upstream's"
    );
    let others = Client {
        principal: Principal {
            token: None,
            ..client.principal
        },
        ..Client::new(&fake)
    };
    for forged in [again["requestState"].clone(), json!("upstream's"), json!(7)] {
        again["requestState"] = forged;
        let (_, refused) = others.modern("tools/call", again.clone(), &[]).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    let (_, legacy) = client.legacy("tools/call", add()).await;
    assert_eq!(legacy["result"]["isError"], true);
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
                client.modern("tools/call", add(), &[]).await
            } else {
                client.legacy("tools/call", add()).await
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
    let (_, answer) = client.legacy("tools/call", add()).await;
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
        client.legacy("tools/call", add()).await,
        client.modern("tools/call", add(), &[]).await,
    ] {
        assert_eq!(status, 200);
        assert_eq!(
            answer["error"],
            json!({"code": -32602, "message": "no such thing", "data": {"x": 1.0}})
        );
    }
    assert_eq!(client.counted(), (2, 2));
}
