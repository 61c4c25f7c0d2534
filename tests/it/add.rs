//! The single step from before there were two: still there, and deprecated.

use crate::support::{
    Answer, App, Superuser,
    upstream::{Upstream, manifest, nobody, tool},
};
use futures::future::join_all;
use serde_json::{Value, json};

async fn scene() -> (App, Superuser, Upstream) {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a"), tool("b")]))).await;
    (app, root, service)
}

fn is_deprecated(answer: &Answer) -> bool {
    answer.header("deprecation") == "@1760313600"
        && answer.header("link") == "</api/connectors/register>; rel=\"successor-version\""
}

#[tokio::test]
async fn an_added_connector_is_read_at_once_and_the_answer_says_that_this_way_is_old() {
    let (_app, root, service) = scene().await;
    let answer = root
        .post("/api/connectors", json!({ "connector_url": service.manifest_url() }))
        .await;
    assert!(is_deprecated(&answer), "{:?}", answer.headers);
    let body = answer.expect(201);
    assert_eq!(
        body,
        json!({
            "status": "created",
            "message": "Connector 'fixture' created successfully",
            "id": body["id"],
            "connector_id": 1,
            "name": "fixture",
            "url": service.manifest_url(),
            "mode": "sync",
            "version": "2.1.0",
            "tools_count": 2,
            "templates_count": 0,
            "created_at": body["created_at"],
            "updated_at": body["updated_at"],
            "warnings": [],
        })
    );
    let shown = root.get("/api/connectors/1").await.expect(200);
    assert_eq!(
        (&shown["description"], &shown["definitions_version"], &shown["tools"][1]),
        (&json!("A service for tests"), &json!(1), &tool("b"))
    );
}

#[tokio::test]
async fn name_mode_and_secret_are_as_given() {
    let (app, root, service) = scene().await;
    let new = json!({
        "connector_url": service.manifest_url(), "name": "mine", "mode": "active", "secret": "my_secure_secret_123",
    });
    let body = root.post("/api/connectors", new).await.expect(201);
    assert_eq!((&body["name"], &body["mode"]), (&json!("mine"), &json!("active")));
    assert_eq!(root.get("/api/connectors/1").await.expect(200)["has_secret"], true);
    let seen = service.seen();
    let seen = seen.iter().find(|seen| seen.path == "/mcp").expect("it was asked");
    assert_eq!(seen.headers["authorization"], "Bearer my_secure_secret_123");
    app.user("ada@example.org").await.create_server(&body, json!({})).await;

    let new = json!({ "connector_url": service.manifest_url(), "name": "off", "mode": "deactive" });
    assert_eq!(root.post("/api/connectors", new).await.expect(201)["mode"], "deactive");
}

#[tokio::test]
async fn either_url_is_needed_and_not_both() {
    let (_app, root, service) = scene().await;
    let url = service.manifest_url();
    for (body, field, words) in [
        (json!({}), "connector_url", "This is needed."),
        (json!({ "name": "x" }), "connector_url", "This is needed."),
        (
            json!({ "connector_url": url, "server_url": url }),
            "server_url",
            "not both",
        ),
        (
            json!({ "name": "x", "server_url": url }),
            "server_url",
            "Personal connectors can't be made yet.",
        ),
        (json!({ "connector_url": "nope" }), "connector_url", "http or https URL"),
        (json!({ "connector_url": "" }), "connector_url", "This is needed."),
        (
            json!({ "connector_url": url, "mode": "on" }),
            "mode",
            "`deactive`, `sync`, `active`",
        ),
        (
            json!({ "connector_url": url, "name": "n".repeat(256) }),
            "name",
            "At most 255 characters.",
        ),
        (
            json!({ "connector_url": url, "secret": "two\nlines" }),
            "secret",
            "visible ASCII",
        ),
        (
            json!({ "connector_url": url, "description": "x" }),
            "description",
            "There is no such field here.",
        ),
        (json!([url]), "body", "a JSON object"),
    ] {
        let answer = root.post("/api/connectors", &body).await;
        assert!(is_deprecated(&answer), "{body}");
        let refused = answer.expect_error(422, "INVALID_FIELDS");
        let said = refused["fields"][field]["message"].as_str().unwrap_or_default();
        assert!(said.contains(words), "{body}: {refused}");
    }
    assert_eq!(root.get("/api/connectors").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn what_can_not_be_read_is_not_in_the_catalogue() {
    let (app, root, _service) = scene().await;
    let url = nobody().await;
    let answer = root.post("/api/connectors", json!({ "connector_url": url })).await;
    assert!(is_deprecated(&answer));
    assert_eq!(
        answer.expect(400)["detail"],
        "Failed to connect to connector URL: Connection refused"
    );
    assert!(app.database.texts("SELECT name FROM mcp_connectors").await.is_empty());
    assert!(
        app.database
            .texts("SELECT action FROM audit_events WHERE subject_type = 'connector'")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_name_is_taken_once_however_many_add_it_at_the_same_time() {
    let (_app, root, service) = scene().await;
    let new = json!({ "connector_url": service.manifest_url() });
    let answers = join_all((0..6).map(|_| root.post("/api/connectors", &new))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let taken = root
        .post("/api/connectors", &new)
        .await
        .expect_error(409, "CONNECTOR_NAME_TAKEN");
    assert_eq!(taken["detail"], "Connector with name 'fixture' already exists");
}

#[tokio::test]
async fn only_superusers_add() {
    let (app, _root, service) = scene().await;
    let new = json!({ "connector_url": service.manifest_url() });
    app.anonymous()
        .post("/api/connectors", &new)
        .await
        .expect_error(401, "SIGNED_OUT");
    app.user("ada@example.org")
        .await
        .post("/api/connectors", &new)
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    assert!(service.seen().is_empty(), "nobody was asked for them");
}

#[tokio::test]
async fn a_registrys_server_is_added_by_its_remote() {
    let (_app, root, service) = scene().await;
    let entry: Value = json!({
        "name": "io.example/notes", "description": "Notes", "version": "1.2.3",
        "remotes": [{ "type": "streamable-http", "url": service.url("/mcp") }],
    });
    let registry = Upstream::connector(entry).await;
    let body = root
        .post("/api/connectors", json!({ "connector_url": registry.manifest_url() }))
        .await
        .expect(201);
    assert_eq!(
        (&body["name"], &body["tools_count"]),
        (&json!("io.example/notes"), &json!(2))
    );
}
