//! Users' own MCP servers, by the API.

use crate::support::{
    App, Superuser, User,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use futures::future::join_all;
use serde_json::{Value, json};

async fn notes(root: &Superuser) -> (Upstream, Value) {
    let service = Upstream::connector(manifest(json!([tool("add"), tool("list")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    (service, connector)
}

async fn configurable(root: &Superuser) -> (Upstream, Value) {
    let mut offer = manifest(json!([tool("add")]));
    offer["config"] = json!({ "params": {
        "type": "object",
        "required": ["notebook"],
        "additionalProperties": false,
        "properties": {
            "notebook": { "type": "string", "minLength": 2 },
            "pages": { "type": "integer" },
            "key": { "type": "string", "format": "password" },
        },
    }});
    let service = Upstream::connector(offer).await;
    let connector = root.active_connector("configurable", &service.manifest_url()).await;
    (service, connector)
}

#[tokio::test]
async fn a_new_server_is_answered_with_its_endpoint_and_the_one_sight_of_its_token() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let server = ada.create_server(&connector, json!({})).await;
    assert_eq!(
        server["endpoint"],
        format!("http://localhost:{}/mcp/1", app.url.port().unwrap())
    );
    let token = text(&server, "token");
    assert!(token.starts_with("mcp_token_") && token.len() >= 50, "{token}");
    assert_eq!(
        (&server["name"], &server["connector"]["name"]),
        (&json!("Mine"), &json!("notes"))
    );

    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    for path in [
        path.clone(),
        "/api/mcp-servers".into(),
        format!("{path}/tokens"),
        format!("{path}/tools"),
    ] {
        let answer = ada.get(&path).await;
        assert!(
            !String::from_utf8_lossy(&answer.body).contains(&token),
            "{path} shows the token again"
        );
        answer.expect(200);
    }
    let stored = app
        .database
        .texts("SELECT mcp_server_tokens::text FROM mcp_server_tokens")
        .await
        .join("");
    assert!(!stored.contains(&token["mcp_token_".len()..]));
}

#[tokio::test]
async fn a_server_is_made_from_an_active_connector_only() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("waiting").await;
    let ada = app.user("ada@example.org").await;
    let new = |id: Value| json!({ "name": "Mine", "connector_id": id });
    ada.post("/api/mcp-servers", new(json!(1)))
        .await
        .expect_error(409, "CONNECTOR_NOT_ACTIVE");
    ada.post("/api/mcp-servers", new(json!(2)))
        .await
        .expect_error(404, "CONNECTOR_NOT_FOUND");
    let unlike = json!({ "name": "Mine", "configuration": { "notebook": "mine" } });
    let refused = ada.post("/api/mcp-servers", unlike).await;
    assert!(refused.expect_error(422, "INVALID_FIELDS")["fields"]["configuration"].is_object());
    assert!(
        app.database.texts("SELECT name FROM mcp_servers").await.is_empty(),
        "nothing was written"
    );
}

#[tokio::test]
async fn what_can_not_be_a_server_is_refused_by_field() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = configurable(&root).await;
    let good = json!({ "notebook": "mine" });
    for (name, configuration, field) in [
        ("", good.clone(), "name"),
        (&*"n".repeat(256), good.clone(), "name"),
        ("a", json!({}), "configuration.notebook"),
        ("a", json!({ "notebook": 7 }), "configuration.notebook"),
        ("a", json!({ "notebook": "x" }), "configuration.notebook"),
        (
            "a",
            json!({ "notebook": "mine", "pages": "many" }),
            "configuration.pages",
        ),
        ("a", json!({ "notebook": "mine", "colour": "red" }), "configuration"),
        ("a", json!("x"), "configuration"),
    ] {
        let new = json!({ "name": name, "connector_id": connector["id"], "configuration": configuration });
        let body = root
            .post("/api/mcp-servers", &new)
            .await
            .expect_error(422, "INVALID_FIELDS");
        let fields = body["fields"].as_object().unwrap();
        assert!(fields.keys().any(|key| key.starts_with(field)), "{new}: {body}");
    }
    let new = json!({ "name": "a", "connector_id": connector["id"], "configuration": good });
    root.post("/api/mcp-servers", new).await.expect(201);
}

#[tokio::test]
async fn a_secret_of_the_configuration_is_never_shown_again() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = configurable(&root).await;
    let server = root
        .create_server(&connector, json!({ "notebook": "mine", "key": "hunter2hunter2" }))
        .await;
    assert_eq!(
        server["configuration"],
        json!({ "notebook": "mine", "key": "********" })
    );
    let shown = root.get(&format!("/api/mcp-servers/{}", text(&server, "id"))).await;
    assert!(!String::from_utf8_lossy(&shown.body).contains("hunter2"));
    assert!(
        !app.database
            .texts("SELECT mcp_servers::text FROM mcp_servers")
            .await
            .join("")
            .contains("hunter2")
    );
}

#[tokio::test]
async fn each_server_gets_the_first_free_endpoint_of_the_pool_until_there_is_none() {
    let pool = "https://b.example/x, https://a.example";
    let app = App::with(&[("MCP_GATEWAY_URL_POOLS", pool)]).await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let endpoints = [
        root.create_server(&connector, json!({})).await,
        root.create_server(&connector, json!({})).await,
    ];
    let endpoints: Vec<String> = endpoints.iter().map(|server| text(server, "endpoint")).collect();
    assert_eq!(endpoints, ["https://b.example/x", "https://a.example"]);

    let new = json!({ "name": "one too many", "connector_id": connector["id"] });
    let body = root
        .post("/api/mcp-servers", &new)
        .await
        .expect_error(503, "POOL_EXHAUSTED");
    assert_eq!(body["detail"], "No available domains in MCP_GATEWAY_URL_POOLS");
    assert_eq!(root.get("/api/mcp-servers").await.expect(200)["total"], 2);
    let bad = json!({ "name": "", "connector_id": connector["id"] });
    root.post("/api/mcp-servers", bad).await.expect(422);
}

#[tokio::test]
async fn the_same_endpoint_is_never_given_twice_however_many_ask_at_once() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let made = join_all((0..12).map(|_| root.create_server(&connector, json!({})))).await;
    let endpoints: std::collections::BTreeSet<String> = made.iter().map(|server| text(server, "endpoint")).collect();
    assert_eq!(endpoints.len(), 12);
}

#[tokio::test]
async fn nobody_has_more_servers_than_allowed_and_deleted_ones_count() {
    let app = App::with(&[("PATCHBAY_SERVERS_PER_USER", "2")]).await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let first = ada.create_server(&connector, json!({})).await;
    ada.create_server(&connector, json!({})).await;
    ada.delete(&format!("/api/mcp-servers/{}", text(&first, "id")))
        .await
        .expect(204);
    let new = json!({ "name": "third", "connector_id": connector["id"] });
    ada.post("/api/mcp-servers", new)
        .await
        .expect_error(409, "MCP_SERVER_LIMIT_REACHED");
    root.create_server(&connector, json!({})).await;
}

#[tokio::test]
async fn a_deleted_server_is_gone_for_its_owner_and_keeps_its_endpoint() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let server = root.create_server(&connector, json!({})).await;
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    root.delete(&path).await.expect(204);
    for path in [path.clone(), format!("{path}/tools"), format!("{path}/tokens")] {
        root.get(&path).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
    root.delete(&path).await.expect(404);
    assert_eq!(root.get("/api/mcp-servers").await.expect(200)["total"], 0);
    let next = root.create_server(&connector, json!({})).await;
    assert!(text(&next, "endpoint").ends_with("/mcp/2"));
}

#[tokio::test]
async fn tokens_are_made_named_listed_and_revoked() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let (_service, connector) = notes(&app.superuser().await).await;
    let server = ada.create_server(&connector, json!({})).await;
    let path = format!("/api/mcp-servers/{}/tokens", text(&server, "id"));
    let made = ada.post(&path, json!({ "name": "laptop" })).await.expect(201);
    assert!(text(&made, "token").starts_with("mcp_token_"));
    let list = ada.get(&path).await.expect(200);
    assert_eq!(list["total"], 2);
    let laptop = list["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "laptop")
        .unwrap()
        .clone();
    assert!(text(&made, "token").starts_with(laptop["prefix"].as_str().unwrap()));

    let one = format!("{path}/{}", text(&made, "id"));
    ada.delete(&one).await.expect(204);
    ada.delete(&one).await.expect_error(404, "TOKEN_NOT_FOUND");
    assert_eq!(ada.get(&path).await.expect(200)["total"], 1);
    for bad in [json!({ "name": "" }), json!({ "name": "x", "admin": true }), json!({})] {
        ada.post(&path, bad).await.expect_error(422, "INVALID_FIELDS");
    }
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_there() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let ada = app.user("ada@example.org").await;
    let server = ada.create_server(&connector, json!({})).await;
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    let tokens = ada.get(&format!("{path}/tokens")).await.expect(200);
    let token = format!("{path}/tokens/{}", text(&tokens["tokens"][0], "id"));
    let eve = app.user("eve@example.org").await;
    // A superuser keeps the catalogue, not other people's servers.
    for other in [&eve, &root as &User] {
        for path in [path.clone(), format!("{path}/tools"), format!("{path}/tokens")] {
            other.get(&path).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
        }
        other
            .post(&format!("{path}/tokens"), json!({ "name": "mine" }))
            .await
            .expect(404);
        other.delete(&token).await.expect(404);
        other.delete(&path).await.expect(404);
        assert_eq!(other.get("/api/mcp-servers").await.expect(200)["total"], 0);
    }
    for id in ["x", "1", "00000000-0000-0000-0000-000000000000"] {
        ada.get(&format!("/api/mcp-servers/{id}"))
            .await
            .expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
    ada.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_servers_tools_are_those_of_its_connector_in_its_order() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, connector) = notes(&root).await;
    let server = root.create_server(&connector, json!({})).await;
    let list = root
        .get(&format!("/api/mcp-servers/{}/tools", text(&server, "id")))
        .await
        .expect(200);
    let names: Vec<&str> = list["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!((names, list["total"].as_u64()), (vec!["add", "list"], Some(2)));
}
