//! Tools that aren't simply a connector's own: made from templates, blocked, or following their service.

use super::support::*;
use crate::{
    limits::Limits,
    protocol::Follow,
    server::{Server, tests as make},
};
use futures::future::BoxFuture;
use patchbay_domain::connector::ConnectorMode;
use patchbay_engine::gateway::{PinnedTool, ToolState};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const TEMPLATE: &str = r#"{"name":"search","inputSchema":{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},"max":{"type":"integer"},"query":{"type":"string"}}}}"#;

async fn upstream() -> Fake {
    Fake::start(true, |seen| {
        result(seen, &json!({"resultType": "complete", "content": []}))
    })
    .await
}

fn client(fake: &Fake, source: Option<&str>, tool: PinnedTool) -> Client {
    Client::of(fake.target.clone(), source, vec![tool], Limits::default())
}

/// `add`, made from `search`.
fn made() -> PinnedTool {
    let args = json!({"region": "eu", "max": "{n}", "query": "{what} in {where}"});
    make::made("add", &args, TEMPLATE)
}

fn text(answer: &Value) -> &str {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_made_tools_call_is_its_templates_with_the_placeholders_filled_in() {
    let fake = upstream().await;
    let client = client(&fake, Some(r#"{"id":"s"}"#), made());
    let params = json!({
        "name": "add",
        "arguments": {"where": "{what}", "n": 3, "what": "a \"b\""},
        "_meta": {"mine": 1},
        "x-unknown": [1.0],
    });
    for modern in [false, true] {
        let answer = if modern {
            // It is the template that asks for the header; clients see a tool that doesn't.
            let forged = [("mcp-param-region", "us"), ("mcp-param-x", "y")];
            client.modern("tools/call", params.clone(), &forged).await.1
        } else {
            client.legacy("tools/call", params.clone()).await.1
        };
        assert!(answer["result"].get("isError").is_none(), "{answer}");
        let seen = fake.call();
        let sent = &seen.body["params"];
        assert_eq!(sent["name"], "search");
        assert_eq!(
            sent["arguments"],
            json!({"region": "eu", "max": 3, "query": "a \"b\" in {what}"})
        );
        assert_eq!((&sent["_meta"]["mine"], &sent["x-unknown"]), (&json!(1), &json!([1.0])));
        assert_eq!(sent["_meta"]["dev.patchbay/source"], json!({"id": "s"}));
        assert_eq!(seen.headers["mcp-name"], "search");
        assert_eq!(seen.headers["mcp-param-region"], "eu");
        assert_eq!(seen.headers.get("mcp-param-x").is_some(), modern);
    }
    assert_eq!(client.counted(), (2, 0));
}

#[tokio::test]
async fn arguments_that_are_not_its_own_never_reach_the_upstream() {
    let fake = upstream().await;
    let client = client(&fake, None, made());
    for (arguments, expected) in [
        (json!({"what": "a", "where": "b"}), "'n' is missing"),
        (
            json!({"what": "a", "where": "b", "n": 1, "region": "us"}),
            "no argument 'region'",
        ),
        (json!({"what": 1, "where": "b", "n": 1}), "'what' is not a string"),
        (Value::Null, "is missing"),
    ] {
        let call = json!({"name": "add", "arguments": arguments});
        for answer in [
            client.legacy("tools/call", call.clone()).await.1,
            client.modern("tools/call", call.clone(), &[]).await.1,
        ] {
            let text = text(&answer);
            assert!(
                text.starts_with("The connector 'notes' was not called") && text.contains(expected),
                "{text}"
            );
        }
    }
    assert!(fake.seen.lock().unwrap().is_empty());
    assert_eq!(client.counted(), (8, 8));
}

#[tokio::test]
async fn what_must_not_be_called_is_not_and_says_why() {
    let fake = upstream().await;
    let pinned = || make::pinned("add", "add", DEFINITION);
    for (state, tool, expected) in [
        (ToolState::Blocked, pinned(), "has changed the tool 'add'"),
        (ToolState::Blocked, made(), "the template of the tool 'add'"),
        (ToolState::TemplateGone, made(), "doesn't offer the template 'search'"),
    ] {
        let client = client(&fake, None, PinnedTool { state, ..tool });
        for answer in [
            client.legacy("tools/call", add()).await.1,
            client.modern("tools/call", add(), &[]).await.1,
        ] {
            let text = text(&answer);
            assert!(text.contains("'notes'") && text.contains(expected), "{text}");
        }
        assert_eq!(client.counted(), (2, 2));
    }
    assert!(fake.seen.lock().unwrap().is_empty());
}

/// Finds a tool more.
#[derive(Debug)]
struct Followed(AtomicUsize);

impl Follow for Followed {
    fn latest<'a>(&'a self, _: &'a Server) -> BoxFuture<'a, Option<Arc<Server>>> {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        let tools = vec![make::pinned("new", "new", r#"{"name":"new"}"#)];
        let server = (count < 2).then(|| Arc::new(make::server(vec![(make::binding(ConnectorMode::Sync), tools)])));
        Box::pin(async { server })
    }
}

#[tokio::test]
async fn a_list_shows_what_the_service_offers_by_now_and_no_other_request_asks() {
    let fake = upstream().await;
    let mut client = client(&fake, None, make::pinned("add", "add", DEFINITION));
    let mut binding = make::binding(ConnectorMode::Sync);
    binding.upstream = Some(fake.target.clone());
    client.server = make::server(vec![(binding, vec![make::pinned("add", "add", DEFINITION)])]);
    let followed = Arc::new(Followed(AtomicUsize::new(0)));
    client.protocol.follow = followed.clone();
    client.legacy("ping", json!({})).await;
    client.legacy("tools/call", add()).await;
    client.modern("server/discover", json!({}), &[]).await;
    assert_eq!(followed.0.load(Ordering::SeqCst), 0);
    for expected in ["new", "add"] {
        for answer in [
            client.legacy("tools/list", json!({})).await.1,
            client.modern("tools/list", json!({}), &[]).await.1,
        ] {
            assert_eq!(answer["result"]["tools"][0]["name"], expected, "{answer}");
        }
    }
}
