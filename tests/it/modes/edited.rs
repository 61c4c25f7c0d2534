//! What else of a connector can be changed while it works: its description, its secret, and the header that carries that.

use super::Scene;
use crate::support::eventually;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_not_said_stays_as_it_is() {
    let scene = Scene::set().await;
    let before = scene.shown().await;
    scene.root.put("/api/connectors/1", json!({})).await.expect(200);
    assert_eq!(scene.shown().await, before);

    let changed = json!({ "description": "Another", "secret": "first" });
    let changed = scene.root.put("/api/connectors/1", changed).await.expect(200);
    assert_eq!(
        (&changed["description"], &changed["has_secret"], &changed["mode"]),
        (&json!("Another"), &json!(true), &json!("active"))
    );
    let by_uuid = format!("/api/connectors/{}", scene.connector["id"].as_str().unwrap());
    let changed = scene.root.put(&by_uuid, json!({ "mode": "sync" })).await.expect(200);
    assert_eq!(
        (&changed["has_secret"], &changed["mode"]),
        (&json!(true), &json!("sync"))
    );
}

#[tokio::test]
async fn a_replaced_secret_is_the_one_that_the_service_sees_and_a_removed_one_is_gone() {
    let scene = Scene::set().await;
    let shown_to_service = || {
        let calls = scene.service.seen();
        let last = calls.iter().rfind(|seen| seen.body.contains("tools/call")).unwrap();
        last.headers
            .get("authorization")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    for (secret, expected) in [
        ("first", Some("Bearer first")),
        ("second", Some("Bearer second")),
        ("", None),
    ] {
        let changed = scene.root.put("/api/connectors/1", json!({ "secret": secret })).await;
        assert_eq!(changed.expect(200)["has_secret"], expected.is_some());
        eventually(async || {
            scene.call("a").await;
            shown_to_service().as_deref() == expected
        })
        .await;
    }
}

#[tokio::test]
async fn a_secret_travels_in_the_header_that_its_service_reads() {
    let scene = Scene::set().await;
    let carried = |name: &str| {
        let calls = scene.service.seen();
        let last = calls.iter().rfind(|seen| seen.body.contains("tools/call")).unwrap();
        last.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let named = json!({ "secret": "my_secret", "secret_header": "X-API-Key" });
    let changed = scene.root.put("/api/connectors/1", named).await.expect(200);
    assert_eq!(
        (&changed["has_secret"], &changed["secret_header"]),
        (&json!(true), &json!("X-API-Key"))
    );
    eventually(async || {
        scene.call("a").await;
        carried("x-api-key").as_deref() == Some("my_secret")
    })
    .await;
    assert_eq!(carried("authorization"), None);
    let plain = scene
        .root
        .put("/api/connectors/1", json!({ "secret_header": "" }))
        .await
        .expect(200);
    assert_eq!(
        (&plain["has_secret"], &plain["secret_header"]),
        (&json!(true), &Value::Null)
    );
    eventually(async || {
        scene.call("a").await;
        carried("authorization").as_deref() == Some("Bearer my_secret")
    })
    .await;
    for bad in ["Host", "two words", "Mcp-Session-Id", "a\r\nb", &"x".repeat(65)] {
        let refused = scene
            .root
            .put("/api/connectors/1", json!({ "secret_header": bad }))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"]["secret_header"].is_object(), "{bad}: {refused}");
    }
}
