//! MCP servers that are made from sources: chosen, changed, deleted, restored, copied.

use crate::support::{
    App, Superuser, User,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use serde_json::{Value, json};

async fn notes(root: &Superuser) -> Upstream {
    let service = Upstream::connector(manifest(json!([tool("add")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    service
}

async fn source(user: &User, kind: &str) -> String {
    text(
        &user.post("/api/sources", json!({ "type": kind })).await.expect(201),
        "id",
    )
}

async fn create(user: &User, new: Value) -> (Value, String) {
    let made = user.post("/api/mcp-servers", new).await.expect(201);
    let path = format!("/api/mcp-servers/{}", text(&made, "id"));
    (made, path)
}

fn prefixes(server: &Value) -> Vec<&str> {
    let bindings = server["bindings"].as_array().unwrap();
    bindings
        .iter()
        .map(|binding| binding["prefix"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_server_is_made_from_any_mix_and_changed_in_part() {
    let app = App::start().await;
    let root = app.superuser().await;
    let _service = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let (one, two, odd) = (
        source(&ada, "notes").await,
        source(&ada, "notes").await,
        source(&ada, "calendar").await,
    );
    let (made, path) = create(
        &ada,
        json!({ "name": "Mixed", "connector_id": 1, "source_ids": [one, odd] }),
    )
    .await;
    assert!(text(&made, "token").starts_with("mcp_token_"));
    assert_eq!(made["source_ids"], json!([one, odd]));
    assert_eq!(prefixes(&made), ["", "notes", "calendar"]);
    let states: Vec<_> = made["bindings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|binding| &binding["state"])
        .collect();
    assert_eq!(states, ["ready", "ready", "no_connector"]);
    let (empty, empty_path) = create(&ada, json!({ "name": "Empty" })).await;
    assert_eq!(
        (
            &empty["connector"],
            &empty["source_ids"],
            &empty["bindings"],
            &empty["configuration"]
        ),
        (&Value::Null, &json!([]), &json!([]), &json!({}))
    );

    // An endpoint that comes along is ignored, whatever it is; what isn't known is refused by its name.
    let change = json!({ "name": "Renamed", "endpoint": "https://elsewhere.example" });
    let changed = ada.patch(&path, change).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["endpoint"]),
        (&json!("Renamed"), &made["endpoint"])
    );
    assert_eq!(changed["source_ids"], made["source_ids"]);
    for endpoint in [json!(null), json!(7), json!({ "a": [] })] {
        ada.put(&path, json!({ "endpoint": endpoint })).await.expect(200);
    }
    let changed = ada.put(&path, json!({ "source_ids": [two, one] })).await.expect(200);
    assert_eq!(
        (changed["source_ids"].clone(), prefixes(&changed)),
        (json!([two, one]), vec!["", "notes_2", "notes"])
    );
    for (bad, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(256) }), "name"),
        (json!({ "source_ids": [one, one] }), "source_ids"),
        (json!({ "source_ids": one }), "source_ids"),
        (json!({ "source_ids": [7] }), "source_ids[0]"),
        (json!({ "configuration": "x" }), "configuration"),
        (json!({ "token": "x" }), "token"),
        (json!({ "connector_id": 1 }), "connector_id"),
        (json!({ "user_id": ada.view.id }), "user_id"),
    ] {
        let refused = ada.patch(&path, &bad).await.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }
    assert_eq!(ada.get(&path).await.expect(200)["name"], "Renamed");

    // One at a time, and each only once.
    let member = format!("{empty_path}/sources/{one}");
    for method in ["POST", "PUT", "PUT"] {
        let with = ada.send(method, &member, &[], Value::Null).await.expect(200);
        assert_eq!(with["source_ids"], json!([one]));
    }
    for _ in 0..2 {
        let without = ada.delete(&member).await;
        if without.status == 200 {
            assert_eq!(without.json()["source_ids"], json!([]));
        }
    }
    let eve = app.user("eve@example.org").await;
    for (method, path) in [
        ("PATCH", path.clone()),
        ("PUT", path.clone()),
        ("POST", format!("{path}/duplicate")),
        ("POST", format!("{path}/restore")),
        ("PUT", format!("{path}/sources/{one}")),
    ] {
        eve.send(method, &path, &[], json!({}))
            .await
            .expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_deleted_server_is_listed_apart_restored_and_by_an_admin_deleted_for_good() {
    let pool = "https://a.example, https://b.example";
    let app = App::with(&[("MCP_GATEWAY_URL_POOLS", pool)]).await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    let admin = app.user("admin@example.org").await;
    root.patch(&format!("/api/users/{}", admin.view.id), json!({ "roles": ["admin"] }))
        .await
        .expect(200);
    let (first, path) = create(&ada, json!({ "name": "First" })).await;
    create(&ada, json!({ "name": "Second" })).await;
    let names = async |who: &User, query: &str| -> Vec<String> {
        let list = who.get(&format!("/api/mcp-servers{query}")).await.expect(200);
        let servers = list["mcp_servers"].as_array().unwrap().clone();
        assert_eq!(list["total"], servers.len());
        servers.iter().map(|server| text(server, "name")).collect()
    };
    ada.delete(&path).await.expect(204);
    assert_eq!(names(&ada, "").await, ["Second"]);
    assert_eq!(names(&ada, "?deleted=true").await, ["First"]);
    assert_eq!(names(&ada, "?deleted=true&q=sec").await, [""; 0]);
    assert_eq!(names(&ada, "?q=SEC").await, ["Second"]);
    for path in [path.clone(), format!("{path}/tools"), format!("{path}/tokens")] {
        ada.get(&path).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
    ada.post(&format!("{path}/restore"), json!({})).await.expect(204);
    let back = ada.get(&path).await.expect(200);
    assert_eq!(
        (&back["endpoint"], &back["deleted_at"]),
        (&first["endpoint"], &Value::Null)
    );

    // Everybody's, for an admin, without what their owners configured.
    ada.get("/api/mcp-servers?all=true")
        .await
        .expect_error(403, "ADMIN_REQUIRED");
    for who in [&admin, &root as &User] {
        let all = who.get("/api/mcp-servers?all=true&q=first").await.expect(200);
        let one = &all["mcp_servers"][0];
        assert_eq!(
            (&all["total"], &one["name"], &one["owner"]),
            (&json!(1), &json!("First"), &json!("ada@example.org"))
        );
        assert!(one.get("configuration").is_none() && one.get("token").is_none());
        assert!(names(who, "").await.is_empty(), "and their own are still their own");
        who.get(&path).await.expect(404);
    }
    let hard = format!("{path}/hard");
    for path in [&hard, "/api/mcp-servers/x/hard"] {
        ada.delete(path).await.expect_error(403, "ADMIN_REQUIRED");
    }
    ada.post("/api/mcp-servers", json!({ "name": "Third" }))
        .await
        .expect_error(503, "POOL_EXHAUSTED");
    ada.delete(&path).await.expect(204);
    admin.post(&format!("{path}/restore"), json!({})).await.expect(204);
    admin.delete(&hard).await.expect(204);
    admin.delete(&hard).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
    assert!(names(&ada, "?deleted=true").await.is_empty());
    let (third, _) = create(&ada, json!({ "name": "Third" })).await;
    assert_eq!(third["endpoint"], first["endpoint"], "it was free again");
}

#[tokio::test]
async fn a_copy_is_the_same_with_an_endpoint_and_a_token_of_its_own() {
    let app = App::start().await;
    let root = app.superuser().await;
    let _service = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let source = source(&ada, "notes").await;
    let (made, path) = create(&ada, json!({ "name": "Mine", "source_ids": [source] })).await;
    ada.patch(&format!("{path}/tools/add"), json!({ "name": "put" }))
        .await
        .expect(200);
    let duplicate = format!("{path}/duplicate");
    let bare = ada.send("POST", &duplicate, &[], Value::Null).await.expect(201);
    let named = ada.post(&duplicate, json!({ "name": "Other" })).await.expect(201);
    assert_eq!(
        (&bare["name"], &named["name"]),
        (&json!("Mine (copy)"), &json!("Other"))
    );
    for copy in [&bare, &named] {
        assert_eq!(copy["source_ids"], made["source_ids"]);
        assert_ne!(copy["endpoint"], made["endpoint"]);
        assert!(text(copy, "token").starts_with("mcp_token_") && copy["token"] != made["token"]);
        let tools = ada
            .get(&format!("/api/mcp-servers/{}/tools", text(copy, "id")))
            .await
            .expect(200);
        assert_eq!(tools["tools"][0]["name"], "put");
    }
    let long = ada.post(&duplicate, json!({ "name": "n".repeat(256) })).await;
    assert!(long.expect_error(422, "INVALID_FIELDS")["fields"]["name"].is_object());
    ada.post(&duplicate, json!({ "colour": "red" })).await.expect(422);
}

#[tokio::test]
async fn tokens_end_when_they_were_meant_to() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let (_, path) = create(&ada, json!({ "name": "Mine" })).await;
    let tokens = format!("{path}/tokens");
    let made = ada
        .post(
            &tokens,
            json!({ "name": "A week", "expires_at": "2999-01-01T00:00:00Z" }),
        )
        .await
        .expect(201);
    assert_eq!(made["expires_at"], "2999-01-01T00:00:00Z");
    assert_eq!(
        ada.post(&tokens, json!({ "name": "For ever" })).await.expect(201)["expires_at"],
        Value::Null
    );
    for bad in [
        json!("2000-01-01T00:00:00Z"),
        json!("tomorrow"),
        json!(7),
        json!("2999-01-01"),
    ] {
        let refused = ada
            .post(&tokens, json!({ "name": "x", "expires_at": bad }))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"]["expires_at"].is_object(), "{refused}");
    }
    let list = ada.get(&tokens).await;
    assert!(!String::from_utf8_lossy(&list.body).contains(&text(&made, "token")));
    assert_eq!(list.expect(200)["total"], 3);
}

#[tokio::test]
async fn tools_are_switched_renamed_redescribed_and_put_in_order() {
    let app = App::start().await;
    let root = app.superuser().await;
    let offered = json!([tool("add"), tool("order"), tool("a/b"), tool("list")]);
    let service = Upstream::connector(manifest(offered)).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let (_, path) = create(&ada, json!({ "name": "Mine", "connector_id": 1 })).await;
    let tools = format!("{path}/tools");
    let names = async || -> Vec<String> {
        let list = ada.get(&tools).await.expect(200);
        list["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| text(tool, "name"))
            .collect()
    };
    let off = ada
        .patch(&format!("{tools}/add"), json!({ "enabled": false }))
        .await
        .expect(200);
    assert_eq!((&off["enabled"], &off["status"]), (&json!(false), &json!("disabled")));
    let change = json!({ "name": "put", "description": "In other words" });
    let renamed = ada.patch(&format!("{tools}/add"), change).await.expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["default_name"], &renamed["description"]),
        (&json!("put"), &json!("add"), &json!("In other words"))
    );
    ada.patch(&format!("{tools}/add"), json!({ "enabled": true }))
        .await
        .expect_error(404, "TOOL_NOT_FOUND");
    ada.patch(&format!("{tools}/list"), json!({ "name": "put" }))
        .await
        .expect_error(409, "TOOL_NAME_TAKEN");

    // Whatever an upstream calls its tools, they can be reached.
    ada.patch(&format!("{tools}/a%2Fb"), json!({ "description": "x" }))
        .await
        .expect(200);
    let order = ada
        .patch(&format!("{tools}/order"), json!({ "enabled": false }))
        .await
        .expect(200);
    assert_eq!(order["name"], "order");
    ada.delete(&format!("{tools}/order")).await.expect(400);

    let ordered = ada
        .put(&format!("{tools}/order"), json!({ "names": ["list", "put"] }))
        .await
        .expect(200);
    assert_eq!(
        (&ordered["total"], &ordered["tools"][0]["name"]),
        (&json!(4), &json!("list"))
    );
    assert_eq!(names().await, ["list", "put", "order", "a/b"]);
    for bad in [json!(["list", "list"]), json!(["nothing"]), json!("list"), json!([7])] {
        let refused = ada
            .put(&format!("{tools}/order"), json!({ "names": bad }))
            .await
            .expect_error(422, "INVALID_FIELDS");
        let fields = refused["fields"].as_object().unwrap();
        assert!(fields.keys().all(|key| key.starts_with("names")), "{refused}");
    }
    ada.put(&format!("{tools}/order"), json!({ "names": [] }))
        .await
        .expect(200);
    let back = json!({ "name": null, "description": null, "enabled": true });
    ada.patch(&format!("{tools}/put"), back).await.expect(200);
    assert_eq!(names().await, ["add", "order", "a/b", "list"]);

    let eve = app.user("eve@example.org").await;
    for (method, path, body) in [
        ("PATCH", format!("{tools}/add"), json!({ "enabled": false })),
        ("PATCH", format!("{tools}/order"), json!({ "enabled": false })),
        ("PUT", format!("{tools}/order"), json!({ "names": [] })),
    ] {
        eve.send(method, &path, &[], body)
            .await
            .expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
}
