//! Two processes on one database behave as one: who is signed in, what servers offer, how many there can be, what was called.

use crate::support::{
    Anonymous, Answer, App, Superuser, User,
    app::PASSWORD,
    client::text,
    mcp::{Client, Endpoint, said},
    upstream::{Upstream, manifest, tool},
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const KEY: (&str, &str) = ("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
const POOL: &str = "https://a.example, https://b.example, https://c.example/x, https://c.example/y, https://e.example";
/// How soon one process knows what another did.
const SOON: Duration = Duration::from_secs(1);

/// Waits for what another process has heard of, but no longer than it may take.
async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let heard = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, heard)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {SOON:?}"));
}

/// Two processes.
struct Pair {
    here: App,
    there: App,
    root: Superuser,
}

impl Pair {
    async fn start(changes: &[(&str, &str)]) -> Self {
        let changes: Vec<_> = changes.iter().copied().chain([KEY]).collect();
        let here = App::with(&changes).await;
        let there = here.replica(&changes).await;
        let root = here.superuser().await;
        Self { here, there, root }
    }
}

/// A cookie's value that one process gave, shown to another.
async fn me(app: &App, cookie: &str) -> u16 {
    let request = app.anonymous().request(Method::GET, "/api/auth/me");
    Answer::of(request.header("cookie", cookie)).await.status
}

async fn me_by(app: &App, token: &str) -> u16 {
    let request = app.anonymous().request(Method::GET, "/api/auth/me");
    Answer::of(request.bearer_auth(token)).await.status
}

/// Signs in; the cookie and the access token.
async fn sign_in(app: &App, password: &str) -> (Anonymous, String, String) {
    let somebody = app.anonymous();
    let answer = somebody.login("ada@example.org", password).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let token = text(&answer.expect(200), "access_token");
    (somebody, cookie, token)
}

#[tokio::test]
async fn who_is_signed_in_at_one_is_at_the_other_and_signed_out_of_both_at_once() {
    let Pair { here, there, root } = Pair::start(&[]).await;
    let ada = here.user("ada@example.org").await;
    let (browser, cookie, token) = sign_in(&here, PASSWORD).await;
    assert_eq!((me(&there, &cookie).await, me_by(&there, &token).await), (200, 200));
    browser.post("/api/auth/logout", json!({})).await.expect(204);
    assert_eq!((me(&there, &cookie).await, me_by(&there, &token).await), (401, 401));

    // A password that was changed at one ends what was begun at the other, and is the one that counts there.
    let (_, cookie, token) = sign_in(&there, PASSWORD).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another good password" });
    ada.put("/api/auth/password", change).await.expect(200);
    assert_eq!((me(&there, &cookie).await, me_by(&there, &token).await), (401, 401));
    assert_eq!(there.anonymous().login("ada@example.org", PASSWORD).await.status, 401);

    let (_, cookie, token) = sign_in(&there, "another good password").await;
    let made = ada.post("/api/tokens", json!({ "name": "mine" })).await.expect(201);
    let api_token = text(&made, "token");
    assert_eq!(me_by(&there, &api_token).await, 200);
    let path = format!("/api/users/{}", ada.view.id);
    root.patch(&path, json!({ "disabled": true })).await.expect(200);
    let all = [
        me(&there, &cookie).await,
        me_by(&there, &token).await,
        me_by(&there, &api_token).await,
        me(&here, &cookie).await,
    ];
    assert_eq!(all, [401; 4]);
    root.patch(&path, json!({ "disabled": false })).await.expect(200);
    assert_eq!(me_by(&there, &api_token).await, 200);
    ada_deletes(&there, &api_token, &text(&made, "id")).await;
}

/// What is revoked at one opens nothing at either.
async fn ada_deletes(there: &App, api_token: &str, id: &str) {
    let (browser, ..) = sign_in(there, "another good password").await;
    browser.delete(&format!("/api/tokens/{id}")).await.expect(204);
    assert_eq!(me_by(there, api_token).await, 401);
}

fn names(tools: &Value) -> Vec<String> {
    tools
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| text(tool, "name"))
        .collect()
}

async fn lists(client: &Client, expected: &[&str]) -> bool {
    names(&client.tools().await) == expected
}

#[tokio::test]
async fn what_changes_at_one_the_others_gateway_serves_within_a_second() {
    let Pair { here, there, root } = Pair::start(&[]).await;
    let mut offer = manifest(json!([tool("list"), tool("add")]));
    offer["config"] = json!({ "params": { "type": "object", "properties": { "notebook": { "type": "string" } } } });
    let service = Upstream::connector(offer).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = here.user("ada@example.org").await;
    let source = async |notebook: &str| {
        let new = json!({ "type": "notes", "source_metadata": { "notebook": notebook } });
        text(&ada.post("/api/sources", new).await.expect(201), "id")
    };
    let (first, second) = (source("one").await, source("two").await);
    let new = json!({ "name": "Mine", "source_ids": [first] });
    let server = ada.post("/api/mcp-servers", new).await.expect(201);
    let path = format!("/api/mcp-servers/{}", text(&server, "id"));
    let elsewhere = Endpoint::of(&there, &server).legacy_client().await;
    assert!(lists(&elsewhere, &["list", "add"]).await);

    ada.put(&format!("{path}/sources/{second}"), json!({}))
        .await
        .expect(200);
    let both = ["list", "add", "notes__list", "notes__add"];
    soon("a source that was added", async || lists(&elsewhere, &both).await).await;
    ada.patch(&format!("{path}/tools/notes__add"), json!({ "name": "keep" }))
        .await
        .expect(200);
    ada.patch(&format!("{path}/tools/add"), json!({ "enabled": false }))
        .await
        .expect(200);
    soon("tools", async || {
        lists(&elsewhere, &["list", "notes__list", "keep"]).await
    })
    .await;
    let order = json!({ "names": ["keep", "list"] });
    ada.put(&format!("{path}/tools/order"), order).await.expect(200);
    soon("an order", async || {
        lists(&elsewhere, &["keep", "list", "notes__list"]).await
    })
    .await;

    let carried = async || {
        elsewhere.call("keep", json!({})).await;
        let call = service.calls("tools/call").pop().unwrap();
        call["params"]["_meta"]["dev.patchbay/source"]["metadata"]["notebook"].clone()
    };
    assert_eq!(carried().await, "two");
    let change = json!({ "source_metadata": { "notebook": "zwei" } });
    ada.patch(&format!("/api/sources/{second}"), change).await.expect(200);
    soon("a configuration", async || carried().await == "zwei").await;
    ada.delete(&format!("/api/sources/{first}")).await.expect(200);
    soon("a deleted source", async || {
        lists(&elsewhere, &["keep", "notes__list"]).await
    })
    .await;

    root.set_mode(&json!({ "connector_id": 1 }), "deactive").await;
    soon("a connector that was switched off", async || {
        lists(&elsewhere, &[]).await
    })
    .await;
    let refused = elsewhere.call("keep", json!({})).await;
    assert_eq!(refused.is_error, Some(true), "{}", said(&refused));
    ada.delete(&path).await.expect(204);
    let gone = Endpoint::of(&there, &server);
    soon("a deleted server", async || {
        matches!(gone.send("{}").await.status, 401 | 404)
    })
    .await;
    ada.post(&format!("{path}/restore"), json!({})).await.expect(204);
    soon("a restored server", async || gone.send("{}").await.status == 400).await;
}

async fn create(user: &User, n: usize) -> Answer {
    user.post("/api/mcp-servers", json!({ "name": format!("Mine {n}") }))
        .await
}

#[tokio::test]
async fn servers_made_at_both_at_once_are_as_many_as_the_pool_has_endpoints() {
    let Pair { here, there, .. } = Pair::start(&[("MCP_GATEWAY_URL_POOLS", POOL)]).await;
    let ada = here.user("ada@example.org").await;
    let bob = User::sign_in(there.url.clone(), here.user("bob@example.org").await.view.clone()).await;
    let at_once = (0..16).map(|n| create(if n % 2 == 0 { &ada } else { &bob }, n));
    let mut endpoints = BTreeSet::new();
    let mut refused = 0;
    for answer in join_all(at_once).await {
        if answer.status == 201 {
            assert!(endpoints.insert(text(&answer.json(), "endpoint")), "one endpoint twice");
        } else {
            let body = answer.expect_error(503, "POOL_EXHAUSTED");
            assert_eq!(body["message"], "No available domains in MCP_GATEWAY_URL_POOLS");
            refused += 1;
        }
    }
    let expected: BTreeSet<String> = POOL.split(", ").map(str::to_owned).collect();
    assert_eq!((endpoints, refused), (expected, 11));
    let rows = here.database.texts("SELECT count(*)::text FROM mcp_servers").await;
    assert_eq!(rows, ["5"], "nothing was written of those that were refused");
}

#[tokio::test]
async fn calls_at_both_add_up_exactly_once_both_have_stopped() {
    const CALLS: usize = 40;
    let Pair { here, there, root } = Pair::start(&[]).await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = root.create_server(&connector, json!({})).await;
    let endpoints = [Endpoint::of(&here, &server), Endpoint::of(&there, &server)];
    let call = json!({ "name": "a", "arguments": {} });
    let calls = (0..CALLS).map(|n| endpoints[n % 2].modern("tools/call", call.clone()));
    for answer in join_all(calls).await {
        answer.expect(200);
    }
    let sum = "SELECT sum(calls)::text FROM mcp_server_usage";
    let database = here.stop().await;
    there.stop().await;
    assert_eq!(database.texts(sum).await, [CALLS.to_string()]);
}
