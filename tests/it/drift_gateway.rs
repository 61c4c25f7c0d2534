//! Made tools at the gateway while the connector that they are made from changes: its mode, its templates, its tools.

use crate::support::{
    Answer, App, Superuser, User,
    client::text,
    eventually,
    mcp::{Client, Endpoint, said},
    upstream::{Offer, Upstream, manifest, tool},
};
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

/// A connector with the tool `list` and the template `find`, and somebody's server with a tool `find_cheese` made from it.
struct Scene {
    app: App,
    root: Superuser,
    ada: User,
    service: Upstream,
    offer: Offer,
    connector: Value,
    server: Value,
}

fn offered(schema: Value) -> Value {
    let mut offer = manifest(json!([tool("list")]));
    offer["templates"] = json!({ "find": { "description": "Finds notes", "inputSchema": schema } });
    offer
}

fn schema() -> Value {
    json!({ "type": "object", "properties": {
        "query": { "type": "string" },
        "limit": { "type": "integer", "maximum": 50, "description": "How many at most" },
    } })
}

impl Scene {
    async fn set(variables: &[(&str, &str)]) -> Self {
        let app = App::with(variables).await;
        let root = app.superuser().await;
        let (service, offer) = Upstream::changing(offered(schema())).await;
        let connector = root.active_connector("notes", &service.manifest_url()).await;
        let ada = app.user("ada@example.org").await;
        let server = ada.create_server(&connector, json!({})).await;
        let scene = Self {
            app,
            root,
            ada,
            service,
            offer,
            connector,
            server,
        };
        let new = json!({
            "name": "find_cheese", "template": "find",
            "template_args": { "query": "cheese {kind}", "limit": "{max}" },
        });
        scene.ada.post(&scene.path("tools"), new).await.expect(201);
        scene
    }

    fn path(&self, of_server: &str) -> String {
        format!("/api/mcp-servers/{}/{of_server}", text(&self.server, "id"))
    }

    /// A client of each era.
    async fn clients(&self) -> [Client; 2] {
        let endpoint = Endpoint::of(&self.app, &self.server);
        [endpoint.legacy_client().await, endpoint.modern_client().await]
    }

    async fn sync(&self) {
        self.root.post("/api/connectors/1/sync", json!({})).await.expect(200);
    }
}

fn arguments() -> Value {
    json!({ "kind": "blue", "max": 3 })
}

fn names(tools: &Value) -> Vec<&str> {
    let tools = tools.as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn clients_of_either_era_see_a_made_tool_as_any_other_and_call_it() {
    let scene = Scene::set(&[]).await;
    for client in scene.clients().await {
        let tools = client.tools().await;
        assert_eq!(names(&tools), ["list", "find_cheese"]);
        assert_eq!(
            tools[1]["inputSchema"]["properties"],
            json!({
                "kind": { "type": "string" },
                "max": { "type": "integer", "maximum": 50, "description": "How many at most" },
            })
        );
        let answer = client.call("find_cheese", arguments()).await;
        assert_ne!(answer.is_error, Some(true), "{answer:?}");
        let sent = scene.service.calls("tools/call").pop().unwrap();
        assert_eq!(sent["params"]["name"], "find");
        assert_eq!(
            sent["params"]["arguments"],
            json!({ "query": "cheese blue", "limit": 3 })
        );
        for (arguments, expected) in [
            (json!({ "kind": "blue" }), "'max' is missing"),
            (json!({ "kind": "blue", "max": 3, "limit": 50 }), "no argument 'limit'"),
        ] {
            let refused = client.call("find_cheese", arguments).await;
            assert_eq!(refused.is_error, Some(true));
            assert!(said(&refused).contains(expected), "{}", said(&refused));
        }
    }
    assert_eq!(scene.service.calls("tools/call").len(), 2);
}

#[tokio::test]
async fn a_made_tool_can_be_tried_on_the_dashboard() {
    let scene = Scene::set(&[]).await;
    let id = text(&scene.server, "id");
    let form = [
        ("server_id", id.as_str()),
        ("tool", "find_cheese"),
        ("arguments[kind]", "blue"),
        ("arguments[max]", "3"),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = scene
        .ada
        .request(Method::POST, "/fn/servers/try-tool")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(body);
    let trial = Answer::of(request).await.expect(200);
    assert_eq!(trial["is_error"], false, "{trial}");
    let sent = scene.service.calls("tools/call").pop().unwrap();
    assert_eq!(
        sent["params"]["arguments"],
        json!({ "query": "cheese blue", "limit": 3 })
    );
}

#[tokio::test]
async fn a_template_with_another_schema_blocks_what_is_made_from_it_until_it_is_accepted_or_taken_back() {
    let scene = Scene::set(&[]).await;
    let [legacy, modern] = scene.clients().await;
    let before = legacy.tools().await;
    let mut changed = schema();
    changed["properties"]["query"]["description"] = json!("Also a path of a file to read");
    scene.offer.set(offered(changed));
    scene.sync().await;
    eventually(async || legacy.call("find_cheese", arguments()).await.is_error == Some(true)).await;
    for client in [&legacy, &modern] {
        let sentence = said(&client.call("find_cheese", arguments()).await);
        for words in ["'notes'", "the template of the tool 'find_cheese'", "superuser"] {
            assert!(sentence.contains(words), "{sentence}");
        }
        assert_eq!(client.tools().await, before, "what was approved stays listed");
        assert_ne!(client.call("list", json!({})).await.is_error, Some(true));
    }
    let refused = scene.root.post("/api/connectors/1/changes/refuse", json!({})).await;
    refused.expect(200);
    for client in [&legacy, &modern] {
        let answer = client.call("find_cheese", arguments()).await;
        assert_eq!(
            answer.is_error,
            Some(true),
            "what was refused isn't called under the old words"
        );
        assert_eq!(client.tools().await, before, "what was refused is not in force");
    }
    scene.offer.set(offered(schema()));
    scene.sync().await;
    eventually(async || legacy.call("find_cheese", arguments()).await.is_error != Some(true)).await;
}

#[tokio::test]
async fn where_drift_only_pins_a_made_tools_calls_go_on() {
    let scene = Scene::set(&[("PATCHBAY_DRIFT", "pin")]).await;
    let [legacy, modern] = scene.clients().await;
    scene.offer.set(offered(json!({ "type": "object" })));
    scene.sync().await;
    for client in [legacy, modern] {
        assert_eq!(names(&client.tools().await), ["list", "find_cheese"]);
        assert_ne!(client.call("find_cheese", arguments()).await.is_error, Some(true));
    }
}

#[tokio::test]
async fn in_sync_mode_a_made_tool_follows_its_template_within_a_list() {
    let scene = Scene::set(&[]).await;
    scene.root.set_mode(&scene.connector, "sync").await;
    let [legacy, modern] = scene.clients().await;
    let mut changed = schema();
    changed["properties"]["limit"] = json!({ "type": "string", "description": "A number or 'all'" });
    scene.offer.set(offered(changed.clone()));
    scene.app.clock.advance(Duration::seconds(61));
    let max = async |client: &Client| client.tools().await[1]["inputSchema"]["properties"]["max"].clone();
    eventually(async || max(&legacy).await == changed["properties"]["limit"]).await;
    assert_eq!(max(&modern).await, changed["properties"]["limit"]);
    scene.offer.set(manifest(json!([tool("list"), tool("find_cheese")])));
    scene.app.clock.advance(Duration::seconds(61));
    // The modern client keeps its list for a minute, and its clock is another.
    let tools = legacy.tools().await;
    assert_eq!(
        names(&tools),
        ["list"],
        "the name doesn't come to mean the connector's own tool"
    );
    let sentence = said(&legacy.call("find_cheese", arguments()).await);
    assert!(sentence.contains("template 'find' any more"), "{sentence}");
    let shown = scene.ada.get(&scene.path("tools")).await.expect(200)["tools"].clone();
    let told: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| {
            (
                text(tool, "default_name"),
                text(tool, "status"),
                tool["dynamic"] == true,
            )
        })
        .collect();
    let expected = [
        ("list", "offered", false),
        ("find_cheese", "shadowed", false),
        ("find_cheese", "template_gone", true),
    ];
    assert_eq!(
        told,
        expected.map(|(name, status, made)| (name.to_owned(), status.to_owned(), made))
    );
    let handle = text(&shown[1], "name");
    assert!(handle.starts_with("find_cheese~"), "{handle}");
    let path = format!("{}/{handle}", scene.path("tools"));
    scene
        .ada
        .patch(&path, json!({ "name": "their_cheese" }))
        .await
        .expect(200);
    eventually(async || names(&legacy.tools().await) == ["list", "their_cheese"]).await;
}

#[tokio::test]
async fn a_deactive_connectors_templates_offer_nothing() {
    let scene = Scene::set(&[]).await;
    let [legacy, modern] = scene.clients().await;
    scene.root.set_mode(&scene.connector, "deactive").await;
    eventually(async || legacy.tools().await == json!([])).await;
    assert_eq!(modern.tools().await, json!([]));
    for client in [&legacy, &modern] {
        let sentence = said(&client.call("find_cheese", arguments()).await);
        assert!(sentence.contains("not activated"), "{sentence}");
    }
    assert!(scene.service.calls("tools/call").is_empty());
    let shown = scene.ada.get(&scene.path("tools")).await.expect(200);
    assert_eq!(
        names(&shown["tools"]),
        ["list", "find_cheese"],
        "its owner can still delete it"
    );
    assert_eq!(shown["tools"][1]["status"], "switched_off");
}
