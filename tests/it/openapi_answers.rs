//! What the server really answers, against what its description says of it: a walk through all that there is.

use crate::support::{
    Anonymous, Answer, App, User,
    app::PASSWORD,
    client::text,
    described::Description,
    totp,
    upstream::{Upstream, manifest, tool},
};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use time::Duration;

/// Somebody goes from endpoint to endpoint, and compares each answer with the description.
struct Walk {
    description: Description,
    /// The endpoints that answered well.
    seen: BTreeSet<String>,
}

/// What stands in a path's braces, and behind it.
type Parts<'a> = &'a [(&'a str, &'a str)];

impl Walk {
    async fn begin(app: &App) -> Self {
        let document = app.anonymous().get("/api/openapi.json").await.expect(200);
        Self {
            description: Description::new(document),
            seen: BTreeSet::from(["describe_api".to_owned()]),
        }
    }

    /// Calls an endpoint without a body.
    async fn ask(&mut self, who: &Anonymous, method: &str, path: &str, parts: Parts<'_>) -> Value {
        let request = who.request(method.parse::<Method>().unwrap(), &filled(path, parts));
        self.compare(method, path, Answer::of(request).await)
    }

    /// Calls an endpoint with one.
    async fn send(&mut self, who: &Anonymous, method: &str, path: &str, parts: Parts<'_>, body: Value) -> Value {
        let request = who.request(method.parse::<Method>().unwrap(), &filled(path, parts));
        self.compare(method, path, Answer::of(request.json(&body)).await)
    }

    /// Each status is one that is described, and what comes with it has the form that is described, and nothing more.
    fn compare(&mut self, method: &str, path: &str, answer: Answer) -> Value {
        let path = path.split('?').next().unwrap_or(path);
        let operation = self.description.operation(method, path);
        let status = answer.status;
        let place = format!("{method} {path}: {status} {}", String::from_utf8_lossy(&answer.body));
        let response = self.description.response(operation, status);
        let response = response.unwrap_or_else(|| panic!("not described: {place}"));
        if status < 300 {
            self.seen.insert(operation["operationId"].as_str().unwrap().to_owned());
        }
        for name in response["headers"]
            .as_object()
            .into_iter()
            .flat_map(|headers| headers.keys())
        {
            let is_there = !answer.header(name).is_empty() || name == "Idempotent-Replayed";
            assert!(is_there, "no {name}: {place}");
        }
        let Some(contents) = response["content"].as_object() else {
            assert!(answer.body.is_empty(), "{place}");
            return Value::Null;
        };
        let kind = answer.header("content-type").split(';').next().unwrap_or_default();
        let content = contents
            .get(kind)
            .unwrap_or_else(|| panic!("{kind} isn't described: {place}"));
        if kind != "application/json" {
            return Value::Null;
        }
        let body = answer.json();
        assert_eq!(
            self.description.problems(&content["schema"], &body),
            Vec::<String>::new(),
            "{place}"
        );
        body
    }

    /// What nobody has been to.
    fn left(&self) -> Vec<&str> {
        let all = self.description.operations();
        all.filter_map(|operation| operation.value["operationId"].as_str())
            .filter(|id| !self.seen.contains(*id))
            .collect()
    }
}

fn filled(path: &str, parts: Parts<'_>) -> String {
    parts.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), value)
    })
}

/// A service with a tool, a template and a logo, that wants to be told something.
fn offered(tools: Value) -> Value {
    let mut offered = manifest(tools);
    offered["templates"] = json!([{
        "name": "find", "description": "Finds",
        "inputSchema": { "type": "object", "properties": { "query": { "type": "string" } } },
    }]);
    offered["config"] = json!({ "params": {
        "type": "object",
        "properties": { "notebook": { "type": "string" }, "password": { "type": "string", "writeOnly": true } },
    } });
    offered
}

#[tokio::test]
async fn every_answer_is_as_it_is_described() {
    let app = App::start().await;
    let mut walk = Walk::begin(&app).await;
    let root = first_superuser(&app, &mut walk).await;
    let ada = newcomer(&app, &mut walk, &root).await;
    let (service, offer) = Upstream::changing(offered(json!([tool("a")]))).await;
    catalogue(&mut walk, &root, &service.manifest_url()).await;
    sources_and_servers(&mut walk, &root, &ada).await;
    offer.set(offered(json!([tool("a"), tool("b")])));
    history(&mut walk, &root).await;
    second_factor(&app, &mut walk, &root, &ada).await;
    watching(&mut walk, &root, &ada).await;
    leaving(&app, &mut walk, &root, &ada).await;
    assert_eq!(walk.left(), ["show_connector_logo"]);
}

#[tokio::test]
async fn every_example_of_a_request_is_one_that_is_taken() {
    let app = App::start().await;
    let mut walk = Walk::begin(&app).await;
    let root = app.superuser().await;
    let example = walk.description.operation("put", "/api/auth/password")["requestBody"].clone();
    // Whoever types the examples has the password that stands in them.
    let password = &example["content"]["application/json"]["example"]["current_password"];
    let change = json!({ "current_password": PASSWORD, "new_password": password });
    walk.send(&root, "PUT", "/api/auth/password", &[], change).await;
    let mut calls: Vec<(String, String, Value)> = walk
        .description
        .operations()
        .map(|operation| {
            let example = &operation.value["requestBody"]["content"]["application/json"]["example"];
            (
                operation.method.to_uppercase(),
                operation.path.to_owned(),
                example.clone(),
            )
        })
        .filter(|(_, path, example)| !example.is_null() && path != "/api/auth/second-factor/confirm")
        .collect();
    calls.sort_by_key(|(_, path, _)| path == "/api/auth/password");
    let mut refused = Vec::new();
    for (method, path, example) in calls {
        let parameters = walk.description.operation(&method, &path)["parameters"].clone();
        let parts: Vec<(String, String)> = parameters
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| {
                let example = &parameter["example"];
                let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
                (text(parameter, "name"), example)
            })
            .collect();
        let parts: Vec<(&str, &str)> = parts.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = walk.send(&root, &method, &path, &parts, example.clone()).await;
        if answer["status"] == 422 {
            refused.push(format!("{method} {path} {example}: {answer}"));
        }
    }
    assert_eq!(refused, Vec::<String>::new());
}

async fn first_superuser(app: &App, walk: &mut Walk) -> Anonymous {
    let root = app.anonymous();
    let token = app.engine.issue_set_up_token().await.unwrap().unwrap();
    let set_up = json!({ "token": token.expose_secret(), "email": "root@example.org", "password": PASSWORD });
    walk.send(&root, "POST", "/api/auth/set-up", &[], set_up.clone()).await;
    walk.send(&root, "POST", "/api/auth/set-up", &[], set_up).await;
    sign_in(walk, &root, "root@example.org").await;
    root
}

async fn sign_in(walk: &mut Walk, who: &Anonymous, email: &str) {
    let wrong = json!({ "email": email, "password": "not this one" });
    walk.send(who, "POST", "/api/auth/login", &[], wrong).await;
    let right = json!({ "email": email, "password": PASSWORD });
    walk.send(who, "POST", "/api/auth/login", &[], right).await;
}

async fn newcomer(app: &App, walk: &mut Walk, root: &Anonymous) -> Anonymous {
    let nobody = app.anonymous();
    walk.ask(&nobody, "GET", "/api/auth/me", &[]).await;
    let invitation = walk
        .send(
            root,
            "POST",
            "/api/invitations",
            &[],
            json!({ "email": "ada@example.org" }),
        )
        .await;
    walk.ask(root, "GET", "/api/invitations", &[]).await;
    let new = json!({ "email": "ada@example.org", "password": PASSWORD, "invitation": invitation["token"] });
    walk.send(&nobody, "POST", "/api/auth/register", &[], new.clone()).await;
    walk.send(&nobody, "POST", "/api/auth/register", &[], new).await;
    let other = walk.ask(root, "POST", "/api/invitations", &[]).await;
    walk.ask(root, "DELETE", "/api/invitations/{id}", &[("id", &text(&other, "id"))])
        .await;
    walk.ask(&nobody, "POST", "/api/auth/logout", &[]).await;

    let ada = app.anonymous();
    sign_in(walk, &ada, "ada@example.org").await;
    walk.ask(&ada, "GET", "/api/auth/me", &[]).await;
    walk.ask(&ada, "GET", "/api/users", &[]).await;
    sign_in(walk, &nobody, "ada@example.org").await;
    let sessions = walk.ask(&ada, "GET", "/api/auth/sessions", &[]).await;
    let other = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == false);
    walk.ask(
        &ada,
        "DELETE",
        "/api/auth/sessions/{id}",
        &[("id", &text(other.unwrap(), "id"))],
    )
    .await;
    walk.ask(&ada, "DELETE", "/api/auth/sessions", &[]).await;
    let change = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
    walk.send(&ada, "PUT", "/api/auth/password", &[], change).await;
    let token = walk
        .send(&ada, "POST", "/api/tokens", &[], json!({ "name": "A script" }))
        .await;
    walk.ask(&ada, "GET", "/api/tokens", &[]).await;
    walk.ask(&ada, "DELETE", "/api/tokens/{id}", &[("id", &text(&token, "id"))])
        .await;
    ada
}

async fn catalogue(walk: &mut Walk, root: &Anonymous, url: &str) {
    let new = json!({ "name": "notes", "description": "For a test", "secret": "it needs one" });
    walk.send(root, "POST", "/api/connectors/register", &[], new.clone())
        .await;
    walk.send(root, "POST", "/api/connectors/register", &[], new).await;
    walk.send(root, "POST", "/api/connectors/register", &[], json!({ "name": "" }))
        .await;
    let missing = json!({ "connector_id": 99, "connector_url": url });
    walk.send(root, "POST", "/api/connectors/activate", &[], missing).await;
    let elsewhere = json!({ "connector_id": 1, "connector_url": "http://127.0.0.1:1/connector.json" });
    walk.send(root, "POST", "/api/connectors/activate", &[], elsewhere)
        .await;
    let right = json!({ "connector_id": 1, "connector_url": url });
    walk.send(root, "POST", "/api/connectors/activate", &[], right).await;
    let added = json!({ "connector_url": url, "name": "added" });
    walk.send(root, "POST", "/api/connectors", &[], added).await;
    walk.ask(root, "GET", "/api/connectors?limit=1&sort=name", &[]).await;
    walk.ask(root, "GET", "/api/connectors?colour=red", &[]).await;
    let it = [("id", "1")];
    for path in [
        "/api/connectors/{id}",
        "/api/connectors/{id}/templates",
        "/api/connectors/{id}/logo",
    ] {
        walk.ask(root, "GET", path, &it).await;
    }
    walk.ask(root, "GET", "/api/connectors/{id}", &[("id", "99")]).await;
    walk.send(
        root,
        "PUT",
        "/api/connectors/{id}",
        &it,
        json!({ "description": "Another" }),
    )
    .await;
    walk.send(
        root,
        "PATCH",
        "/api/connectors/{id}/mode",
        &it,
        json!({ "mode": "active" }),
    )
    .await;
}

async fn sources_and_servers(walk: &mut Walk, root: &Anonymous, ada: &Anonymous) {
    let new = json!({
        "type": "notes", "name": "At home", "source_metadata": { "notebook": "recipes", "password": "of the book" },
    });
    let source = walk.send(ada, "POST", "/api/sources", &[], new).await;
    walk.send(ada, "POST", "/api/sources", &[], json!({ "type": "nothing yet" }))
        .await;
    walk.ask(ada, "GET", "/api/sources?q=home", &[]).await;
    let source_id = text(&source, "id");
    let it = [("id", source_id.as_str())];
    walk.ask(ada, "GET", "/api/sources/{id}", &it).await;
    walk.ask(ada, "GET", "/api/sources/{id}", &[("id", "nothing")]).await;
    for method in ["PATCH", "PUT"] {
        walk.send(
            ada,
            method,
            "/api/sources/{id}",
            &it,
            json!({ "name": "In the kitchen" }),
        )
        .await;
    }
    walk.ask(ada, "POST", "/api/sources/{id}/test", &it).await;

    let new = json!({ "name": "Mine", "connector_id": 1, "configuration": { "notebook": "ideas" } });
    let server = walk.send(ada, "POST", "/api/mcp-servers", &[], new).await;
    walk.send(
        ada,
        "POST",
        "/api/mcp-servers",
        &[],
        json!({ "name": "x", "connector_id": 99 }),
    )
    .await;
    walk.send(
        ada,
        "POST",
        "/api/mcp-servers",
        &[],
        json!({ "name": "x", "source_ids": ["?"] }),
    )
    .await;
    let server_id = text(&server, "id");
    let both = [("id", server_id.as_str()), ("source_id", source_id.as_str())];
    for method in ["POST", "PUT", "DELETE", "POST"] {
        walk.ask(ada, method, "/api/mcp-servers/{id}/sources/{source_id}", &both)
            .await;
    }
    let it = [("id", server_id.as_str())];
    for path in [
        "/api/mcp-servers",
        "/api/mcp-servers?all=true",
        "/api/mcp-servers/{id}",
        "/api/mcp-servers/{id}/tools",
        "/api/mcp-servers/{id}/templates",
        "/api/mcp-servers/{id}/tokens",
    ] {
        walk.ask(ada, "GET", path, &it).await;
    }
    walk.ask(root, "GET", "/api/mcp-servers?all=true", &[]).await;
    for method in ["PATCH", "PUT"] {
        walk.send(ada, method, "/api/mcp-servers/{id}", &it, json!({ "name": "Ours" }))
            .await;
    }
    let tools = "/api/mcp-servers/{id}/tools";
    let made = json!({ "name": "find_cheese", "template": "find", "template_args": { "query": "cheese" } });
    walk.send(ada, "POST", tools, &it, made.clone()).await;
    walk.send(ada, "POST", tools, &it, made).await;
    walk.send(
        ada,
        "PUT",
        "/api/mcp-servers/{id}/tools/order",
        &it,
        json!({ "names": ["find_cheese"] }),
    )
    .await;
    let tool = [("id", server_id.as_str()), ("name", "find_cheese")];
    walk.send(
        ada,
        "PATCH",
        "/api/mcp-servers/{id}/tools/{name}",
        &tool,
        json!({ "enabled": false }),
    )
    .await;
    walk.ask(ada, "DELETE", "/api/mcp-servers/{id}/tools/{name}", &tool)
        .await;
    walk.ask(
        ada,
        "DELETE",
        "/api/mcp-servers/{id}/tools/{name}",
        &[("id", &server_id), ("name", "a")],
    )
    .await;
    let token = walk
        .send(
            ada,
            "POST",
            "/api/mcp-servers/{id}/tokens",
            &it,
            json!({ "name": "Laptop" }),
        )
        .await;
    let token = [("id", server_id.as_str()), ("token_id", &text(&token, "id"))];
    walk.ask(ada, "DELETE", "/api/mcp-servers/{id}/tokens/{token_id}", &token)
        .await;
    walk.ask(ada, "POST", "/api/mcp-servers/{id}/duplicate", &it).await;
    walk.ask(ada, "DELETE", "/api/mcp-servers/{id}", &it).await;
    walk.ask(ada, "GET", "/api/mcp-servers?deleted=true", &[]).await;
    walk.ask(ada, "POST", "/api/mcp-servers/{id}/restore", &it).await;
    walk.ask(ada, "DELETE", "/api/mcp-servers/{id}/hard", &it).await;
    let attention = walk.ask(ada, "GET", "/api/overview", &[]).await;
    assert_ne!(attention["attention"], json!([]), "{attention}");
    walk.ask(ada, "DELETE", "/api/sources/{id}", &[("id", &source_id)])
        .await;
    walk.ask(root, "DELETE", "/api/mcp-servers/{id}/hard", &it).await;
}

async fn history(walk: &mut Walk, root: &Anonymous) {
    let it = [("id", "1")];
    walk.ask(root, "POST", "/api/connectors/{id}/sync", &it).await;
    let changes = walk.ask(root, "GET", "/api/connectors/{id}/changes", &it).await;
    assert_ne!(changes["changes"], json!([]), "{changes}");
    walk.send(
        root,
        "POST",
        "/api/connectors/{id}/changes/refuse",
        &it,
        json!({ "note": "Not yet" }),
    )
    .await;
    walk.ask(root, "POST", "/api/connectors/{id}/changes/accept", &it).await;
    walk.ask(root, "POST", "/api/connectors/{id}/changes/accept", &it).await;
    walk.ask(root, "GET", "/api/connectors/{id}/versions", &it).await;
    let version = [("id", "1"), ("n", "1")];
    walk.ask(root, "GET", "/api/connectors/{id}/versions/{n}", &version)
        .await;
    walk.ask(
        root,
        "GET",
        "/api/connectors/{id}/versions/{n}",
        &[("id", "1"), ("n", "99")],
    )
    .await;
    walk.ask(root, "POST", "/api/connectors/{id}/versions/{n}/restore", &version)
        .await;
    walk.ask(root, "GET", "/api/connectors/{id}/impact", &it).await;
}

async fn second_factor(app: &App, walk: &mut Walk, root: &Anonymous, ada: &Anonymous) {
    let password = json!({ "password": PASSWORD });
    let path = "/api/auth/second-factor";
    for _ in 0..2 {
        let offer = walk.send(ada, "POST", path, &[], password.clone()).await;
        let wrong = json!({ "code": "000000" });
        walk.send(ada, "POST", "/api/auth/second-factor/confirm", &[], wrong)
            .await;
        let code = json!({ "code": totp::code(&text(&offer, "secret"), app.clock.now()) });
        walk.send(ada, "POST", "/api/auth/second-factor/confirm", &[], code)
            .await;
        let login = json!({ "email": "ada@example.org", "password": PASSWORD });
        walk.send(&app.anonymous(), "POST", "/api/auth/login", &[], login).await;
        walk.send(
            ada,
            "POST",
            "/api/auth/second-factor/recovery-codes",
            &[],
            password.clone(),
        )
        .await;
        walk.send(ada, "DELETE", path, &[], password.clone()).await;
        app.clock.advance(Duration::seconds(60));
    }
    let offer = walk.send(ada, "POST", path, &[], password).await;
    let code = json!({ "code": totp::code(&text(&offer, "secret"), app.clock.now()) });
    walk.send(ada, "POST", "/api/auth/second-factor/confirm", &[], code)
        .await;
    let users = walk.ask(root, "GET", "/api/users?q=ada", &[]).await;
    let id = text(&users["users"][0], "id");
    let it = [("id", id.as_str())];
    walk.ask(root, "DELETE", "/api/users/{id}/second-factor", &it).await;
    walk.ask(root, "GET", "/api/users/{id}", &it).await;
    walk.ask(root, "GET", "/api/users/{id}/belongings", &it).await;
    walk.send(root, "PATCH", "/api/users/{id}", &it, json!({ "roles": ["admin"] }))
        .await;
}

async fn watching(walk: &mut Walk, root: &Anonymous, ada: &Anonymous) {
    walk.ask(ada, "GET", "/api/usage?step=day", &[]).await;
    let log = walk.ask(root, "GET", "/api/audit?limit=200", &[]).await;
    assert!(log["total"].as_u64() > Some(20), "{log}");
    walk.ask(root, "GET", "/api/audit/export", &[]).await;
    let document = walk.ask(root, "GET", "/api/export", &[]).await;
    walk.ask(root, "GET", "/api/export?format=yaml", &[]).await;
    walk.send(root, "POST", "/api/import?dry_run=true", &[], document).await;
    walk.send(root, "POST", "/api/import", &[], json!({ "patchbay": 1, "servers": 7 }))
        .await;
}

async fn leaving(app: &App, walk: &mut Walk, root: &Anonymous, ada: &Anonymous) {
    walk.ask(root, "DELETE", "/api/connectors/{id}?force=true", &[("id", "1")])
        .await;
    let bob: User = app.user("bob@example.org").await;
    let id = bob.view.id.to_string();
    let it = [("id", id.as_str())];
    let link = walk.ask(root, "POST", "/api/users/{id}/reset-link", &it).await;
    let reset = json!({ "token": link["token"], "password": PASSWORD });
    walk.send(&app.anonymous(), "POST", "/api/auth/reset", &[], reset).await;
    walk.ask(root, "DELETE", "/api/users/{id}", &it).await;
    walk.send(root, "DELETE", "/api/auth/me", &[], json!({ "password": PASSWORD }))
        .await;
    walk.send(ada, "DELETE", "/api/auth/me", &[], json!({ "password": PASSWORD }))
        .await;
}
