//! The way out of the catalogue.

use crate::support::{
    App, Superuser, User,
    client::text,
    eventually,
    mcp::{Endpoint, message},
    upstream::{Upstream, manifest, tool},
};
use futures::future::join;
use serde_json::{Value, json};

struct Scene {
    app: App,
    root: Superuser,
    ada: User,
    service: Upstream,
    connector: Value,
}

impl Scene {
    async fn set() -> Self {
        let app = App::start().await;
        let root = app.superuser().await;
        let mut offer = manifest(json!([tool("a")]));
        offer["templates"] = json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
        let service = Upstream::connector(offer).await;
        let connector = root.active_connector("notes", &service.manifest_url()).await;
        let ada = app.user("ada@example.org").await;
        Self {
            app,
            root,
            ada,
            service,
            connector,
        }
    }
}

#[tokio::test]
async fn a_connector_that_nobody_uses_goes_and_its_name_is_free_again() {
    let scene = Scene::set().await;
    let deleted = scene.root.delete("/api/connectors/1").await.expect(200);
    assert_eq!(
        (&deleted["name"], &deleted["mode"]),
        (&json!("notes"), &json!("active"))
    );
    assert_eq!(deleted["took_along"]["servers"], json!({ "total": 0, "items": [] }));
    for path in [
        "/api/connectors/1",
        "/api/connectors/1/logo",
        "/api/connectors/1/versions",
    ] {
        scene.root.get(path).await.expect_error(404, "CONNECTOR_NOT_FOUND");
    }
    scene
        .root
        .delete("/api/connectors/1")
        .await
        .expect_error(404, "CONNECTOR_NOT_FOUND");
    let again = scene.root.register("notes").await;
    assert_eq!(again["connector_id"], 2, "a number is never given twice");
}

#[tokio::test]
async fn a_connector_that_servers_use_stays_unless_it_is_forced() {
    let scene = Scene::set().await;
    scene.ada.create_server(&scene.connector, json!({})).await;
    for query in ["", "?force=false", "?force="] {
        let refused = scene
            .root
            .delete(&format!("/api/connectors/1{query}"))
            .await
            .expect_error(409, "CONNECTOR_IN_USE");
        let sentence = refused["message"].as_str().unwrap();
        assert!(sentence.contains("notes") && sentence.contains('1'), "{sentence}");
    }
    for bad in ["force=yes", "force=1", "colour=red"] {
        scene
            .root
            .delete(&format!("/api/connectors/1?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
    }
    scene.root.get("/api/connectors/1").await.expect(200);
    assert_eq!(scene.ada.get("/api/mcp-servers").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn what_goes_along_is_told_and_gone_and_its_endpoints_answer_no_more() {
    let scene = Scene::set().await;
    let server = scene.ada.create_server(&scene.connector, json!({})).await;
    let endpoint = Endpoint::of(&scene.app, &server);
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    let new_tool = json!({ "name": "mine", "template": "t", "template_args": {} });
    scene.ada.post(&format!("{path}/tools"), new_tool).await.expect(201);
    let deleted = scene.ada.create_server(&scene.connector, json!({})).await;
    scene
        .ada
        .delete(&format!("/api/mcp-servers/{}", text(&deleted, "id")))
        .await
        .expect(204);
    let other = Upstream::connector(manifest(json!([tool("z")]))).await;
    let other = scene.root.active_connector("other", &other.manifest_url()).await;
    let kept = scene.ada.create_server(&other, json!({})).await;
    assert!(message(&endpoint.modern("tools/list", json!({})).await).contains("Does a"));

    let gone = scene.root.delete("/api/connectors/1?force=true").await.expect(200);
    let along = &gone["took_along"];
    assert_eq!(
        (&along["servers"]["total"], &along["deleted_servers"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        along["servers"]["items"][0],
        json!({ "id": server["id"], "name": "Mine", "owner": "ada@example.org" })
    );
    assert_eq!(along["dynamic_tools"], 1);
    scene.ada.get(&path).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
    let left = scene.ada.get("/api/mcp-servers").await.expect(200);
    assert_eq!(
        (&left["total"], &left["mcp_servers"][0]["id"]),
        (&json!(1), &kept["id"])
    );
    eventually(async || endpoint.modern("tools/list", json!({})).await.status != 200).await;
    let refused = endpoint
        .modern("tools/call", json!({ "name": "a", "arguments": {} }))
        .await;
    assert!(matches!(refused.status, 401 | 404), "{}", message(&refused));
    assert!(scene.service.calls("tools/call").is_empty());
    let connector = text(&scene.connector, "id");
    for query in [
        "SELECT connector_id::text FROM connector_versions",
        "SELECT connector_id::text FROM connector_checks",
        "SELECT connector_id::text FROM mcp_servers",
    ] {
        let left = scene.app.database.texts(query).await;
        assert!(!left.contains(&connector), "{query}");
    }
}

#[tokio::test]
async fn of_two_who_delete_at_the_same_time_one_does() {
    let scene = Scene::set().await;
    let (first, second) = join(
        scene.root.delete("/api/connectors/1"),
        scene.root.delete("/api/connectors/1"),
    )
    .await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn a_server_that_is_made_while_its_connector_goes_is_there_with_it_or_not_at_all() {
    let scene = Scene::set().await;
    let new = json!({ "name": "Mine", "connector_id": scene.connector["id"] });
    let (made, deleted) = join(
        scene.ada.post("/api/mcp-servers", new),
        scene.root.delete("/api/connectors/1"),
    )
    .await;
    let servers = scene.app.database.texts("SELECT name FROM mcp_servers").await.len();
    match (made.status, deleted.status) {
        (201, 409) => assert_eq!(servers, 1),
        (404 | 409, 200) => assert_eq!(servers, 0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_connector_can_not_be_deleted() {
    let scene = Scene::set().await;
    for id in ["99", "0", "abc", "-1", "99999999999999999999", "%ff"] {
        let answer = scene.root.delete(&format!("/api/connectors/{id}")).await;
        assert_eq!(answer.expect(404)["status"], 404, "{id}");
    }
}
