//! Fetching, discovering and calling, against a server that answers as each test wants.

use super::{
    CallError, Credential, EgressError, EgressPolicy, Era, FetchError, FetchOptions, Link, Outgoing, Peer, Reply,
    Scope, Target, Upstream, rpc,
    testing::{Answer, Fake, Seen, upstream},
};
use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(5);

fn modern(seen: &Seen) -> Answer {
    match seen.method() {
        "server/discover" => Answer::result(
            seen,
            &json!({
                "resultType": "complete", "supportedVersions": [rpc::MODERN], "capabilities": {}, "ttlMs": 0,
                "cacheScope": "private", "instructions": "Be kind.",
                "_meta": {rpc::META_SERVER_INFO: {"name": "new", "version": "3"}},
            }),
        ),
        "tools/list" => match seen.body["params"]["cursor"].as_str() {
            None => Answer::result(seen, &json!({"tools": [{"name": "b", "x": 1}], "nextCursor": "2"})),
            Some("2") => Answer::result(seen, &json!({"tools": [{"name": "a"}]})),
            Some(_) => Answer::error(seen, 200, &json!({"code": -32602, "message": "no"})),
        },
        _ => Answer::result(seen, &json!({"content": []})),
    }
}

fn initialized(seen: &Seen) -> Answer {
    let result = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "old", "version": "1"},
    });
    Answer::result(seen, &result)
}

/// A legacy server that counts its sessions from 1.
fn legacy() -> impl Fn(&Seen) -> Answer + Send + Sync {
    let sessions = AtomicUsize::new(0);
    move |seen| match (seen.method(), seen.header("mcp-session-id")) {
        ("initialize", None) => {
            let number = sessions.fetch_add(1, Ordering::SeqCst) + 1;
            initialized(seen).with("mcp-session-id", &number.to_string())
        }
        (_, None) => Answer::status(400, "text/plain", "Bad Request: Missing session ID"),
        ("notifications/initialized", _) => Answer::accepted(),
        ("tools/list", _) => Answer::result(seen, &json!({"tools": [{"name": "t"}]})),
        (_, Some(session)) => Answer::result(seen, &json!({"content": [], "session": session})),
    }
}

fn own_error(seen: &Seen, status: u16, code: i64, message: &str) -> Answer {
    Answer::error(seen, status, &json!({"code": code, "message": message}))
}

fn outgoing(link: &Link) -> Outgoing<'static> {
    let body = json!({"jsonrpc": "2.0", "id": link.next_id(), "method": "tools/call", "params": {"name": "t"}});
    Outgoing {
        body: Bytes::from(body.to_string()),
        method: HeaderValue::from_static("tools/call"),
        name: Some(HeaderValue::from_static("t")),
        params: &[],
    }
}

async fn call(peer: &Peer) -> Result<Value, CallError> {
    match peer.call(outgoing).await? {
        (_, Reply::Message(message)) => Ok(serde_json::from_slice(&message).unwrap()),
        other => panic!("{other:?}"),
    }
}

fn scope(number: u128) -> Scope {
    Scope(Uuid::from_u128(number))
}

#[tokio::test]
async fn a_modern_server_is_asked_once_and_all_its_pages_are_read_as_they_are() {
    let fake = Fake::start(modern).await;
    let mut target = fake.target.clone();
    target.authorization = Credential::bearer(b"s3cret");
    let found = upstream().discover(&target, DEADLINE).await.unwrap();
    assert_eq!(found.era, Era::Modern);
    assert_eq!(
        (found.name.as_deref(), found.version.as_deref()),
        (Some("new"), Some("3"))
    );
    assert_eq!(found.instructions.as_deref(), Some("Be kind."));
    let tools: Vec<&str> = found.tools.iter().map(|tool| tool.get()).collect();
    assert_eq!(tools, [r#"{"name":"b","x":1}"#, r#"{"name":"a"}"#]);
    assert_eq!(fake.methods(), ["server/discover", "tools/list", "tools/list"]);
    for seen in fake.seen() {
        assert_eq!(seen.header("mcp-protocol-version"), Some(rpc::MODERN));
        assert_eq!(seen.header("mcp-method"), Some(seen.method()));
        assert_eq!(seen.header("authorization"), Some("Bearer s3cret"));
        assert_eq!(seen.body["params"]["_meta"][rpc::META_VERSION], rpc::MODERN);
        assert_eq!(seen.connection, 0, "connections are used again");
    }
}

#[tokio::test]
async fn a_legacy_server_gets_its_handshake_and_its_session_is_ended() {
    let fake = Fake::start(legacy()).await;
    let found = upstream().discover(&fake.target, DEADLINE).await.unwrap();
    assert_eq!((found.era, found.name.as_deref()), (Era::Legacy, Some("old")));
    assert_eq!(found.tools.len(), 1);
    fake.ended_sessions(1).await;
    assert_eq!(
        fake.methods(),
        [
            "server/discover",
            "initialize",
            "notifications/initialized",
            "tools/list",
            "DELETE"
        ]
    );
    let seen = fake.seen();
    assert_eq!(seen[1].body["params"]["protocolVersion"], "2025-11-25");
    assert_eq!(seen[1].header("mcp-protocol-version"), None);
    for later in &seen[2..] {
        assert_eq!(later.header("mcp-session-id"), Some("1"));
        assert_eq!(later.header("mcp-protocol-version"), Some("2025-06-18"));
    }
}

#[tokio::test]
async fn a_server_can_be_greeted_without_being_asked_for_its_tools() {
    let fake = Fake::start(legacy()).await;
    assert_eq!(upstream().greet(&fake.target, DEADLINE).await, Ok(Era::Legacy));
    fake.ended_sessions(1).await;
    assert!(!fake.methods().contains(&"tools/list".to_owned()));
    let fake = Fake::start(modern).await;
    assert_eq!(upstream().greet(&fake.target, DEADLINE).await, Ok(Era::Modern));
    assert_eq!(fake.methods(), ["server/discover"]);
    let fake = Fake::start(|_| Answer::status(503, "text/plain", "")).await;
    assert_eq!(
        upstream().greet(&fake.target, DEADLINE).await,
        Err(CallError::Status(503))
    );
}

#[tokio::test]
async fn nobody_waits_for_the_end_of_a_session_and_a_deadline_ends_one_too() {
    let inner = legacy();
    let fake = Fake::start(move |seen| match seen.verb.as_str() {
        "DELETE" => Answer::stalled("text/plain"),
        _ => inner(seen),
    })
    .await;
    assert!(upstream().discover(&fake.target, Duration::from_secs(2)).await.is_ok());
    let inner = legacy();
    let fake = Fake::start(move |seen| match seen.method() {
        "tools/list" => Answer::stalled("application/json"),
        _ => inner(seen),
    })
    .await;
    let way_out = upstream();
    assert_eq!(way_out.greet(&fake.target, DEADLINE).await, Ok(Era::Legacy));
    let found = way_out.discover(&fake.target, Duration::from_millis(300)).await;
    assert_eq!(found.unwrap_err(), CallError::Transport(FetchError::Timeout));
    fake.ended_sessions(2).await;
}

#[tokio::test]
async fn more_definitions_than_can_be_kept_are_not_read() {
    let list =
        |tools: String| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{tools}],"nextCursor":"more"}}}}"#);
    let large = format!(r#"{{"name":"t","description":"{}"}}"#, "x".repeat(1 << 20));
    let many = vec!["0"; super::discover::TOOLS_MAX + 1].join(",");
    for (page, pages) in [
        (list([large.as_str(); 6].join(",")), 1),
        (list([large.as_str(); 2].join(",")), 2),
        (list(many), 1),
    ] {
        let sent = AtomicUsize::new(0);
        let fake = Fake::start(move |seen| match seen.method() {
            // Each page has a cursor of its own.
            "tools/list" => {
                let number = sent.fetch_add(1, Ordering::SeqCst).to_string();
                Answer::status(200, "application/json", page.replace("more", &number))
            }
            _ => modern(seen),
        })
        .await;
        let error = upstream().discover(&fake.target, DEADLINE).await.unwrap_err();
        assert_eq!(error, CallError::Transport(FetchError::TooLarge));
        let asked = fake.methods().iter().filter(|method| *method == "tools/list").count();
        assert!(asked <= pages + 1, "{asked}");
    }
}

#[tokio::test]
async fn whatever_is_no_modern_answer_means_the_legacy_era() {
    let answers: [fn(&Seen) -> Answer; 8] = [
        |seen| Answer::error(seen, 200, &json!({"code": -32601, "message": "Method not found"})),
        |seen| Answer::error(seen, 404, &json!({"code": -32601, "message": "Method not found"})),
        |seen| Answer::error(seen, 200, &json!({"code": -32602, "message": "no"})),
        |_| Answer::status(400, "text/plain", "Bad Request"),
        |_| Answer::status(500, "text/plain", "oops"),
        |_| Answer::status(200, "text/html", "<p>hello"),
        |_| Answer::json(&json!({"jsonrpc": "2.0", "id": 0, "result": {}})),
        |_| Answer::stalled("application/json"),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let fake = Fake::start(move |seen| match seen.method() {
            "server/discover" => answer(seen),
            "initialize" => initialized(seen),
            "notifications/initialized" => Answer::accepted(),
            _ => Answer::result(seen, &json!({"tools": []})),
        })
        .await;
        let found = upstream().discover(&fake.target, DEADLINE).await;
        assert_eq!(found.map(|found| found.era), Ok(Era::Legacy), "answer {index}");
    }
}

#[tokio::test]
async fn a_modern_error_stays_modern() {
    let fake =
        Fake::start(|seen| Answer::error(seen, 400, &json!({"code": -32021, "message": "needs elicitation"}))).await;
    let error = upstream().discover(&fake.target, DEADLINE).await.unwrap_err();
    assert_eq!(
        error,
        CallError::Rpc {
            code: -32021,
            message: "needs elicitation".into()
        }
    );
    assert_eq!(fake.methods(), ["server/discover"]);
}

#[tokio::test]
async fn a_modern_server_without_our_version_is_asked_for_a_legacy_one_it_knows() {
    let refuse = |seen: &Seen, supported: Value| {
        let error =
            json!({"code": -32022, "message": "no", "data": {"supported": supported, "requested": rpc::MODERN}});
        Answer::error(seen, 400, &error)
    };
    let fake = Fake::start(move |seen| match seen.method() {
        "server/discover" => refuse(seen, json!(["2031-01-01", "2025-06-18"])),
        "initialize" => initialized(seen),
        _ => Answer::result(seen, &json!({"tools": []})),
    })
    .await;
    assert_eq!(
        upstream().discover(&fake.target, DEADLINE).await.unwrap().era,
        Era::Legacy
    );

    let fake = Fake::start(move |seen| refuse(seen, json!(["2031-01-01"]))).await;
    let error = upstream().discover(&fake.target, DEADLINE).await.unwrap_err();
    assert_eq!(error, CallError::Version("2031-01-01".into()));
}

#[tokio::test]
async fn answers_may_come_as_events() {
    let fake = Fake::start(|seen| {
        let result = match seen.method() {
            "server/discover" => return Answer::status(405, "text/plain", ""),
            "notifications/initialized" => return Answer::accepted(),
            "initialize" => json!({"protocolVersion": "2024-11-05", "serverInfo": {"name": "sse"}}),
            _ => json!({"tools": [{"name": "t"}]}),
        };
        let answer = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": result});
        let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}});
        let text = format!(": hi\n\nid: 1\ndata:\n\ndata: {note}\n\nevent: other\ndata: x\n\ndata: {answer}\n\n");
        Answer::status(200, "text/event-stream; charset=utf-8", text)
    })
    .await;
    let found = upstream().discover(&fake.target, DEADLINE).await.unwrap();
    assert_eq!((found.name.as_deref(), found.tools.len()), (Some("sse"), 1));
    assert!(
        fake.seen().iter().all(|seen| seen.connection == 0),
        "connections are used again after a stream, too"
    );
}

#[tokio::test]
async fn a_server_without_tools_has_none() {
    let fake = Fake::start(|seen| match seen.method() {
        "tools/list" => Answer::error(seen, 404, &json!({"code": -32601, "message": "no"})),
        _ => modern(seen),
    })
    .await;
    assert!(
        upstream()
            .discover(&fake.target, DEADLINE)
            .await
            .unwrap()
            .tools
            .is_empty()
    );
}

#[tokio::test]
async fn a_cursor_that_comes_again_ends_the_list() {
    let fake = Fake::start(|seen| match seen.method() {
        "tools/list" => Answer::result(seen, &json!({"tools": [{"name": "t"}], "nextCursor": "same"})),
        _ => modern(seen),
    })
    .await;
    assert_eq!(
        upstream().discover(&fake.target, DEADLINE).await.unwrap().tools.len(),
        2
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_said() {
    type Case = (fn(&Seen) -> Answer, CallError);
    let cases: [Case; 6] = [
        (|_| Answer::status(401, "text/plain", ""), CallError::Unauthorized(401)),
        (|_| Answer::status(403, "text/plain", ""), CallError::Unauthorized(403)),
        (|_| Answer::status(404, "text/html", "<p>"), CallError::Status(404)),
        (|_| Answer::status(503, "text/html", "<p>"), CallError::Status(503)),
        (|_| Answer::status(200, "text/html", "<p>"), CallError::NotMcp),
        (
            |seen| match seen.verb.as_str() {
                "GET" => Answer::stalled("text/event-stream"),
                _ => Answer::status(405, "text/plain", ""),
            },
            CallError::OldTransport,
        ),
    ];
    for (answer, expected) in cases {
        let fake = Fake::start(answer).await;
        assert_eq!(upstream().discover(&fake.target, DEADLINE).await.unwrap_err(), expected);
    }
}

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
async fn an_upstreams_own_error_is_its_answer() {
    let fake = Fake::start(|seen| match seen.method() {
        "tools/call" => Answer::error(seen, 400, &json!({"code": -32602, "message": "Unknown tool"})),
        _ => modern(seen),
    })
    .await;
    let answer = call(&upstream().peer(scope(1), &fake.target)).await.unwrap();
    assert_eq!(answer["error"]["code"], -32602);
}

#[tokio::test]
async fn those_who_wait_for_a_failing_handshake_share_its_failure() {
    let fake = Fake::start(|_| Answer::status(503, "text/plain", "")).await;
    let peer = upstream().peer(scope(1), &fake.target);
    let failures = futures::future::join_all((0..10).map(|_| call(&peer))).await;
    assert!(failures.iter().all(|failure| *failure == Err(CallError::Status(503))));
    assert_eq!(fake.methods(), ["server/discover", "initialize"]);
}

#[tokio::test]
async fn a_call_is_never_redirected_to_another_origin() {
    let elsewhere = Fake::start(modern).await;
    let location = elsewhere.target.url.to_string();
    let fake = Fake::start(move |_| Answer::status(307, "text/plain", "").with("location", &location)).await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(
        call(&peer).await.unwrap_err(),
        CallError::Transport(FetchError::RedirectElsewhere)
    );
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_endpoint_may_move_within_its_origin() {
    let moved = Arc::new(AtomicUsize::new(0));
    let (place, inner) = (moved.clone(), legacy());
    let fake = Fake::start(move |seen| match (place.load(Ordering::SeqCst), seen.path.as_str()) {
        (0, "/mcp") => Answer::status(307, "text/plain", "").with("location", "/mcp/"),
        (1, "/mcp" | "/mcp/") => Answer::status(308, "text/plain", "").with("location", "/new"),
        (2, _) => Answer::status(308, "text/plain", "").with("location", "/mcp"),
        _ => inner(seen),
    })
    .await;
    let peer = upstream().peer(scope(1), &fake.target);
    assert_eq!(call(&peer).await.unwrap()["result"]["session"], "1");
    let asked = |seen: &[Seen]| seen.iter().filter(|seen| seen.method() == "tools/call").count();
    assert_eq!(asked(&fake.seen()), 1, "the place is remembered");
    moved.store(1, Ordering::SeqCst);
    assert_eq!(call(&peer).await.unwrap()["result"]["session"], "2");
    moved.store(2, Ordering::SeqCst);
    assert_eq!(
        call(&peer).await.unwrap_err(),
        CallError::Transport(FetchError::TooManyRedirects)
    );
}

#[tokio::test]
async fn refused_addresses_are_not_called_by_name_or_number() {
    let fake = Fake::start(modern).await;
    let strict = Upstream::new(EgressPolicy::default());
    let mut by_name = fake.target.clone();
    by_name.url.set_host(Some("localhost")).unwrap();
    for target in [fake.target.clone(), by_name] {
        let called = call(&strict.peer(scope(1), &target)).await.unwrap_err();
        assert!(
            matches!(
                called,
                CallError::Transport(FetchError::Egress(EgressError::Address(_)))
            ),
            "{called:?}"
        );
        let fetched = strict.fetch(&target.url, &options()).await.unwrap_err();
        assert!(
            matches!(fetched, FetchError::Egress(EgressError::Address(_))),
            "{fetched:?}"
        );
    }
    assert!(fake.seen().is_empty());
}

#[tokio::test]
async fn faults_of_the_way_there_are_told_apart() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let no_name = "http://does-not-exist.invalid/".to_owned();
    let fake = Fake::start(modern).await;
    let over_tls = fake.target.url.as_str().replace("http://", "https://");
    for (url, expected) in [
        (closed, FetchError::Refused),
        (no_name, FetchError::Dns),
        (over_tls, FetchError::Tls),
    ] {
        let target = Target {
            url: url.parse().unwrap(),
            authorization: None,
        };
        assert_eq!(
            upstream().fetch(&target.url, &options()).await.unwrap_err(),
            expected,
            "{url}"
        );
        let called = call(&upstream().peer(scope(1), &target)).await.unwrap_err();
        assert_eq!(called, CallError::Transport(expected), "{url}");
    }
}

fn options() -> FetchOptions<'static> {
    FetchOptions {
        accept: "application/json",
        max_bytes: 10,
        deadline: DEADLINE,
        max_redirects: 2,
        authorization: Credential::bearer(b"s3cret"),
    }
}

#[tokio::test]
async fn documents_are_fetched_with_their_type_whatever_their_status() {
    let fake = Fake::start(|_| Answer::status(404, "text/html", "0123456789")).await;
    let fetched = upstream().fetch(&fake.target.url, &options()).await.unwrap();
    assert_eq!(
        (fetched.status, fetched.content_type.as_deref()),
        (404, Some("text/html"))
    );
    assert_eq!(fetched.body, "0123456789");
    assert_eq!(fake.seen()[0].header("authorization"), Some("Bearer s3cret"));
    assert_eq!(fake.seen()[0].header("accept"), Some("application/json"));
}

#[tokio::test]
async fn redirects_are_followed_within_the_origin_and_not_too_often() {
    let hops = |seen: &Seen| match seen.path.as_str() {
        "/mcp" => Answer::status(302, "text/plain", "").with("location", "/one"),
        "/one" => Answer::status(308, "text/plain", "").with("location", "two"),
        "/three" => Answer::status(301, "text/plain", "").with("location", "/mcp"),
        _ => Answer::status(200, "text/plain", "here"),
    };
    let fake = Fake::start(hops).await;
    let fetched = upstream().fetch(&fake.target.url, &options()).await.unwrap();
    assert_eq!((fetched.url.path(), &fetched.body[..]), ("/two", &b"here"[..]));
    let three = fake.target.url.join("/three").unwrap();
    assert_eq!(
        upstream().fetch(&three, &options()).await.unwrap_err(),
        FetchError::TooManyRedirects
    );
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_not_followed() {
    let elsewhere = Fake::start(modern).await;
    for location in [
        elsewhere.target.url.as_str(),
        "http://localhost/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
    ] {
        let location = location.to_owned();
        let fake = Fake::start(move |_| Answer::status(302, "text/plain", "").with("location", &location)).await;
        assert_eq!(
            upstream().fetch(&fake.target.url, &options()).await.unwrap_err(),
            FetchError::RedirectElsewhere
        );
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn bodies_have_a_limit_and_a_deadline() {
    let fake = Fake::start(|_| Answer::status(200, "text/plain", "01234567890")).await;
    assert_eq!(
        upstream().fetch(&fake.target.url, &options()).await.unwrap_err(),
        FetchError::TooLarge
    );
    let fake = Fake::start(|_| Answer::stalled("text/plain")).await;
    let options = FetchOptions {
        deadline: Duration::from_millis(50),
        ..options()
    };
    assert_eq!(
        upstream().fetch(&fake.target.url, &options).await.unwrap_err(),
        FetchError::Timeout
    );
}
