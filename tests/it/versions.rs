//! The history of a connector's definitions, the way back, and whom a change would affect.

use crate::{
    changes::{Scene, first, keys, second},
    support::{Answer, eventually},
};
use serde_json::{Value, json};

#[tokio::test]
async fn every_version_is_kept_and_listed_a_page_at_a_time() {
    let scene = Scene::set().await;
    for number in 2..=5 {
        let mut offer = first();
        offer["version"] = json!(format!("{number}.0.0"));
        offer["tools"][0]["description"] = json!(format!("Number {number}"));
        scene.offer.set(offer);
        scene.sync().await;
        scene.decide("accept", json!({})).await.expect(200);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = scene
            .root
            .get(&format!("/api/connectors/1/versions?limit=2&cursor={cursor}"))
            .await
            .expect(200);
        assert_eq!(page["total"], 5);
        let versions = page["versions"].as_array().unwrap();
        seen.extend(versions.iter().map(|version| version["number"].as_u64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1], "newest first, each once");
    for bad in ["limit=x", "limit=-1", "cursor=x", "page=2"] {
        scene
            .root
            .get(&format!("/api/connectors/1/versions?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
    }
    let detail = scene.root.get("/api/connectors/1/versions/2").await.expect(200);
    assert_eq!((&detail["number"], &detail["version"]), (&json!(2), &json!("2.0.0")));
    assert_eq!(keys(&detail), ["tool:a changed"]);
    let change = &detail["changes"][0];
    assert_eq!(
        (&change["before"]["description"], &change["after"]["description"]),
        (&json!("Number 5"), &json!("Number 2")),
        "what going back to it would change"
    );
    for number in [
        "0",
        "6",
        "-1",
        "x",
        "1.5",
        "2147483648",
        "4294967295",
        "99999999999999999999",
    ] {
        scene
            .root
            .get(&format!("/api/connectors/1/versions/{number}"))
            .await
            .expect_error(404, "VERSION_NOT_FOUND");
        scene
            .root
            .post(&format!("/api/connectors/1/versions/{number}/restore"), json!({}))
            .await
            .expect_error(404, "VERSION_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_restored_version_is_in_force_as_a_new_one_and_its_service_waits_until_it_changes_again() {
    let scene = Scene::set().await;
    scene.drift().await;
    scene.decide("accept", json!({})).await.expect(200);
    let restored = scene
        .root
        .post(
            "/api/connectors/1/versions/1/restore",
            json!({ "note": "It was better" }),
        )
        .await
        .expect(200);
    assert_eq!(
        (&restored["definitions_version"], &restored["changes"]),
        (&json!(3), &json!("refused"))
    );
    assert_eq!(scene.shown().await["tools"], first()["tools"]);
    eventually(async || {
        scene
            .tools()
            .await
            .as_array()
            .is_some_and(|tools| tools[2]["name"] == "c")
    })
    .await;
    let versions = scene.versions().await;
    assert_eq!(
        (
            &versions["versions"][0]["origin"],
            &versions["versions"][0]["note"],
            &versions["total"]
        ),
        (&json!("restored"), &json!("It was better"), &json!(3))
    );
    scene.sync().await;
    assert_eq!(
        scene.changes().await["state"],
        "refused",
        "the service says the same as before"
    );
    // A body isn't needed, and one with something else is refused.
    let path = "/api/connectors/1/versions/2/restore";
    for (body, field) in [
        (json!({ "note": "n".repeat(1001) }), "note"),
        (json!({ "reason": "x" }), "reason"),
    ] {
        let refused = scene.root.post(path, &body).await.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{refused}");
    }
    let bare = scene.root.request(reqwest::Method::POST, path);
    Answer::of(bare).await.expect(200);
    assert_eq!(scene.shown().await["tools"], second()["tools"]);
    assert_eq!(
        scene.changes().await["state"],
        Value::Null,
        "that is what the service says"
    );
}

#[tokio::test]
async fn what_follows_its_service_does_not_go_back() {
    let scene = Scene::set().await;
    scene.drift().await;
    scene.decide("accept", json!({})).await.expect(200);
    scene.root.set_mode(&json!({ "connector_id": 1 }), "sync").await;
    scene
        .root
        .post("/api/connectors/1/versions/1/restore", json!({}))
        .await
        .expect_error(409, "CONNECTOR_FOLLOWS");
    assert_eq!(scene.shown().await["tools"], second()["tools"]);
}

#[tokio::test]
async fn what_a_change_would_affect_is_told_with_names_and_counts() {
    let scene = Scene::set().await;
    let bob = scene.app.user("bob@example.org").await;
    let connector = scene.shown().await;
    let gone = bob.create_server(&connector, json!({})).await;
    bob.create_server(&connector, json!({})).await;
    bob.delete(&format!("/api/mcp-servers/{}", gone["id"].as_str().unwrap()))
        .await
        .expect(204);
    let impact = scene.root.get("/api/connectors/1/impact").await.expect(200);
    assert_eq!(
        (&impact["servers"]["total"], &impact["deleted_servers"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(impact["users"]["total"], 2);
    let mut owners: Vec<&str> = impact["servers"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["owner"].as_str().unwrap())
        .collect();
    owners.sort_unstable();
    assert_eq!(owners, ["ada@example.org", "bob@example.org"]);
    let mut users: Vec<&str> = impact["users"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user.as_str().unwrap())
        .collect();
    users.sort_unstable();
    assert_eq!(users, owners);
}
