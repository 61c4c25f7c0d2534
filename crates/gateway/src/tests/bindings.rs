//! Servers of several upstreams: each call finds its own, with its own configuration, and none takes the others along.

use super::support::*;
use crate::{
    limits::Limits,
    server::tests::{self as make, pinned},
};
use axum::{http::StatusCode as UpstreamStatus, response::IntoResponse};
use patchbay_engine::gateway::{Binding, PinnedTool, ToolState};
use serde_json::{Value, json};

/// A source of this upstream, with a configuration that names it.
fn source(number: u128, fake: &Fake) -> Binding {
    let meta = format!(r#"{{"id":"{number}","metadata":{{"notebook":"of {number}"}}}}"#);
    Binding {
        upstream: Some(fake.target.clone()),
        source_meta: Some(make::raw(&meta)),
        ..make::source(number, 9)
    }
}

fn tool(name: &str) -> PinnedTool {
    pinned(name, "list", r#"{"name":"list","inputSchema":{}}"#)
}

fn calling(name: &str) -> Value {
    json!({"name": name, "arguments": {}, "_meta": {"dev.patchbay/source": {"id": "forged"}}})
}

async fn answering(modern: bool) -> Fake {
    Fake::start(modern, |seen| {
        result(seen, &json!({"resultType": "complete", "content": []}))
    })
    .await
}

#[tokio::test]
async fn sources_of_one_connector_are_called_with_their_own_configurations() {
    for modern in [false, true] {
        let fake = answering(modern).await;
        let route = make::route(vec![
            (source(3, &fake), vec![tool("list")]),
            (source(4, &fake), vec![tool("notes__list")]),
        ]);
        let client = Client::of_route(route, Limits::default());
        for (name, number) in [("list", 3), ("notes__list", 4), ("list", 3)] {
            let answer = client.legacy("tools/call", calling(name)).await.1;
            assert!(answer["result"].get("isError").is_none(), "{answer}");
            let sent = fake.call().body["params"].clone();
            assert_eq!(sent["name"], "list");
            let meta = &sent["_meta"]["dev.patchbay/source"];
            assert_eq!(meta["id"], number.to_string(), "modern: {modern}");
            assert_eq!(meta["metadata"]["notebook"], format!("of {number}"));
        }
        let seen = fake.seen.lock().unwrap();
        let handshakes = seen.iter().filter(|seen| seen.body["method"] == "initialize").count();
        assert_eq!(handshakes, if modern { 0 } else { 2 }, "sources share no session");
    }
}

#[tokio::test]
async fn a_dead_upstream_fails_alone() {
    let fake = answering(true).await;
    let dead = Fake::start(true, |_| UpstreamStatus::BAD_GATEWAY.into_response()).await;
    let locked = PinnedTool {
        state: ToolState::Sealed,
        ..tool("locked__list")
    };
    let route = make::route(vec![
        (source(3, &dead), vec![tool("list")]),
        (source(4, &fake), vec![tool("notes__list")]),
        (
            Binding {
                upstream: None,
                ..source(5, &fake)
            },
            vec![locked],
        ),
    ]);
    let client = Client::of_route(route, Limits::default());
    let tools = client.legacy("tools/list", json!({})).await.1["result"]["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), 3, "{tools}");
    for (name, words) in [
        ("list", Some("could not be called")),
        ("notes__list", None),
        ("locked__list", Some("has to be entered again")),
    ] {
        let answer = client.legacy("tools/call", calling(name)).await.1;
        let text = answer["result"]["content"][0]["text"].as_str();
        assert_eq!(text.is_some(), words.is_some(), "{answer}");
        assert!(text.unwrap_or_default().contains(words.unwrap_or_default()), "{answer}");
    }
    assert_eq!(client.counted(), (3, 2));
}

#[tokio::test]
async fn a_round_goes_back_to_the_upstream_that_began_it() {
    let asks = |seen: &Seen| {
        result(
            seen,
            &json!({"resultType": "input_required", "inputRequests": {}, "requestState": "theirs"}),
        )
    };
    let (one, two) = (Fake::start(true, asks).await, answering(true).await);
    let named = |binding| PinnedTool { binding, ..tool("add") };
    let bindings = || vec![(source(3, &one), vec![]), (source(4, &two), vec![])];
    let of = |binding| {
        let mut route = make::route(bindings());
        route.tools = vec![named(binding)];
        route
    };
    let mut client = Client::of_route(of(0), Limits::default());
    let params = json!({"name": "add", "arguments": {}});
    let asked = client.modern("tools/call", params.clone(), &[]).await.1;
    let state = asked["result"]["requestState"].clone();
    assert!(state.is_string() && state != "theirs", "{asked}");
    let mut next = params;
    next["requestState"] = state;
    client.modern("tools/call", next.clone(), &[]).await;
    assert_eq!(one.call().body["params"]["requestState"], "theirs");
    // The owner gave the name to another source's tool meanwhile.
    client.server = Client::of_route(of(1), Limits::default()).server;
    let refused = client.modern("tools/call", next, &[]).await.1;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    assert!(two.seen.lock().unwrap().is_empty());
}
