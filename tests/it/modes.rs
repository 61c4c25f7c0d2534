//! What a connector's mode means, over HTTP: the table of modes a row at a time, and what may follow what.

mod edited;

use crate::support::{
    App, Superuser, eventually,
    mcp::{Endpoint, message},
    upstream::{Offer, Upstream, manifest, tool},
};
use serde_json::{Value, json};
use time::Duration;

/// A connector with two tools, and a server of it.
struct Scene {
    app: App,
    root: Superuser,
    service: Upstream,
    offer: Offer,
    connector: Value,
    endpoint: Endpoint,
}

impl Scene {
    async fn set() -> Self {
        let app = App::start().await;
        let root = app.superuser().await;
        let (service, offer) = Upstream::changing(manifest(json!([tool("a"), tool("b")]))).await;
        let connector = root.active_connector("notes", &service.manifest_url()).await;
        let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
        Self {
            app,
            root,
            service,
            offer,
            connector,
            endpoint,
        }
    }

    async fn patch(&self, mode: &str) -> crate::support::Answer {
        self.root.patch("/api/connectors/1/mode", json!({ "mode": mode })).await
    }

    async fn shown(&self) -> Value {
        self.root.get("/api/connectors/1").await.expect(200)
    }

    /// What clients see at the server's endpoint.
    async fn tools(&self) -> Vec<String> {
        let list = message(&self.endpoint.modern("tools/list", json!({})).await);
        let list: Value = serde_json::from_str(&list).unwrap();
        let tools = list["result"]["tools"].as_array().unwrap_or_else(|| panic!("{list}"));
        tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What a call of this tool is answered with.
    async fn call(&self, tool: &str) -> Value {
        let call = json!({ "name": tool, "arguments": {} });
        let answer = message(&self.endpoint.modern("tools/call", call).await);
        serde_json::from_str(&answer).unwrap()
    }

    fn new_server(&self) -> Value {
        json!({ "name": "Another", "connector_id": self.connector["id"] })
    }

    /// How often the service was asked for its manifest.
    fn fetched(&self) -> usize {
        self.service
            .seen()
            .iter()
            .filter(|seen| seen.path == "/connector.json")
            .count()
    }
}

#[tokio::test]
async fn a_deactive_connector_is_listed_and_never_called() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "deactive").await;
    let listed = scene.root.get("/api/connectors?mode=deactive").await.expect(200);
    assert_eq!(listed["connectors"][0]["name"], "notes");
    eventually(async || scene.tools().await.is_empty()).await;
    let (fetched, called) = (scene.fetched(), scene.service.calls("tools/call").len());
    let answer = scene.call("a").await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    scene
        .root
        .post("/api/mcp-servers", scene.new_server())
        .await
        .expect_error(409, "CONNECTOR_NOT_ACTIVE");
    scene
        .root
        .post("/api/connectors/1/sync", json!({}))
        .await
        .expect_error(409, "CONNECTOR_DEACTIVE");
    scene.app.clock.advance(Duration::seconds(3600));
    scene.tools().await;
    assert_eq!(
        (scene.fetched(), scene.service.calls("tools/call").len()),
        (fetched, called),
        "its service was left alone"
    );
}

#[tokio::test]
async fn an_activated_connector_runs_again_where_it_ran_before() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "deactive").await;
    eventually(async || scene.tools().await.is_empty()).await;
    scene
        .root
        .activate(&scene.connector, &scene.service.manifest_url())
        .await
        .expect(200);
    eventually(async || scene.tools().await == ["a", "b"]).await;
    assert_ne!(scene.call("a").await["result"]["isError"], true);
}

#[tokio::test]
async fn a_sync_connectors_list_follows_its_service_once_it_is_a_minute_old() {
    let scene = Scene::set().await;
    let connector = scene.root.set_mode(&scene.connector, "sync").await;
    assert_eq!(connector["mode"], "sync");
    scene.offer.set(manifest(json!([tool("a"), tool("c")])));
    scene.app.clock.advance(Duration::seconds(61));
    // The list waits for what the service says, so the first one has it already.
    eventually(async || scene.tools().await == ["a", "c"]).await;
    let fetched = scene.fetched();
    scene.tools().await;
    scene.tools().await;
    assert_eq!(scene.fetched(), fetched, "within the minute nobody asks again");
    let shown = scene.shown().await;
    assert_eq!(
        (&shown["tools"][1]["name"], &shown["changes"]),
        (&json!("c"), &Value::Null)
    );
}

#[tokio::test]
async fn a_sync_connectors_service_is_asked_once_however_many_wait_for_it() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "sync").await;
    scene.app.clock.advance(Duration::seconds(61));
    scene.tools().await;
    let fetched = scene.fetched();
    scene.app.clock.advance(Duration::seconds(61));
    futures::future::join_all((0..12).map(|_| scene.tools())).await;
    assert_eq!(scene.fetched(), fetched + 1);
}

#[tokio::test]
async fn a_sync_connector_whose_service_fails_keeps_what_it_had() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "sync").await;
    scene.offer.fall_silent();
    scene.app.clock.advance(Duration::seconds(61));
    assert_eq!(scene.tools().await, ["a", "b"]);
    let fetched = scene.fetched();
    assert_eq!(scene.tools().await, ["a", "b"]);
    assert_eq!(scene.fetched(), fetched, "a try that failed counts as one");
    scene.root.post("/api/connectors/1/sync", json!({})).await.expect(400);
}

#[tokio::test]
async fn a_sync_connectors_servers_run_and_new_ones_can_not_be_made() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "sync").await;
    scene
        .root
        .post("/api/mcp-servers", scene.new_server())
        .await
        .expect_error(409, "CONNECTOR_NOT_ACTIVE");
    assert_ne!(scene.call("a").await["result"]["isError"], true);
    assert_eq!(scene.service.calls("tools/call").len(), 1);
}

#[tokio::test]
async fn a_sync_connector_that_is_pinned_stays_at_what_was_last_fetched() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "sync").await;
    scene.offer.set(manifest(json!([tool("c")])));
    let synced = scene.root.post("/api/connectors/1/sync", json!({})).await.expect(200);
    assert_eq!(
        (&synced["adopted"], &synced["connector"]["changes"]),
        (&json!(true), &Value::Null)
    );
    scene.offer.set(manifest(json!([tool("d")])));
    let pinned = scene.root.set_mode(&scene.connector, "active").await;
    assert_eq!((&pinned["mode"], &pinned["tools_count"]), (&json!("active"), &json!(1)));
    scene.app.clock.advance(Duration::seconds(3600));
    eventually(async || scene.tools().await == ["c"]).await;
    assert_eq!(scene.shown().await["tools"][0]["name"], "c");
    scene
        .root
        .post("/api/mcp-servers", scene.new_server())
        .await
        .expect(201);
}

#[tokio::test]
async fn an_active_connectors_definitions_stay_as_they_were_approved() {
    let scene = Scene::set().await;
    scene.offer.set(manifest(json!([tool("c")])));
    scene.app.clock.advance(Duration::seconds(3600));
    assert_eq!(scene.tools().await, ["a", "b"]);
    let synced = scene.root.post("/api/connectors/1/sync", json!({})).await.expect(200);
    assert_eq!(
        (&synced["adopted"], &synced["connector"]["changes"]),
        (&json!(false), &json!("waiting"))
    );
    assert_eq!(scene.tools().await, ["a", "b"]);
}

#[tokio::test]
async fn what_may_not_follow_a_mode_is_refused_with_the_reason() {
    let scene = Scene::set().await;
    scene.root.set_mode(&scene.connector, "deactive").await;
    let refused = scene.patch("active").await.expect_error(409, "MODE_CHANGE_REFUSED");
    let sentence = refused["message"].as_str().unwrap();
    for word in ["notes", "deactive", "active"] {
        assert!(sentence.contains(word), "{sentence}");
    }
    assert_eq!(scene.shown().await["mode"], "deactive");
    // It has a URL, so it may follow that.
    scene.root.set_mode(&scene.connector, "sync").await;
    scene.root.set_mode(&scene.connector, "active").await;

    let registered = scene.root.register("only registered").await;
    for mode in ["sync", "active"] {
        scene
            .root
            .patch("/api/connectors/2/mode", json!({ "mode": mode }))
            .await
            .expect_error(409, "MODE_CHANGE_REFUSED");
        scene
            .root
            .put("/api/connectors/2", json!({ "mode": mode, "description": "lost" }))
            .await
            .expect_error(409, "MODE_CHANGE_REFUSED");
    }
    let after = scene.root.get("/api/connectors/2").await.expect(200);
    assert_eq!(
        (&after["description"], &after["mode"]),
        (&registered["description"], &json!("deactive")),
        "all or nothing"
    );
}

#[tokio::test]
async fn the_same_mode_again_is_fine_and_changes_nothing() {
    let scene = Scene::set().await;
    for mode in ["active", "sync", "deactive"] {
        scene.root.set_mode(&scene.connector, mode).await;
        let before = scene.shown().await;
        let rows = scene.app.database.texts("SELECT seq::text FROM audit_events").await;
        assert_eq!(scene.patch(mode).await.expect(200)["mode"], mode);
        assert_eq!(
            scene
                .root
                .put("/api/connectors/1", json!({ "mode": mode }))
                .await
                .expect(200)["mode"],
            mode
        );
        assert_eq!(scene.shown().await, before, "{mode}");
        let after = scene.app.database.texts("SELECT seq::text FROM audit_events").await;
        assert_eq!(after, rows, "{mode}: nothing happened");
    }
}

#[tokio::test]
async fn what_is_no_mode_is_refused_by_name() {
    let scene = Scene::set().await;
    for (body, field) in [
        (json!({ "mode": "on" }), "mode"),
        (json!({ "mode": "Active" }), "mode"),
        (json!({ "mode": "" }), "mode"),
        (json!({ "mode": null }), "mode"),
        (json!({ "mode": 1 }), "mode"),
        (json!({ "mode": "x".repeat(100_000) }), "mode"),
        (json!({}), "mode"),
        (json!({ "mode": "sync", "colour": "red" }), "colour"),
        (json!(["sync"]), "body"),
    ] {
        let refused = scene.root.patch("/api/connectors/1/mode", &body).await;
        let refused = refused.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{field}: {refused}");
    }
    for (body, field) in [
        (json!({ "mode": "on" }), "mode"),
        (json!({ "name": "another" }), "name"),
        (json!({ "description": "" }), "description"),
        (json!({ "description": "d".repeat(2001) }), "description"),
        (json!({ "secret": "two\nlines" }), "secret"),
        (json!({ "secret": "s".repeat(4097) }), "secret"),
    ] {
        let refused = scene.root.put("/api/connectors/1", &body).await;
        let refused = refused.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{field}: {refused}");
    }
    assert_eq!(scene.shown().await["mode"], "active");
    for id in [
        "99",
        "abc",
        "00000000-0000-0000-0000-000000000000",
        "99999999999999999999",
    ] {
        let mode = json!({ "mode": "sync" });
        scene
            .root
            .patch(&format!("/api/connectors/{id}/mode"), &mode)
            .await
            .expect_error(404, "CONNECTOR_NOT_FOUND");
        scene
            .root
            .put(&format!("/api/connectors/{id}"), &mode)
            .await
            .expect_error(404, "CONNECTOR_NOT_FOUND");
    }
}

#[tokio::test]
async fn of_modes_set_at_the_same_time_one_stands_and_each_change_is_in_the_log() {
    let scene = Scene::set().await;
    let modes = ["sync", "deactive", "sync", "deactive", "sync", "deactive"];
    let answers = futures::future::join_all(modes.map(|mode| scene.patch(mode))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let log = scene
        .app
        .database
        .texts(
            "SELECT (before->>'mode') || '>' || (after->>'mode') FROM audit_events
             WHERE action = 'connector.mode' ORDER BY seq",
        )
        .await;
    let mut mode = "active".to_owned();
    for step in &log {
        let (before, after) = step.split_once('>').unwrap();
        assert_eq!(before, mode, "{log:?}");
        after.clone_into(&mut mode);
    }
    assert_eq!(scene.shown().await["mode"], *mode);
}
