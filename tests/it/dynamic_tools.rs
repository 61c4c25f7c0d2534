//! Tools that a server's owner makes from its connector's templates.

use crate::support::{
    App, Superuser, User,
    client::text,
    eventually,
    mcp::{Endpoint, message},
    upstream::{Offer, Upstream, manifest, tool},
};
use futures::future::join_all;
use serde_json::{Value, json};

struct Scene {
    app: App,
    root: Superuser,
    ada: User,
    service: Upstream,
    offer: Offer,
    server: Value,
    tools: String,
}

fn offered() -> Value {
    let mut offer = manifest(json!([tool("list"), tool("search")]));
    offer["templates"] = json!([{
        "name": "find",
        "description": "Finds notes",
        "inputSchema": {
            "type": "object",
            "properties": { "query": { "type": "string" }, "limit": { "type": "integer" } },
            "required": ["query"],
        },
    }]);
    offer
}

impl Scene {
    async fn set() -> Self {
        let app = App::start().await;
        let root = app.superuser().await;
        let (service, offer) = Upstream::changing(offered()).await;
        let connector = root.active_connector("notes", &service.manifest_url()).await;
        let ada = app.user("ada@example.org").await;
        let server = ada.create_server(&connector, json!({})).await;
        let tools = format!("/api/mcp-servers/{}/tools", text(&server, "id"));
        Self {
            app,
            root,
            ada,
            service,
            offer,
            server,
            tools,
        }
    }
}

fn about_cheese() -> Value {
    json!({
        "name": "find_cheese", "description": "Finds what was said about a cheese", "template": "find",
        "template_args": { "query": "cheese {kind}", "limit": 5 },
    })
}

#[tokio::test]
async fn templates_are_listed_with_their_schemas_at_the_connector_and_at_the_server() {
    let scene = Scene::set().await;
    let templates = format!("/api/mcp-servers/{}/templates", text(&scene.server, "id"));
    let find = json!({
        "name": "find", "description": "Finds notes", "input_schema": offered()["templates"][0]["inputSchema"],
    });
    let mut of_server = find.clone();
    of_server["source_id"] = Value::Null;
    for (path, expected) in [("/api/connectors/1/templates", find), (&templates, of_server)] {
        let list = scene.ada.get(path).await.expect(200);
        assert_eq!(
            list,
            json!({ "templates": [expected], "total": 1, "next_cursor": null }),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_template_becomes_a_tool_that_clients_call_with_what_was_left_open() {
    let scene = Scene::set().await;
    let endpoint = Endpoint::of(&scene.app, &scene.server);
    let made = scene.ada.post(&scene.tools, about_cheese()).await.expect(201);
    assert_eq!(
        (&made["name"], &made["dynamic"], &made["description"]),
        (
            &json!("find_cheese"),
            &json!(true),
            &json!("Finds what was said about a cheese")
        )
    );
    assert!(made["input_schema"]["properties"]["kind"].is_object(), "{made}");
    let listed = scene.ada.get(&scene.tools).await.expect(200);
    let names: Vec<(&str, bool)> = listed["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| (tool["name"].as_str().unwrap(), tool["dynamic"] == true))
        .collect();
    assert_eq!(names, [("list", false), ("search", false), ("find_cheese", true)]);

    eventually(async || message(&endpoint.modern("tools/list", json!({})).await).contains("find_cheese")).await;
    let call = json!({ "name": "find_cheese", "arguments": { "kind": "{name} \"blue\"" } });
    endpoint.modern("tools/call", call).await.expect(200);
    let arrived = scene.service.calls("tools/call").pop().expect("it was called");
    assert_eq!(arrived["params"]["name"], "find");
    assert_eq!(
        arrived["params"]["arguments"],
        json!({ "query": "cheese {name} \"blue\"", "limit": 5 }),
        "filled in once"
    );

    let one = format!("{}/find_cheese", scene.tools);
    scene.ada.delete(&one).await.expect(204);
    scene.ada.delete(&one).await.expect_error(404, "TOOL_NOT_FOUND");
    assert_eq!(scene.ada.get(&scene.tools).await.expect(200)["total"], 2);
    eventually(async || !message(&endpoint.modern("tools/list", json!({})).await).contains("find_cheese")).await;
}

#[tokio::test]
async fn only_tools_that_were_made_can_be_deleted() {
    let scene = Scene::set().await;
    let refused = scene
        .ada
        .delete(&format!("{}/list", scene.tools))
        .await
        .expect_error(400, "STATIC_TOOL");
    assert!(refused["detail"].as_str().unwrap().contains("list"), "{refused}");
    for name in ["nothing", "List", "%20", "%ff", &"n".repeat(5000)] {
        let answer = scene.ada.delete(&format!("{}/{name}", scene.tools)).await;
        assert_eq!(answer.expect(404)["status"], 404, "{name}");
    }
    assert_eq!(scene.ada.get(&scene.tools).await.expect(200)["total"], 2);
}

#[tokio::test]
async fn what_can_not_be_a_tool_is_refused_by_field() {
    let scene = Scene::set().await;
    let with = |field: &str, value: Value| {
        let mut new = about_cheese();
        new[field] = value;
        new
    };
    let without = |field: &str| {
        let mut new = about_cheese();
        new.as_object_mut().unwrap().remove(field);
        new
    };
    for (new, field) in [
        (with("name", json!("")), "name"),
        (with("name", json!("two words")), "name"),
        (with("name", json!("n".repeat(65))), "name"),
        (with("name", json!("naïve")), "name"),
        (with("name", json!("..")), "name"),
        (with("name", json!(7)), "name"),
        (without("name"), "name"),
        (with("template", json!("nothing")), "template"),
        (with("template", json!("")), "template"),
        (without("template"), "template"),
        (with("template_args", json!("x")), "template_args"),
        (with("template_args", json!([1])), "template_args"),
        (with("description", json!("d".repeat(100_000))), "description"),
        (with("colour", json!("red")), "colour"),
        (json!([about_cheese()]), "body"),
    ] {
        let refused = scene
            .ada
            .post(&scene.tools, &new)
            .await
            .expect_error(422, "INVALID_FIELDS");
        let fields = refused["fields"].as_object().unwrap();
        assert!(fields.keys().any(|name| name.starts_with(field)), "{field}: {refused}");
    }
    // An argument that the template doesn't take, or of another kind.
    let wrong = with("template_args", json!({ "query": "x", "limit": "many" }));
    let refused = scene
        .ada
        .post(&scene.tools, &wrong)
        .await
        .expect_error(422, "INVALID_FIELDS");
    let fields = refused["fields"].as_object().unwrap();
    assert!(fields.keys().any(|name| name.starts_with("template_args")), "{refused}");
    assert_eq!(scene.ada.get(&scene.tools).await.expect(200)["total"], 2);
}

#[tokio::test]
async fn a_servers_tools_have_names_of_their_own_however_many_ask_at_once() {
    let scene = Scene::set().await;
    let mut taken = about_cheese();
    taken["name"] = json!("list");
    scene
        .ada
        .post(&scene.tools, &taken)
        .await
        .expect_error(409, "TOOL_NAME_TAKEN");
    let answers = join_all((0..6).map(|_| scene.ada.post(&scene.tools, about_cheese()))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    // Another server of the same connector has names of its own.
    let connector = scene.root.get("/api/connectors/1").await.expect(200);
    let second = scene.ada.create_server(&connector, json!({})).await;
    let tools = format!("/api/mcp-servers/{}/tools", text(&second, "id"));
    scene.ada.post(&tools, about_cheese()).await.expect(201);
}

#[tokio::test]
async fn other_peoples_servers_are_not_there() {
    let scene = Scene::set().await;
    scene.ada.post(&scene.tools, about_cheese()).await.expect(201);
    let templates = format!("/api/mcp-servers/{}/templates", text(&scene.server, "id"));
    let one = format!("{}/find_cheese", scene.tools);
    let eve = scene.app.user("eve@example.org").await;
    // A superuser keeps the catalogue, not other people's servers.
    for other in [&*eve, &**scene.root] {
        other
            .post(&scene.tools, about_cheese())
            .await
            .expect_error(404, "MCP_SERVER_NOT_FOUND");
        other.get(&templates).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
        other.delete(&one).await.expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
    for id in ["x", "00000000-0000-0000-0000-000000000000"] {
        scene
            .ada
            .post(&format!("/api/mcp-servers/{id}/tools"), about_cheese())
            .await
            .expect_error(404, "MCP_SERVER_NOT_FOUND");
    }
    assert_eq!(scene.ada.get(&scene.tools).await.expect(200)["total"], 3);
}

#[tokio::test]
async fn a_tool_whose_template_is_gone_says_so_when_it_is_called() {
    let scene = Scene::set().await;
    let endpoint = Endpoint::of(&scene.app, &scene.server);
    scene.ada.post(&scene.tools, about_cheese()).await.expect(201);
    let mut offer = offered();
    offer["templates"] = json!([]);
    scene.offer.set(offer);
    scene.root.post("/api/connectors/1/sync", json!({})).await.expect(200);
    scene
        .root
        .post("/api/connectors/1/changes/accept", json!({}))
        .await
        .expect(200);
    eventually(async || !message(&endpoint.modern("tools/list", json!({})).await).contains("find_cheese")).await;
    let call = json!({ "name": "find_cheese", "arguments": { "kind": "blue" } });
    let answer = message(&endpoint.modern("tools/call", call).await);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert!(
        answer["result"]["isError"] == true || answer["error"].is_object(),
        "{answer}"
    );
    assert!(answer.to_string().contains("template"), "{answer}");
    assert!(scene.service.calls("tools/call").is_empty());
    scene
        .ada
        .delete(&format!("{}/find_cheese", scene.tools))
        .await
        .expect(204);
}
