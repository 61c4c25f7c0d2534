//! What becomes of sessions: shared, lost, begun anew, ended.

use super::*;

#[tokio::test]
async fn calls_share_a_session_and_scopes_do_not() {
    let fake = Fake::start(legacy()).await;
    let upstream = upstream();
    let (one, two) = (
        upstream.peer(scope(1), &fake.target),
        upstream.peer(scope(2), &fake.target),
    );
    assert!(Arc::ptr_eq(&one, &upstream.peer(scope(1), &fake.target)));
    let answers = futures::future::join_all((0..20).map(|_| call(&one))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().unwrap()["result"]["session"] == "1")
    );
    assert_eq!(call(&two).await.unwrap()["result"]["session"], "2");
    let methods = fake.methods();
    let count = |name: &str| methods.iter().filter(|method| *method == name).count();
    assert_eq!(
        count("initialize"),
        2,
        "one handshake for twenty calls, one for the other scope"
    );
    assert_eq!(count("server/discover"), 1, "its era is remembered");
    let ids: std::collections::HashSet<String> = fake
        .seen()
        .iter()
        .filter(|seen| seen.method() == "tools/call")
        .map(|seen| seen.body["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 20, "ids don't repeat within a session");
}

#[tokio::test]
async fn a_peer_that_nobody_holds_ends_its_session() {
    let fake = Fake::start(legacy()).await;
    let upstream = upstream();
    let (one, same) = (
        upstream.peer(scope(1), &fake.target),
        upstream.peer(scope(1), &fake.target),
    );
    assert_eq!(call(&one).await.unwrap()["result"]["session"], "1");
    drop(one);
    assert_eq!(call(&same).await.unwrap()["result"]["session"], "1");
    drop(same);
    fake.ended_sessions(1).await;
    assert_eq!(
        call(&upstream.peer(scope(1), &fake.target)).await.unwrap()["result"]["session"],
        "2"
    );
}

#[tokio::test]
async fn other_credentials_mean_another_session() {
    let fake = Fake::start(legacy()).await;
    let upstream = upstream();
    let first = upstream.peer(scope(1), &fake.target);
    let rotated = Target {
        authorization: Credential::bearer(b"new"),
        ..fake.target.clone()
    };
    let second = upstream.peer(scope(1), &rotated);
    assert_eq!(call(&first).await.unwrap()["result"]["session"], "1");
    assert_eq!(call(&second).await.unwrap()["result"]["session"], "2");
}

#[tokio::test]
async fn a_lost_session_is_begun_anew_and_the_call_made_once_more() {
    for lost in [
        Answer::status as fn(u16, &'static str, &'static str) -> Answer,
        |_, _, _| Answer::status(400, "text/plain", "Bad Request: Invalid session ID"),
        |_, _, _| {
            Answer::status(
                400,
                "application/json",
                r#"{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Bad Request: No valid session ID provided"}}"#,
            )
        },
        |_, _, _| {
            Answer::status(
                400,
                "application/json",
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#,
            )
        },
    ] {
        let inner = legacy();
        let fake = Fake::start(move |seen| match (seen.method(), seen.header("mcp-session-id")) {
            ("tools/call", Some("1")) => lost(404, "text/plain", "gone"),
            _ => inner(seen),
        })
        .await;
        let peer = upstream().peer(scope(1), &fake.target);
        assert_eq!(call(&peer).await.unwrap()["result"]["session"], "2");
        assert_eq!(call(&peer).await.unwrap()["result"]["session"], "2");
    }
}

#[tokio::test]
async fn a_refusal_that_answers_the_call_or_tells_of_no_session_is_passed_on_and_nothing_runs_twice() {
    type Case = (fn(&Seen) -> Answer, Result<i64, CallError>);
    let cases: [Case; 8] = [
        (
            |seen| own_error(seen, 400, -32602, "session_id is required"),
            Ok(-32602),
        ),
        (|seen| own_error(seen, 400, -32000, "Session not found"), Ok(-32000)),
        (
            |seen| own_error(seen, 404, -32602, "No such payment session"),
            Ok(-32602),
        ),
        (
            |_| Answer::status(400, "text/plain", "payment session expired"),
            Err(CallError::Status(400)),
        ),
        (
            |_| Answer::status(400, "text/plain", "Invalid session_id"),
            Err(CallError::Status(400)),
        ),
        (
            |_| Answer::status(400, "text/html", "<script>sessionStorage</script>"),
            Err(CallError::Status(400)),
        ),
        (|seen| own_error(seen, 500, -32021, "their own meaning"), Ok(-32021)),
        (|seen| own_error(seen, 400, -32021, "their own meaning"), Ok(-32021)),
    ];
    for (refusal, expected) in cases {
        let inner = legacy();
        let refused = AtomicUsize::new(0);
        let fake = Fake::start(move |seen| match seen.method() {
            "tools/call" if refused.fetch_add(1, Ordering::SeqCst) == 0 => refusal(seen),
            _ => inner(seen),
        })
        .await;
        let peer = upstream().peer(scope(1), &fake.target);
        let answer = call(&peer)
            .await
            .map(|answer| answer["error"]["code"].as_i64().unwrap());
        assert_eq!(answer, expected);
        let called = fake.methods().iter().filter(|method| *method == "tools/call").count();
        assert_eq!(called, 1, "{expected:?}");
        assert_eq!(
            call(&peer).await.unwrap()["result"]["session"],
            "1",
            "the session stays: {expected:?}"
        );
    }
}

#[tokio::test]
async fn without_a_session_none_can_be_lost() {
    let fake = Fake::start(|seen| match seen.method() {
        "server/discover" => Answer::status(405, "text/plain", ""),
        "initialize" => initialized(seen),
        "notifications/initialized" => Answer::accepted(),
        _ => Answer::status(400, "text/plain", "Session not found"),
    })
    .await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(call(&peer).await.unwrap_err(), CallError::Status(400));
    assert_eq!(
        fake.methods().iter().filter(|method| *method == "tools/call").count(),
        1
    );
    let old = Fake::start(|seen| match seen.verb.as_str() {
        "GET" => Answer::stalled("text/event-stream"),
        _ => Answer::status(400, "text/plain", "session_id is required"),
    })
    .await;
    let error = upstream().discover(&old.target, DEADLINE).await.unwrap_err();
    assert_eq!(error, CallError::OldTransport);
}

#[tokio::test]
async fn a_modern_servers_refusal_is_passed_on_while_it_stays_modern() {
    for (refusal, expected) in [
        (
            Answer::status as fn(u16, &'static str, &'static str) -> Answer,
            Err(CallError::Status(422)),
        ),
        (
            |_, _, _| {
                let text = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#;
                Answer::status(400, "application/json", text)
            },
            Ok(json!(-32600)),
        ),
    ] {
        let fake = Fake::start(move |seen| match seen.method() {
            "tools/call" => refusal(422, "text/html", "<p>a proxy"),
            _ => modern(seen),
        })
        .await;
        let peer = upstream().peer(scope(1), &fake.target);
        let answer = call(&peer).await.map(|answer| answer["error"]["code"].clone());
        assert_eq!(answer, expected);
        assert_eq!(
            fake.methods().iter().filter(|method| *method == "tools/call").count(),
            1
        );
    }
}

#[tokio::test]
async fn a_session_that_is_lost_again_at_once_is_an_error() {
    let inner = legacy();
    let fake = Fake::start(move |seen| match seen.method() {
        "tools/call" => Answer::status(404, "text/plain", "gone"),
        _ => inner(seen),
    })
    .await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(call(&peer).await.unwrap_err(), CallError::SessionGone);
    assert_eq!(
        fake.methods().iter().filter(|method| *method == "tools/call").count(),
        2
    );
}

#[tokio::test]
async fn a_server_may_change_its_era() {
    let is_modern = Arc::new(AtomicUsize::new(0));
    let (switch, old) = (is_modern.clone(), legacy());
    let fake = Fake::start(move |seen| match (switch.load(Ordering::SeqCst), seen.method()) {
        (0, _) => old(seen),
        (_, "initialize") => Answer::error(seen, 404, &json!({"code": -32601, "message": "no"})),
        (_, "tools/call") if seen.header("mcp-protocol-version") != Some(rpc::MODERN) => Answer::error(
            seen,
            400,
            &json!({"code": -32022, "message": "no", "data": {"supported": [rpc::MODERN]}}),
        ),
        _ => modern(seen),
    })
    .await;
    let peer = upstream().peer(scope(1), &fake.target);
    let era = async || peer.call(outgoing).await.unwrap().0.era();
    assert_eq!(era().await, Era::Legacy);
    is_modern.store(1, Ordering::SeqCst);
    assert_eq!(era().await, Era::Modern);
    is_modern.store(0, Ordering::SeqCst);
    assert_eq!(era().await, Era::Legacy);
}

#[tokio::test]
async fn those_who_wait_for_a_failing_handshake_share_its_failure() {
    let fake = Fake::start(|_| Answer::status(503, "text/plain", "")).await;
    let peer = upstream().peer(scope(1), &fake.target);
    let failures = futures::future::join_all((0..10).map(|_| call(&peer))).await;
    assert!(failures.iter().all(|failure| *failure == Err(CallError::Status(503))));
    assert_eq!(fake.methods(), ["server/discover", "initialize"]);
}
