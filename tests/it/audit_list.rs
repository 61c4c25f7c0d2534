//! Reading the audit log: found by what is asked for, a page at a time or all of it as a file, by superusers only.

use crate::support::{
    App,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn rows_are_found_by_who_what_which_where_and_when() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes 100%", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    ada.create_server(&connector, json!({})).await;
    let actions = async |query: &str| {
        let page = root.get(&format!("/api/audit?{query}")).await.expect(200);
        let events = page["events"].as_array().unwrap();
        assert_eq!(page["total"].as_u64().unwrap(), events.len() as u64);
        events
            .iter()
            .map(|event| event["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let made = ["connector.activate", "connector.register"];
    assert_eq!(actions("action=connector").await, made, "newest first");
    assert_eq!(actions("action=connector.register").await, ["connector.register"]);
    assert_eq!(actions("subject_type=connector").await, made);
    assert_eq!(actions("subject=100%25").await, made);
    assert_eq!(actions(&format!("subject={}", text(&connector, "id"))).await, made);
    assert_eq!(actions("actor=ADA@&action=server.create").await, ["server.create"]);
    assert_eq!(
        actions(&format!("actor={}&action=server", ada.view.id)).await,
        ["server.create"]
    );
    assert!(actions("door=system").await.is_empty());
    assert_eq!(actions("door=api&action=connector").await, made);
    let today = app.clock.now().date();
    assert_eq!(
        actions(&format!("from={today}&to={today}&action=connector")).await,
        made
    );
    assert!(actions("to=2020-01-01").await.is_empty());
    assert!(actions("from=2999-01-01T00:00:00Z").await.is_empty());
    for none in [
        "actor=_",
        "subject=%25%25",
        "action=connect",
        "subject_type=x",
        "actor=%27;--",
    ] {
        assert!(actions(none).await.is_empty(), "{none}");
    }
    for (bad, field) in [
        ("door=window", "door"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=99999999999999999999", "cursor"),
        ("colour=red", "colour"),
        ("actor=%00", "actor"),
        ("subject=a%00", "subject"),
        ("action=%00", "action"),
    ] {
        let refused = root
            .get(&format!("/api/audit?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
        if !matches!(field, "limit" | "cursor") {
            root.get(&format!("/api/audit/export?{bad}"))
                .await
                .expect_error(422, "INVALID_FIELDS");
        }
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps_while_rows_are_added() {
    let app = App::start().await;
    let root = app.superuser().await;
    for number in 0..7 {
        root.register(&format!("c{number}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/audit?action=connector&limit=3".to_owned();
    loop {
        let page = root.get(&path).await.expect(200);
        let events = page["events"].as_array().unwrap();
        seen.extend(events.iter().map(|event| text(event, "subject")));
        root.register(&format!("later {}", seen.len())).await;
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/audit?action=connector&limit=3&cursor={next}");
    }
    assert_eq!(seen, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
    let all = root.get("/api/audit?limit=1000").await.expect(200);
    let numbers: Vec<u64> = all["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    let expected: Vec<u64> = (1..=numbers.len() as u64).rev().collect();
    assert_eq!(numbers, expected, "they are counted without gaps");
}

#[tokio::test]
async fn an_export_is_a_file_with_a_row_on_each_line_oldest_first() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("two\u{2028}lines é").await;
    root.register("another").await;
    let answer = root.get("/api/audit/export").await;
    let today = app.clock.now().date();
    assert_eq!(
        (
            answer.status,
            answer.header("content-type"),
            answer.header("content-disposition"),
            answer.header("cache-control"),
        ),
        (
            200,
            "application/jsonl",
            format!("attachment; filename=\"patchbay-audit-{today}.jsonl\"").as_str(),
            "no-store",
        )
    );
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.ends_with('\n'));
    let mut lines: Vec<Value> = body
        .split_terminator('\n')
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.reverse();
    let listed = root.get("/api/audit?limit=200").await.expect(200);
    assert_eq!(json!(lines), listed["events"], "the same as in the list");
    let some = root.get("/api/audit/export?action=connector&door=api").await;
    assert_eq!(String::from_utf8(some.body).unwrap().lines().count(), 2);
    let none = root.get("/api/audit/export?subject=nothing").await;
    assert_eq!((none.status, none.body.len()), (200, 0));
}

#[tokio::test]
async fn an_export_of_more_than_is_read_at_once_is_whole() {
    let app = App::start().await;
    let root = app.superuser().await;
    for number in 0..520 {
        let made = root
            .post(
                "/api/connectors/register",
                json!({ "name": format!("c{number}"), "description": "x" }),
            )
            .await;
        assert_eq!(made.status, 201);
    }
    let answer = root.get("/api/audit/export?action=connector.register").await;
    let body = String::from_utf8(answer.body).unwrap();
    let names: BTreeSet<String> = body
        .lines()
        .map(|line| text(&serde_json::from_str(line).unwrap(), "subject"))
        .collect();
    assert_eq!((body.lines().count(), names.len()), (520, 520));
}

#[tokio::test]
async fn nobody_but_superusers_reads_the_log() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    for path in ["/api/audit", "/api/audit/export", "/api/audit?limit=x"] {
        app.anonymous().get(path).await.expect_error(401, "SIGNED_OUT");
    }
    for path in ["/api/audit", "/api/audit/export", "/api/audit?actor=ada"] {
        ada.get(path).await.expect_error(403, "SUPERUSER_REQUIRED");
    }
    let page = ada.get("/audit").await;
    assert_eq!(page.status, 403, "{}", page.header("location"));
}
