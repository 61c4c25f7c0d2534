//! Users' own sources, by the API.

use crate::support::{
    App, Superuser, User,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A connector that asks for a configuration with a secret in it.
async fn notes(root: &Superuser) -> Upstream {
    let mut offer = manifest(json!([tool("add"), tool("list")]));
    offer["config"] = json!({ "params": {
        "type": "object",
        "required": ["notebook"],
        "additionalProperties": false,
        "properties": {
            "notebook": { "type": "string", "minLength": 2 },
            "key": { "type": "string", "writeOnly": true },
        },
    }});
    let service = Upstream::connector(offer).await;
    root.active_connector("notes", &service.manifest_url()).await;
    service
}

async fn create(user: &User, new: Value) -> Value {
    user.post("/api/sources", new).await.expect(201)
}

#[tokio::test]
async fn a_source_is_made_shown_changed_and_deleted() {
    let app = App::start().await;
    let root = app.superuser().await;
    let _service = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let metadata = json!({ "notebook": "mine", "key": "hunter2hunter2" });
    let made = create(
        &ada,
        json!({ "type": "notes", "name": "Work", "source_metadata": metadata }),
    )
    .await;
    let masked = json!({ "notebook": "mine", "key": "********" });
    assert_eq!(
        (&made["type"], &made["name"], &made["source_metadata"], &made["state"]),
        (&json!("notes"), &json!("Work"), &masked, &json!("ready"))
    );
    assert_eq!(
        (&made["connector"]["name"], &made["mcp_servers"], &made["notice"]),
        (&json!("notes"), &json!([]), &Value::Null)
    );
    let path = format!("/api/sources/{}", text(&made, "id"));
    assert_eq!(ada.get(&path).await.expect(200), made);

    // The mask keeps the secret, a name that is null goes, and what isn't named stays.
    let change = json!({ "name": null, "source_metadata": { "notebook": "other", "key": "********" } });
    let changed = ada.patch(&path, change).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["source_metadata"]["notebook"]),
        (&Value::Null, &json!("other"))
    );
    assert_eq!(ada.put(&path, json!({})).await.expect(200), changed);
    let tested = ada.post(&format!("{path}/test"), json!({})).await.expect(200);
    assert_eq!(
        (&tested["success"], &tested["error_code"]),
        (&json!(true), &Value::Null),
        "{tested}"
    );
    assert_eq!(tested["tools"].as_array().unwrap().len(), 2);

    let server = json!({ "name": "Mine", "source_ids": [made["id"]] });
    let server = ada.post("/api/mcp-servers", server).await.expect(201);
    assert_eq!(ada.get(&path).await.expect(200)["mcp_servers"][0]["id"], server["id"]);
    let gone = ada.delete(&path).await.expect(200);
    assert_eq!(gone, json!({ "mcp_servers": [{ "id": server["id"], "name": "Mine" }] }));
    let left = ada
        .get(&format!("/api/mcp-servers/{}", text(&server, "id")))
        .await
        .expect(200);
    assert_eq!(left["source_ids"], json!([]));
    ada.get(&path).await.expect_error(404, "SOURCE_NOT_FOUND");
    ada.delete(&path).await.expect_error(404, "SOURCE_NOT_FOUND");

    let everything = "SELECT sources::text FROM sources UNION ALL SELECT audit_events::text FROM audit_events";
    assert!(!app.database.texts(everything).await.join("").contains("hunter2"));
}

#[tokio::test]
async fn a_source_of_a_type_that_nobody_offers_is_kept_and_says_so() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let made = create(&ada, json!({ "type": "calendar", "source_metadata": { "url": "x" } })).await;
    assert_eq!(
        (&made["state"], &made["connector"], &made["name"]),
        (&json!("no_connector"), &Value::Null, &Value::Null)
    );
    assert!(!text(&made, "notice").is_empty());
    let test = format!("/api/sources/{}/test", text(&made, "id"));
    let tested = ada.post(&test, json!({})).await.expect(200);
    assert_eq!((&tested["success"], &tested["tools"]), (&json!(false), &json!([])));
    assert!(!text(&tested, "error_code").is_empty() && !text(&tested, "error_message").is_empty());
}

#[tokio::test]
async fn what_can_not_be_a_source_is_refused_by_field() {
    let app = App::start().await;
    let root = app.superuser().await;
    let _service = notes(&root).await;
    let fine = create(
        &root,
        json!({ "type": "notes", "source_metadata": { "notebook": "mine" } }),
    )
    .await;
    let path = format!("/api/sources/{}", text(&fine, "id"));
    let huge = json!({ "notebook": "x".repeat(100_000) });
    for (new, field) in [
        (json!({}), "type"),
        (json!({ "type": "" }), "type"),
        (json!({ "type": "t".repeat(101) }), "type"),
        (json!({ "type": "a\nb" }), "type"),
        (json!({ "type": "mcp" }), "type"),
        (json!({ "type": "system" }), "type"),
        (json!({ "type": 7 }), "type"),
        (json!({ "type": "other", "name": "n".repeat(256) }), "name"),
        (json!({ "type": "other", "name": "a\u{0}b" }), "name"),
        (json!({ "type": "other", "source_metadata": [] }), "source_metadata"),
        (json!({ "type": "other", "source_metadata": null }), "source_metadata"),
        (json!({ "type": "other", "source_metadata": huge }), "source_metadata"),
        (json!({ "type": "notes" }), "source_metadata.notebook"),
        (
            json!({ "type": "notes", "source_metadata": { "notebook": 7 } }),
            "source_metadata.notebook",
        ),
        (
            json!({ "type": "notes", "source_metadata": { "notebook": "mine", "key": "********" } }),
            "source_metadata.key",
        ),
        (json!({ "type": "notes", "colour": "red" }), "colour"),
        (json!({ "kind": "notes" }), "kind"),
    ] {
        let refused = root
            .post("/api/sources", &new)
            .await
            .expect_error(422, "INVALID_FIELDS");
        let fields = refused["fields"].as_object().unwrap();
        assert!(fields.keys().any(|key| key.starts_with(field)), "{new}: {refused}");
        // What isn't there, or null, stays as it is.
        let says_something = new["type"] == "mcp" || new["source_metadata"].is_object() || new["name"].is_string();
        if says_something {
            let refused = root.patch(&path, &new).await.expect_error(422, "INVALID_FIELDS");
            assert!(
                refused["fields"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .any(|key| key.starts_with(field))
            );
        }
    }
    assert_eq!(root.get("/api/sources").await.expect(200)["total"], 1);
    assert_eq!(root.get(&path).await.expect(200), fine, "nothing was changed by halves");
}

#[tokio::test]
async fn a_list_is_ones_own_newest_first_searched_and_paged() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let eve = app.user("eve@example.org").await;
    for (kind, name) in [
        ("notes", "Work"),
        ("mail", "100% work"),
        ("notes", "Home"),
        ("Notes", ""),
    ] {
        create(&ada, json!({ "type": kind, "name": name })).await;
    }
    create(&eve, json!({ "type": "notes", "name": "Hers" })).await;
    let names = async |query: &str| -> (Vec<Value>, u64) {
        let (mut names, mut total, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = ada
                .get(&format!("/api/sources?limit=2{cursor}{query}"))
                .await
                .expect(200);
            let items = page["sources"].as_array().unwrap();
            assert!(items.len() <= 2);
            names.extend(items.iter().map(|item| item["name"].clone()));
            total = page["total"].as_u64().unwrap().max(total);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (names, total),
            }
        }
    };
    let all = vec![Value::Null, json!("Home"), json!("100% work"), json!("Work")];
    assert_eq!(names("").await, (all, 4));
    assert_eq!(names("&q=WORK").await, (vec![json!("100% work"), json!("Work")], 2));
    assert_eq!(names("&q=100%25").await.1, 1);
    assert_eq!(names("&type=notes").await.0, [json!("Home"), json!("Work")]);
    assert_eq!(names("&type=mail&q=home").await.1, 0);
    for (bad, field) in [
        ("cursor=x", "cursor"),
        ("limit=x", "limit"),
        ("kind=notes", "kind"),
        ("q=%00", "q"),
    ] {
        let refused = ada
            .get(&format!("/api/sources?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }
}

#[tokio::test]
async fn what_is_no_id_is_told_so_and_what_is_not_ones_own_is_not_there() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let eve = app.user("eve@example.org").await;
    let hers = text(&create(&eve, json!({ "type": "notes" })).await, "id");
    let server = ada
        .post("/api/mcp-servers", json!({ "name": "Mine" }))
        .await
        .expect(201);
    let server = format!("/api/mcp-servers/{}", text(&server, "id"));
    let nobodys = Uuid::new_v4().to_string();

    for bad in ["x", "1", "%00", "00000000-0000-0000-0000-00000000000g"] {
        let path = format!("/api/sources/{bad}");
        let member = format!("{server}/sources/{bad}");
        for answer in [
            ada.get(&path).await,
            ada.patch(&path, json!({})).await,
            ada.delete(&path).await,
            ada.post(&format!("{path}/test"), json!({})).await,
            ada.post(&member, json!({})).await,
            ada.put(&member, json!({})).await,
            ada.delete(&member).await,
            ada.post("/api/mcp-servers", json!({ "name": "x", "source_ids": [bad] }))
                .await,
            ada.patch(&server, json!({ "source_ids": [bad] })).await,
        ] {
            let refused = answer.expect_error(400, "INVALID_SOURCE_ID");
            assert_eq!(refused["detail"], "Invalid source ID format");
        }
    }
    for other in [&hers, &nobodys] {
        let path = format!("/api/sources/{other}");
        ada.get(&path).await.expect_error(404, "SOURCE_NOT_FOUND");
        ada.patch(&path, json!({})).await.expect_error(404, "SOURCE_NOT_FOUND");
        ada.delete(&path).await.expect_error(404, "SOURCE_NOT_FOUND");
        ada.post(&format!("{path}/test"), json!({})).await.expect(404);
        for answer in [
            ada.post(&format!("{server}/sources/{other}"), json!({})).await,
            ada.post("/api/mcp-servers", json!({ "name": "x", "source_ids": [other] }))
                .await,
            ada.patch(&server, json!({ "source_ids": [other] })).await,
        ] {
            let refused = answer.expect_error(400, "SOURCE_NOT_FOUND");
            assert_eq!(
                refused["detail"],
                format!("Source ID {other} not found or does not belong to user")
            );
        }
    }
    assert_eq!(ada.get("/api/mcp-servers").await.expect(200)["total"], 1);
    // Whose the server is matters first.
    let member = format!("{server}/sources/{hers}");
    eve.put(&member, json!({}))
        .await
        .expect_error(404, "MCP_SERVER_NOT_FOUND");
    eve.delete(&member).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
}
