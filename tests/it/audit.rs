//! The audit log over REST: every change leaves its row, and nothing else does. Reading it is in `audit_list`.

use crate::support::{
    Answer, App, Superuser,
    app::PASSWORD,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The first row that a request left. It has its id.
async fn row_of(root: &Superuser, request_id: &str) -> Value {
    rows_of(root, request_id)
        .await
        .pop()
        .unwrap_or_else(|| panic!("{request_id} left no row"))
}

/// All of them, newest first.
async fn rows_of(root: &Superuser, request_id: &str) -> Vec<Value> {
    let page = root.get("/api/audit?limit=200").await.expect(200);
    let events = page["events"].as_array().unwrap();
    let found = events.iter().filter(|event| event["request_id"] == request_id);
    found.cloned().collect()
}

/// What a request was answered with, when it was fine, and what it is called in the log.
#[track_caller]
fn fine(answer: Answer) -> (String, Value) {
    let request_id = answer.header("x-request-id").to_owned();
    let status = answer.status;
    assert!(
        (200..300).contains(&status),
        "{status}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    (request_id, answer.expect(status))
}

/// What a row should say: action, kind of thing, its name, the parts before and after.
type Expected = (&'static str, &'static str, &'static str, Value, Value);

/// That every member of `expected` is in `found`, which may say more. Nothing expects nothing in particular.
#[track_caller]
fn assert_says(found: &Value, expected: &Value, row: &Value) {
    match expected {
        Value::Object(members) => {
            for (name, value) in members {
                assert_says(&found[name], value, row);
            }
        }
        Value::Null => {}
        other => assert_eq!(found, other, "{row}"),
    }
}

async fn assert_row(root: &Superuser, answer: Answer, expected: Expected) -> Value {
    let (request_id, body) = fine(answer);
    let row = row_of(root, &request_id).await;
    let (action, kind, name, before, after) = expected;
    assert_eq!(
        (&row["action"], &row["subject_type"], &row["subject"]),
        (&json!(action), &json!(kind), &json!(name)),
        "{row}"
    );
    assert_eq!(
        (&row["door"], &row["address"]),
        (&json!("api"), &json!("127.0.0.1")),
        "{row}"
    );
    assert!(row["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{row}");
    assert_says(&row["before"], &before, &row);
    assert_says(&row["after"], &after, &row);
    body
}

#[tokio::test]
async fn every_change_of_the_catalogue_leaves_its_row() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, offer) = Upstream::changing(manifest(json!([tool("a")]))).await;
    let url = service.manifest_url();
    let nothing = Value::Null;
    let row = |action, before, after| -> Expected { (action, "connector", "notes", before, after) };

    let register = json!({ "name": "notes", "description": "First", "secret": "canary-secret" });
    let answer = root.post("/api/connectors/register", register).await;
    let after = json!({ "mode": "deactive", "has_secret": true });
    let connector = assert_row(&root, answer, row("connector.register", nothing.clone(), after)).await;

    let answer = root.activate(&connector, &url).await;
    let (before, after) = (
        json!({ "mode": "deactive", "description": "First" }),
        json!({
            "mode": "active", "description": "A service for tests", "definitions": { "url": url, "tools": 1 },
        }),
    );
    assert_row(&root, answer, row("connector.activate", before, after)).await;

    let answer = root.put("/api/connectors/1", json!({ "description": "Second" })).await;
    let (before, after) = (
        json!({ "description": "A service for tests" }),
        json!({ "description": "Second" }),
    );
    assert_row(&root, answer, row("connector.update", before, after)).await;

    let answer = root
        .put("/api/connectors/1", json!({ "secret": "canary-second" }))
        .await;
    let after = json!({ "has_secret": true, "secret": "replaced" });
    assert_row(
        &root,
        answer,
        row("connector.secret", json!({ "has_secret": true }), after),
    )
    .await;

    let answer = root.put("/api/connectors/1", json!({ "secret": "" })).await;
    let (before, after) = (json!({ "has_secret": true }), json!({ "has_secret": false }));
    assert_row(&root, answer, row("connector.secret", before, after)).await;

    let answer = root.patch("/api/connectors/1/mode", json!({ "mode": "sync" })).await;
    let (before, after) = (json!({ "mode": "active" }), json!({ "mode": "sync" }));
    assert_row(&root, answer, row("connector.mode", before, after)).await;

    offer.set(manifest(json!([tool("a"), tool("b")])));
    let answer = root.post("/api/connectors/1/sync", json!({})).await;
    assert_row(&root, answer, row("connector.sync", nothing.clone(), nothing.clone())).await;

    root.set_mode(&connector, "active").await;
    offer.set(manifest(json!([tool("a"), tool("c")])));
    root.post("/api/connectors/1/sync", json!({})).await.expect(200);
    let refused = json!({ "note": "Not yet" });
    let answer = root.post("/api/connectors/1/changes/refuse", refused).await;
    assert_row(&root, answer, row("connector.refuse", nothing.clone(), nothing.clone())).await;
    let accepted = json!({ "note": "Now" });
    let answer = root.post("/api/connectors/1/changes/accept", accepted).await;
    let request_id = answer.header("x-request-id").to_owned();
    assert_row(&root, answer, row("connector.accept", nothing.clone(), nothing.clone())).await;
    let accepted = row_of(&root, &request_id).await;
    assert_eq!(accepted["note"], "Now");
    let said = accepted.to_string();
    assert!(said.contains("\"tool:c\""), "which tools changed is told: {said}");
    assert!(!said.contains("inputSchema"), "and not all of them: {said}");

    let answer = root.post("/api/connectors/1/versions/1/restore", json!({})).await;
    assert_row(
        &root,
        answer,
        row("connector.restore", nothing.clone(), nothing.clone()),
    )
    .await;
    let answer = root.delete("/api/connectors/1?force=true").await;
    assert_row(
        &root,
        answer,
        row("connector.delete", json!({ "mode": "active" }), nothing.clone()),
    )
    .await;

    let answer = root.post("/api/connectors", json!({ "connector_url": url })).await;
    let expected = (
        "connector.add",
        "connector",
        "fixture",
        nothing,
        json!({ "mode": "sync" }),
    );
    assert_row(&root, answer, expected).await;

    let everything = root.get("/api/audit?limit=200").await.expect(200);
    assert!(!everything.to_string().contains("canary"), "{everything}");
    for event in everything["events"].as_array().unwrap() {
        let by_root = event["subject_type"] != "connector" || event["actor"] == "root@example.org";
        assert!(by_root, "{event}");
    }
}

#[tokio::test]
async fn every_change_of_servers_tokens_and_tools_leaves_its_row() {
    let app = App::start().await;
    let root = app.superuser().await;
    let mut offer = manifest(json!([tool("a")]));
    offer["templates"] = json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
    offer["config"] = json!({ "params": { "type": "object", "properties": { "key": { "type": "string" } } } });
    let service = Upstream::connector(offer).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let nothing = Value::Null;

    let new = json!({ "name": "Mine", "connector_id": connector["id"], "configuration": { "key": "canary" } });
    let answer = ada.post("/api/mcp-servers", new).await;
    let request_id = answer.header("x-request-id").to_owned();
    let expected = ("server.create", "server", "Mine", nothing.clone(), nothing.clone());
    let server = assert_row(&root, answer, expected).await;
    let row = row_of(&root, &request_id).await;
    assert_eq!(
        (&row["actor"], &row["actor_id"]),
        (&json!("ada@example.org"), &json!(ada.view.id.to_string()))
    );
    assert_eq!(row["subject_id"], server["id"]);
    let first_token = &rows_of(&root, &request_id).await[0];
    assert_eq!(
        first_token["action"], "token.create",
        "its first token has a row of its own"
    );
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));

    let answer = ada.post(&format!("{path}/tokens"), json!({ "name": "laptop" })).await;
    let expected = (
        "token.create",
        "server_token",
        "laptop",
        nothing.clone(),
        nothing.clone(),
    );
    let token = assert_row(&root, answer, expected).await;
    let answer = ada.delete(&format!("{path}/tokens/{}", text(&token, "id"))).await;
    let expected = (
        "token.revoke",
        "server_token",
        "laptop",
        nothing.clone(),
        nothing.clone(),
    );
    assert_row(&root, answer, expected).await;

    let new = json!({ "name": "mine", "template": "t", "template_args": {} });
    let answer = ada.post(&format!("{path}/tools"), new).await;
    assert_row(
        &root,
        answer,
        ("tool.create", "tool", "mine", nothing.clone(), nothing.clone()),
    )
    .await;
    let answer = ada.delete(&format!("{path}/tools/mine")).await;
    assert_row(
        &root,
        answer,
        ("tool.delete", "tool", "mine", nothing.clone(), nothing.clone()),
    )
    .await;
    let answer = ada.delete(&path).await;
    assert_row(
        &root,
        answer,
        ("server.delete", "server", "Mine", nothing.clone(), nothing),
    )
    .await;

    let everything = root.get("/api/audit?limit=200").await.expect(200).to_string();
    for secret in ["canary", &text(&token, "token"), &text(&server, "token")] {
        assert!(!everything.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn accounts_and_sessions_leave_their_rows_by_whichever_door_they_come() {
    let app = App::start().await;
    let root = app.superuser().await;
    let nobody = app.anonymous();
    let account = json!({ "email": "bob@example.org", "password": PASSWORD });
    let (request_id, body) = fine(nobody.post("/api/auth/register", account).await);
    let row = row_of(&root, &request_id).await;
    assert_eq!(
        (&row["action"], &row["subject"], &row["subject_id"], &row["door"]),
        (
            &json!("user.sign_up"),
            &json!("bob@example.org"),
            &body["id"],
            &json!("api")
        )
    );
    let (request_id, _) = fine(nobody.login("bob@example.org", PASSWORD).await);
    let row = row_of(&root, &request_id).await;
    assert_eq!(
        (&row["action"], &row["actor"], &row["address"]),
        (&json!("session.create"), &json!("bob@example.org"), &json!("127.0.0.1"))
    );
    let (request_id, _) = fine(nobody.post("/api/auth/logout", json!({})).await);
    assert_eq!(row_of(&root, &request_id).await["action"], "session.end");

    let form = root
        .request(reqwest::Method::POST, "/fn/connectors/register")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=by+form&description=x");
    let answer = Answer::of(form).await;
    let row = row_of(&root, answer.header("x-request-id")).await;
    assert_eq!(
        (&row["action"], &row["door"], &row["actor"]),
        (
            &json!("connector.register"),
            &json!("dashboard"),
            &json!("root@example.org")
        )
    );
    let by_engine = root.get("/api/audit?action=user.create").await.expect(200);
    assert_eq!(by_engine["events"][0]["subject"], "root@example.org");
}

#[tokio::test]
async fn what_is_refused_or_only_read_leaves_no_row() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("notes").await;
    let ada = app.user("ada@example.org").await;
    let before = root.get("/api/audit").await.expect(200)["total"].clone();
    for (who, path, body) in [
        (
            &*root,
            "/api/connectors/register",
            json!({ "name": "notes", "description": "x" }),
        ),
        (&*root, "/api/connectors/register", json!({ "name": "" })),
        (
            &ada,
            "/api/connectors/register",
            json!({ "name": "x", "description": "x" }),
        ),
        (&*root, "/api/connectors/1/sync", json!({})),
        (&*root, "/api/connectors/1/changes/accept", json!({})),
    ] {
        assert!(who.post(path, body).await.status >= 400);
    }
    app.anonymous().login("ada@example.org", "wrong").await.expect(401);
    for path in [
        "/api/connectors",
        "/api/connectors/1",
        "/api/connectors/1/impact",
        "/api/audit",
    ] {
        root.get(path).await.expect(200);
    }
    assert_eq!(root.get("/api/audit").await.expect(200)["total"], before);
}

#[tokio::test]
async fn changes_at_the_same_time_each_have_a_row_in_one_order() {
    let app = App::start().await;
    let root = app.superuser().await;
    let made = futures::future::join_all((0..16).map(|number| {
        let new = json!({ "name": format!("c{number}"), "description": "x" });
        let root = &root;
        async move { root.post("/api/connectors/register", new).await }
    }))
    .await;
    let ids: BTreeSet<String> = made.into_iter().map(|answer| fine(answer).0).collect();
    let page = root
        .get("/api/audit?action=connector.register&limit=200")
        .await
        .expect(200);
    let events = page["events"].as_array().unwrap();
    let found: BTreeSet<String> = events.iter().map(|event| text(event, "request_id")).collect();
    assert_eq!((events.len(), found), (16, ids));
}
