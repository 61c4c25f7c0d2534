//! Fetching, discovering and calling, against a server that answers as each test wants.

mod sessions;
mod ways;

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
    Scope {
        server: Uuid::from_u128(number).into(),
        source: None,
    }
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
async fn an_upstreams_own_error_is_its_answer() {
    let fake = Fake::start(|seen| match seen.method() {
        "tools/call" => Answer::error(seen, 400, &json!({"code": -32602, "message": "Unknown tool"})),
        _ => modern(seen),
    })
    .await;
    let answer = call(&upstream().peer(scope(1), &fake.target)).await.unwrap();
    assert_eq!(answer["error"]["code"], -32602);
}
