//! Answers that come as streams, and what clients get of them.

use super::support::*;
use crate::{limits::Limits, server::tests as make};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn one_answer_on_a_stream_becomes_one_message() {
    let fake = Fake::start(false, |seen| {
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(
            vec![Bytes::from_static(b"id: 1\nretry: 3000\ndata:\n\n"), event(&answer)],
            true,
        )
    })
    .await;
    let client = Client::new(&fake);
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": add()}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(
        read(response).await.1,
        json!({"jsonrpc": "2.0", "id": 7, "result": {"content": []}})
    );
}

#[tokio::test]
async fn progress_is_streamed_under_the_clients_token_and_questions_are_answered() {
    let fake = Fake::start(false, |seen| {
        let token = &seen.body["params"]["_meta"]["progressToken"];
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 0.5}});
        let question = json!({"jsonrpc": "2.0", "id": 0, "method": "sampling/createMessage", "params": {}});
        let stray = json!({"jsonrpc": "2.0", "id": 12345, "result": {}});
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(vec![event(&question), event(&stray), event(&progress), event(&answer)], false)
    })
    .await;
    let client = Client::new(&fake);
    let mut params = add();
    params["_meta"] = json!({"progressToken": "mine"});
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": params}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        messages(&body),
        [
            json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": "mine", "progress": 0.5}}),
            json!({"jsonrpc": "2.0", "id": "c", "result": {"content": []}}),
        ]
    );
    assert_eq!(client.counted(), (1, 0));
    assert!(
        fake.call().body["id"].is_u64(),
        "in a shared session ids are Patchbay's"
    );
    let declined = async {
        loop {
            if fake
                .seen
                .lock()
                .unwrap()
                .iter()
                .any(|seen| seen.body["error"]["code"] == -32601)
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), declined)
        .await
        .expect("the upstream's question is answered");
}

#[tokio::test]
async fn an_upstreams_questions_are_answered_so_often_and_in_the_modern_era_never() {
    for modern in [false, true] {
        let fake = Fake::start(modern, |seen| {
            let question = json!({"jsonrpc": "2.0", "id": 0, "method": "ping"});
            let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
            let mut chunks = vec![event(&question); 1000];
            chunks.push(event(&answer));
            events(chunks, true)
        })
        .await;
        let client = Client::new(&fake);
        let (_, answer) = client.legacy("tools/call", add()).await;
        assert_eq!(answer["result"]["content"], json!([]));
        // Whatever was sent is there before what is asked for later on.
        let answered = || {
            let seen = fake.seen.lock().unwrap();
            seen.iter().filter(|seen| seen.body["result"].is_object()).count()
        };
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        client.legacy("tools/call", add()).await;
        assert!(answered() <= if modern { 0 } else { 32 }, "{}", answered());
    }
}

#[tokio::test]
async fn a_stream_ends_however_lively_it_is() {
    let fake = Fake::start(false, |_| {
        let comments = futures::stream::repeat_with(|| Ok::<_, std::convert::Infallible>(Bytes::from_static(b":\n\n")));
        let slowly = futures::StreamExt::then(comments, |comment| async move {
            tokio::task::yield_now().await;
            comment
        });
        let body = axum::body::Body::from_stream(slowly);
        axum::response::IntoResponse::into_response(([("content-type", "text/event-stream")], body))
    })
    .await;
    let limits = Limits {
        patience: Duration::from_millis(10),
        message_wait: Duration::from_millis(50),
        stream_time: Duration::from_millis(50),
        ..Limits::default()
    };
    let tools = vec![make::pinned("add", "add", DEFINITION)];
    let client = Client::of(fake.target.clone(), None, tools, limits);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": add()});
    for accept in ["application/json", "application/json, text/event-stream"] {
        let headers: HeaderMap = [("accept".parse().unwrap(), accept.parse().unwrap())]
            .into_iter()
            .collect();
        let response = client
            .protocol
            .answer(&headers, &client.server, client.principal, &body.to_string().into())
            .await;
        let text = response.into_body().collect().await.unwrap().to_bytes();
        assert!(
            String::from_utf8_lossy(&text).contains("Timed out"),
            "{accept}: {text:?}"
        );
    }
    assert_eq!(client.counted(), (2, 2));
}

#[tokio::test]
async fn a_client_that_takes_no_stream_gets_the_answer_alone() {
    let fake = Fake::start(false, |seen| {
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}});
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
        events(vec![event(&progress), event(&answer)], true)
    })
    .await;
    let client = Client::new(&fake);
    let headers: HeaderMap = [("accept".parse().unwrap(), "*/*".parse().unwrap())]
        .into_iter()
        .collect();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": add()}).to_string();
    let response = client
        .protocol
        .answer(&headers, &client.server, client.principal, &body.into())
        .await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(read(response).await.1["result"], json!({"content": []}));
}

#[tokio::test]
async fn a_slow_stream_is_kept_alive() {
    let fake = Fake::start(false, |_| events(vec![], false)).await;
    let limits = Limits {
        patience: Duration::from_millis(10),
        keep_alive: Duration::from_millis(10),
        ..Limits::default()
    };
    let tools = vec![make::pinned("add", "add", DEFINITION)];
    let client = Client::of(fake.target.clone(), None, tools, limits);
    let response = client
        .post(
            &[],
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": add()}),
        )
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    for _ in 0..3 {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), ":\n\n");
    }
    drop(body);
    assert_eq!(client.counted(), (1, 1), "a client that leaves never got its answer");
}
