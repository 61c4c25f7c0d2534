//! Servers of several sources as MCP clients see them: names, configurations, what their owner makes of the tools, and that none
//! takes the others along.

use crate::support::{
    App, Superuser, User,
    client::text,
    eventually,
    mcp::{Client, Endpoint, message, said},
    upstream::{Upstream, manifest, mcp, mcp_that_waits, nobody, raw, tool},
};
use axum::{
    Json, Router,
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

/// A connector whose sources say which notebook they use, and with which key.
fn notes() -> Value {
    let mut offer = manifest(json!([tool("list"), tool("add")]));
    offer["templates"] = json!([{ "name": "find", "inputSchema": {
        "type": "object", "properties": { "query": { "type": "string" } }
    } }]);
    offer["config"] = json!({ "params": { "type": "object", "properties": {
        "notebook": { "type": "string" },
        "key": { "type": "string", "writeOnly": true },
    } } });
    offer
}

async fn connector(root: &Superuser, name: &str, offer: Value) -> (Upstream, Value) {
    let service = Upstream::connector(offer).await;
    let connector = root.active_connector(name, &service.manifest_url()).await;
    (service, connector)
}

async fn source(user: &User, kind: &str, metadata: Value) -> String {
    let new = json!({ "type": kind, "source_metadata": metadata });
    text(&user.post("/api/sources", new).await.expect(201), "id")
}

/// A server that is made from these sources, and where its tools are.
async fn server(user: &User, sources: &[&String]) -> (Value, String) {
    let new = json!({ "name": "Mine", "source_ids": sources });
    let made = user.post("/api/mcp-servers", new).await.expect(201);
    let tools = format!("/api/mcp-servers/{}/tools", text(&made, "id"));
    (made, tools)
}

fn names(tools: &Value) -> Vec<String> {
    let tools = tools.as_array().unwrap().iter();
    tools.map(|tool| text(tool, "name")).collect()
}

async fn becomes(client: &Client, expected: &[&str]) {
    eventually(async || names(&client.tools().await) == expected).await;
}

/// What the last call carried as its source.
fn carried(service: &Upstream) -> Value {
    let call = service.calls("tools/call").pop().expect("it was called");
    call["params"]["_meta"]["dev.patchbay/source"].clone()
}

#[tokio::test]
async fn two_sources_of_one_connector_are_called_with_their_own_configurations() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, _) = connector(&root, "notes", notes()).await;
    let ada = app.user("ada@example.org").await;
    let work = source(&ada, "notes", json!({ "notebook": "work", "key": "k-work" })).await;
    let home = source(&ada, "notes", json!({ "notebook": "home", "key": "k-home" })).await;
    let (made, _) = server(&ada, &[&work, &home]).await;
    let endpoint = Endpoint::of(&app, &made);
    for client in [endpoint.legacy_client().await, endpoint.modern_client().await] {
        assert_eq!(
            names(&client.tools().await),
            ["list", "add", "notes__list", "notes__add"]
        );
        for (name, id, notebook) in [("list", &work, "work"), ("notes__list", &home, "home")] {
            let answer = client.call(name, json!({})).await;
            assert_ne!(answer.is_error, Some(true), "{answer:?}");
            assert_eq!(
                carried(&service),
                json!({ "id": id, "type": "notes", "metadata": { "notebook": notebook, "key": format!("k-{notebook}") } })
            );
        }
    }

    // What changes is called with at once, and what a client says of it counts for nothing.
    let path = format!("/api/sources/{home}");
    let change = json!({ "source_metadata": { "notebook": "garden", "key": "********" } });
    ada.patch(&path, change).await.expect(200);
    eventually(async || {
        let forged =
            json!({ "name": "notes__list", "_meta": { "dev.patchbay/source": { "id": work, "metadata": {} } } });
        endpoint.modern("tools/call", forged).await.expect(200);
        carried(&service)["metadata"]["notebook"] == "garden"
    })
    .await;
    let sent = carried(&service);
    assert_eq!(
        (&sent["id"], &sent["metadata"]["key"]),
        (&json!(home), &json!("k-home"))
    );
}

#[tokio::test]
async fn two_users_sources_of_one_connector_never_meet() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, _) = connector(&root, "notes", notes()).await;
    let (ada, eve) = (app.user("ada@example.org").await, app.user("eve@example.org").await);
    let hers = source(&ada, "notes", json!({ "notebook": "ada", "key": "k-ada" })).await;
    let other = source(&eve, "notes", json!({ "notebook": "eve" })).await;
    let new = json!({ "name": "Theirs", "source_ids": [hers] });
    assert_eq!(
        eve.post("/api/mcp-servers", new).await.status,
        400,
        "it isn't hers to use"
    );
    let (of_ada, _) = server(&ada, &[&hers]).await;
    let (of_eve, _) = server(&eve, &[&other]).await;
    let endpoint = Endpoint::of(&app, &of_eve);
    let stolen = json!({ "id": hers, "type": "notes", "metadata": { "notebook": "ada" } });
    let call = json!({ "name": "list", "arguments": {}, "_meta": { "dev.patchbay/source": stolen, "mine": 1 } });
    let session = endpoint.initialize().await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call }).to_string();
    for legacy in [true, false] {
        if legacy {
            endpoint.in_session(&session, &body).await.expect(200);
        } else {
            endpoint.modern("tools/call", call.clone()).await.expect(200);
        }
        assert_eq!(
            carried(&service),
            json!({ "id": other, "type": "notes", "metadata": { "notebook": "eve" } })
        );
    }
    let client = Endpoint::of(&app, &of_ada).legacy_client().await;
    client.call("list", json!({})).await;
    assert_eq!(
        carried(&service)["metadata"],
        json!({ "notebook": "ada", "key": "k-ada" })
    );
}

#[tokio::test]
async fn what_an_owner_makes_of_the_tools_is_what_clients_get() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, _) = connector(&root, "notes", notes()).await;
    let (mail, _) = connector(&root, "mail", manifest(json!([tool("send")]))).await;
    let ada = app.user("ada@example.org").await;
    let one = source(&ada, "notes", json!({ "notebook": "one" })).await;
    let two = source(&ada, "mail", json!({})).await;
    let (made, tools) = server(&ada, &[&one, &two]).await;
    let endpoint = Endpoint::of(&app, &made);
    let client = endpoint.legacy_client().await;
    assert_eq!(names(&client.tools().await), ["list", "add", "mail__send"]);
    let set = async |name: &str, change: Value| ada.patch(&format!("{tools}/{name}"), change).await.expect(200);

    let began = Instant::now();
    set("add", json!({ "enabled": false })).await;
    becomes(&client, &["list", "mail__send"]).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it doesn't take a look around"
    );
    let call = json!({ "name": "add", "arguments": {} });
    let refused = message(&endpoint.modern("tools/call", call).await);
    assert!(
        refused.contains("-32602"),
        "it is as unknown as what never was: {refused}"
    );

    set("mail__send", json!({ "name": "post", "description": "Sends a letter" })).await;
    becomes(&client, &["list", "post"]).await;
    let listed = client.tools().await[1].clone();
    assert_eq!(listed["description"], "Sends a letter");
    assert_eq!(listed["inputSchema"], tool("send")["inputSchema"]);
    assert_ne!(client.call("post", json!({ "to": "x" })).await.is_error, Some(true));
    let sent = mail.calls("tools/call").pop().unwrap();
    assert_eq!(sent["params"]["name"], "send");
    assert_eq!(sent["params"]["arguments"], json!({ "to": "x" }));

    ada.put(&format!("{tools}/order"), json!({ "names": ["post", "add"] }))
        .await
        .expect(200);
    becomes(&client, &["post", "list"]).await;
    set("add", json!({ "enabled": true })).await;
    becomes(&client, &["post", "add", "list"]).await;
    set("post", json!({ "name": null, "description": "" })).await;
    becomes(&client, &["mail__send", "add", "list"]).await;
    assert_eq!(client.tools().await[0]["description"], "Does send");

    // From a source's template, with the source's configuration.
    let new = json!({
        "name": "find_cheese", "template": "find", "source_id": one, "template_args": { "query": "cheese {kind}" },
    });
    ada.post(&tools, new).await.expect(201);
    becomes(&client, &["mail__send", "add", "list", "find_cheese"]).await;
    client.call("find_cheese", json!({ "kind": "blue" })).await;
    let sent = service.calls("tools/call").pop().unwrap();
    assert_eq!(
        (&sent["params"]["name"], &sent["params"]["arguments"]),
        (&json!("find"), &json!({ "query": "cheese blue" }))
    );
    assert_eq!(carried(&service)["metadata"]["notebook"], "one");

    let path = tools.trim_end_matches("/tools");
    ada.delete(&format!("{path}/sources/{one}")).await.expect(200);
    becomes(&client, &["mail__send"]).await;
    ada.put(&format!("{path}/sources/{one}"), json!({})).await.expect(200);
    becomes(&client, &["mail__send", "add", "list", "find_cheese"]).await;
    ada.delete(&format!("/api/sources/{one}")).await.expect(200);
    becomes(&client, &["mail__send"]).await;
}

#[tokio::test]
async fn a_source_gets_its_tools_when_its_connector_comes_and_loses_them_when_it_goes() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (_service, _) = connector(&root, "notes", notes()).await;
    let ada = app.user("ada@example.org").await;
    let (early, one) = (
        source(&ada, "mail", json!({})).await,
        source(&ada, "notes", json!({})).await,
    );
    let (made, _) = server(&ada, &[&early, &one]).await;
    let client = Endpoint::of(&app, &made).legacy_client().await;
    let without = ["notes__list", "notes__add"];
    assert_eq!(names(&client.tools().await), without);
    let (_mail, mail) = connector(&root, "mail", manifest(json!([tool("send")]))).await;
    let with = ["send", "notes__list", "notes__add"];
    becomes(&client, &with).await;
    root.set_mode(&mail, "deactive").await;
    becomes(&client, &without).await;
    let sentence = said(&client.call("send", json!({})).await);
    assert!(sentence.contains("'mail' is not activated"), "{sentence}");
    root.set_mode(&mail, "sync").await;
    becomes(&client, &with).await;
    let path = format!("/api/connectors/{}?force=true", mail["connector_id"]);
    root.delete(&path).await.expect(200);
    becomes(&client, &without).await;
}

#[tokio::test]
async fn a_dead_and_a_silent_upstream_take_no_other_along() {
    let app = App::start().await;
    let root = app.superuser().await;
    let tools = json!([tool("a")]).to_string();
    let offer = raw_manifest(&tools, None);
    let (routes, _gate) = mcp_that_waits(&tools);
    let silent = Upstream::serve(offer.merge(routes)).await;
    root.active_connector("silent", &silent.manifest_url()).await;
    let gone = nobody().await.replace("/connector.json", "/mcp");
    let dead = Upstream::serve(raw_manifest(&tools, Some(gone))).await;
    root.active_connector("dead", &dead.manifest_url()).await;
    let good = Upstream::serve(raw_manifest(&tools, None).merge(mcp(&tools, r#"{"content":[]}"#))).await;
    root.active_connector("good", &good.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let mut sources = Vec::new();
    for kind in ["silent", "dead", "good"] {
        sources.push(source(&ada, kind, json!({})).await);
    }
    let (made, _) = server(&ada, &sources.iter().collect::<Vec<_>>()).await;
    let endpoint = Endpoint::of(&app, &made);
    let client = endpoint.legacy_client().await;
    assert_eq!(names(&client.tools().await), ["a", "dead__a", "good__a"]);
    let held_up: Vec<_> = (0..200)
        .map(|_| {
            let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "a" } });
            tokio::spawn(endpoint.request().json(&call).send())
        })
        .collect();
    eventually(async || silent.calls("tools/call").len() >= 128).await;
    let began = Instant::now();
    assert_ne!(client.call("good__a", json!({})).await.is_error, Some(true));
    let sentence = said(&client.call("dead__a", json!({})).await);
    assert!(sentence.contains("'dead' could not be called"), "{sentence}");
    let sentence = said(&client.call("a", json!({})).await);
    assert!(sentence.contains("as many calls of this server running"), "{sentence}");
    assert_eq!(client.tools().await.as_array().unwrap().len(), 3);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(silent.calls("tools/call").len(), 128);
    for call in held_up {
        call.abort();
    }
}

/// A manifest with these tools, whose calls go elsewhere.
fn raw_manifest(tools: &str, mcp_url: Option<String>) -> Router {
    let mcp_url = mcp_url.map_or_else(String::new, |url| format!(r#","mcp_url":"{url}""#));
    let manifest = format!(r#"{{"name":"fixture","tools":{tools}{mcp_url}}}"#);
    Router::new().route("/connector.json", get(move || async move { raw(manifest) }))
}

/// An MCP endpoint whose calls are answered by a stream that has begun and doesn't end.
async fn talks_for_ever(Json(request): Json<Value>) -> Response {
    let (id, method) = (&request["id"], request["method"].as_str().unwrap_or_default());
    let answer = |key: &str, value: Value| raw(json!({ "jsonrpc": "2.0", "id": id, key: value }).to_string());
    match method {
        "initialize" => answer("result", json!({ "protocolVersion": "2025-06-18", "capabilities": {} })),
        "tools/call" => {
            let begun = stream::iter([Ok::<_, Infallible>(":\n\n")]);
            let body = Body::from_stream(begun.chain(stream::pending()));
            ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
        }
        _ if id.is_null() => StatusCode::ACCEPTED.into_response(),
        _ => answer("error", json!({ "code": -32601, "message": "Method not found" })),
    }
}

#[tokio::test]
async fn a_disabled_accounts_servers_answer_nobody_until_it_is_enabled() {
    let app = App::start().await;
    let root = app.superuser().await;
    let tools = json!([tool("a")]).to_string();
    let service = Upstream::serve(raw_manifest(&tools, None).route("/mcp", post(talks_for_ever))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let one = source(&ada, "notes", json!({})).await;
    let (made, _) = server(&ada, &[&one]).await;
    let endpoint = Endpoint::of(&app, &made);
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "a" } });
    let open = endpoint.request().json(&call).send().await.unwrap();
    let path = format!("/api/users/{}", ada.view.id);
    root.patch(&path, json!({ "disabled": true })).await.expect(200);
    let rest = tokio::time::timeout(Duration::from_secs(20), open.bytes())
        .await
        .expect("it ends")
        .unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("result"), "without an answer");
    eventually(async || endpoint.modern("tools/list", json!({})).await.status == 401).await;
    root.patch(&path, json!({ "disabled": false })).await.expect(200);
    eventually(async || endpoint.modern("tools/list", json!({})).await.status == 200).await;
}
