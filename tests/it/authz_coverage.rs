//! Every door's every handle, against the table of who may turn it. A route or server function that is missing here fails the
//! test, so nobody adds one without saying who it is for.

use crate::support::{
    Anonymous, Answer, App, Superuser as Root, User,
    client::text,
    upstream::{Offer, Upstream, manifest, tool},
};
use leptos::server_fn::axum::server_fn_paths;
use patchbay::rest;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Also who isn't signed in.
    Anyone,
    /// Whoever is signed in.
    User,
    /// Whoever owns what it is about; for others it isn't there.
    Owner,
    /// Who keeps the catalogue.
    Superuser,
}

use Access::{Anyone, Owner, Superuser, User as SignedIn};

/// The API: method, path, who, and a body that is fine.
///
/// They are gone through in this order, by somebody who may, so what removes something comes after what needs it.
const REST: [(&str, &str, Access, &str); 38] = [
    ("POST", "/api/auth/set-up", Anyone, ""),
    ("POST", "/api/auth/register", Anyone, ""),
    ("POST", "/api/auth/login", Anyone, ""),
    ("POST", "/api/auth/logout", Anyone, ""),
    ("GET", "/api/auth/me", SignedIn, ""),
    (
        "POST",
        "/api/connectors/register",
        Superuser,
        r#"{"name":"new","description":"x"}"#,
    ),
    (
        "POST",
        "/api/connectors/activate",
        Superuser,
        r#"{"connector_id":1,"connector_url":"{url}"}"#,
    ),
    (
        "POST",
        "/api/connectors",
        Superuser,
        r#"{"connector_url":"{url}","name":"added"}"#,
    ),
    ("GET", "/api/connectors", SignedIn, ""),
    ("GET", "/api/connectors/{id}", SignedIn, ""),
    ("GET", "/api/connectors/{id}/logo", SignedIn, ""),
    ("GET", "/api/connectors/{id}/templates", SignedIn, ""),
    ("PUT", "/api/connectors/{id}", Superuser, r#"{"description":"y"}"#),
    ("PATCH", "/api/connectors/{id}/mode", Superuser, r#"{"mode":"active"}"#),
    ("POST", "/api/connectors/{id}/sync", Superuser, ""),
    ("GET", "/api/connectors/{id}/changes", Superuser, ""),
    ("POST", "/api/connectors/{id}/changes/refuse", Superuser, ""),
    ("POST", "/api/connectors/{id}/changes/accept", Superuser, ""),
    ("GET", "/api/connectors/{id}/versions", Superuser, ""),
    ("GET", "/api/connectors/{id}/versions/{n}", Superuser, ""),
    ("POST", "/api/connectors/{id}/versions/{n}/restore", Superuser, ""),
    ("GET", "/api/connectors/{id}/impact", Superuser, ""),
    ("GET", "/api/mcp-servers", SignedIn, ""),
    ("POST", "/api/mcp-servers", SignedIn, r#"{"name":"x","connector_id":1}"#),
    ("GET", "/api/mcp-servers/{id}", Owner, ""),
    ("GET", "/api/mcp-servers/{id}/tools", Owner, ""),
    ("GET", "/api/mcp-servers/{id}/templates", Owner, ""),
    (
        "POST",
        "/api/mcp-servers/{id}/tools",
        Owner,
        r#"{"name":"mine","template":"t","template_args":{}}"#,
    ),
    ("DELETE", "/api/mcp-servers/{id}/tools/{name}", Owner, ""),
    ("GET", "/api/mcp-servers/{id}/tokens", Owner, ""),
    ("POST", "/api/mcp-servers/{id}/tokens", Owner, r#"{"name":"x"}"#),
    ("DELETE", "/api/mcp-servers/{id}/tokens/{token_id}", Owner, ""),
    ("DELETE", "/api/mcp-servers/{id}", Owner, ""),
    ("DELETE", "/api/connectors/{id}", Superuser, ""),
    ("GET", "/api/audit", Superuser, ""),
    ("GET", "/api/audit/export", Superuser, ""),
    ("GET", "/api/export", Superuser, ""),
    ("POST", "/api/import", Superuser, r#"{"patchbay":1}"#),
];

/// The dashboard's server functions: path, who, and a form that is fine.
const FUNCTIONS: [(&str, Access, &str); 19] = [
    ("/fn/set-up", Anyone, ""),
    ("/fn/account/sign-in", Anyone, ""),
    ("/fn/account/sign-up", Anyone, ""),
    ("/fn/account/sign-out", Anyone, ""),
    ("/fn/connectors/register", Superuser, "name=another&description=x"),
    (
        "/fn/connectors/activate",
        Superuser,
        "connector_id=1&connector_url={url}",
    ),
    ("/fn/connectors/mode", Superuser, "connector_id=1&mode=active"),
    ("/fn/connectors/update", Superuser, "connector_id=1&description=y"),
    ("/fn/connectors/sync", Superuser, "connector_id=1"),
    (
        "/fn/connectors/decide",
        Superuser,
        "connector_id=1&revision={revision}&decision=all",
    ),
    ("/fn/connectors/restore", Superuser, "connector_id=1&number=1"),
    ("/fn/servers/create", SignedIn, "connector_id=1&name=x"),
    ("/fn/servers/create-token", Owner, "server_id={server}&name=x"),
    (
        "/fn/servers/create-tool",
        Owner,
        "server_id={server}&template=t&name=mine",
    ),
    ("/fn/servers/delete-tool", Owner, "server_id={server}&tool=mine"),
    ("/fn/servers/try-tool", Owner, "server_id={server}&tool=a"),
    ("/fn/servers/revoke-token", Owner, "server_id={server}&token_id={token}"),
    ("/fn/servers/delete", Owner, "server_id={server}"),
    ("/fn/connectors/delete", Superuser, "connector_id=1&confirm=notes"),
];

#[test]
fn every_rest_route_says_who_may_use_it() {
    let there: BTreeSet<String> = rest::endpoints()
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    let said: BTreeSet<String> = REST
        .iter()
        .map(|(method, path, ..)| format!("{method} {path}"))
        .collect();
    assert_eq!(there, said);
}

#[tokio::test]
async fn every_server_function_says_who_may_use_it_and_is_called_by_post() {
    // They are known once the pages are.
    let _app = App::start().await;
    let functions: Vec<_> = server_fn_paths().collect();
    let there: BTreeSet<&str> = functions.iter().map(|(path, _)| *path).collect();
    let said: BTreeSet<&str> = FUNCTIONS.iter().map(|(path, ..)| *path).collect();
    assert_eq!(there, said);
    assert!(
        functions.iter().all(|(_, method)| *method == Method::POST),
        "a link could call it: {functions:?}"
    );
}

fn templates() -> Value {
    json!([{ "name": "t", "inputSchema": { "type": "object" } }])
}

/// Ada, whose server it is, and what stands in paths and bodies.
struct Scene {
    ada: User,
    server: String,
    token: String,
    url: String,
    /// What its connector's service offers.
    offer: Offer,
    _service: Upstream,
}

impl Scene {
    async fn set(app: &App) -> (Self, Root) {
        let root = app.superuser().await;
        let mut offered = manifest(json!([tool("a")]));
        offered["templates"] = templates();
        let (service, offer) = Upstream::changing(offered).await;
        let url = service.manifest_url();
        let connector = root.active_connector("notes", &url).await;
        let ada = app.user("ada@example.org").await;
        let server = text(&ada.create_server(&connector, json!({})).await, "id");
        let tokens: Value = ada.get(&format!("/api/mcp-servers/{server}/tokens")).await.expect(200);
        let token = text(&tokens["tokens"][0], "id");
        (
            Self {
                ada,
                server,
                token,
                url,
                offer,
                _service: service,
            },
            root,
        )
    }

    async fn rest(&self, who: &Anonymous, (method, path, _, body): (&str, &str, Access, &str)) -> Answer {
        let id = if path.starts_with("/api/connectors") {
            "1"
        } else {
            &self.server
        };
        let path = path
            .replace("{id}", id)
            .replace("{token_id}", &self.token)
            .replace("{n}", "1")
            .replace("{name}", "mine");
        // Ada has made a second server by then.
        let path = match (method, path.as_str()) {
            ("DELETE", "/api/connectors/1") => format!("{path}?force=true"),
            _ => path,
        };
        let request = who.request(method.parse().unwrap(), &path);
        Answer::of(match body {
            "" => request,
            body => request
                .header("content-type", "application/json")
                .body(body.replace("{url}", &self.url)),
        })
        .await
    }

    /// Makes something to decide about for those who decide about changes, and tells its revision.
    async fn before(&self, root: &Root, path: &str) -> String {
        if !path.contains("/changes/") && !path.ends_with("/decide") {
            return String::new();
        }
        let mut offered = manifest(json!([tool("a"), tool(path)]));
        offered["templates"] = templates();
        self.offer.set(offered);
        root.post("/api/connectors/1/sync", json!({})).await.expect(200);
        text(&root.get("/api/connectors/1/changes").await.expect(200), "revision")
    }

    async fn function(&self, who: &Anonymous, (path, _, form): (&str, Access, &str), revision: &str) -> Answer {
        let form = form
            .replace("{revision}", revision)
            .replace("{server}", &self.server)
            .replace("{token}", &self.token)
            .replace("{url}", &self.url);
        let request = who
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.header("accept", "application/json").body(form)).await
    }
}

/// What somebody without any right to it gets.
fn refusal(access: Access, is_signed_in: bool) -> Option<u16> {
    match (access, is_signed_in) {
        (Anyone, _) | (SignedIn, true) => None,
        (_, false) => Some(401),
        (Owner, true) => Some(404),
        (Superuser, true) => Some(403),
    }
}

#[tokio::test]
async fn each_rest_route_lets_in_whom_it_should_and_nobody_else() {
    let app = App::start().await;
    let (scene, root) = Scene::set(&app).await;
    let (nobody, eve) = (app.anonymous(), app.user("eve@example.org").await);
    for case in REST {
        let (method, path, access, _) = case;
        for (who, is_signed_in) in [(&nobody, false), (&*eve, true)] {
            if let Some(status) = refusal(access, is_signed_in) {
                assert_eq!(
                    scene.rest(who, case).await.status,
                    status,
                    "{method} {path}, signed in: {is_signed_in}"
                );
            }
        }
        // Otherwise the refusals above would prove nothing.
        let entitled = match access {
            Anyone => continue,
            SignedIn | Owner => &*scene.ada,
            Superuser => &**root,
        };
        if access == Superuser {
            scene.before(&root, path).await;
        }
        let answer = scene.rest(entitled, case).await;
        let is_fine = (200..300).contains(&answer.status) || path.ends_with("/logo");
        assert!(
            is_fine,
            "{method} {path}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
}

#[tokio::test]
async fn each_server_function_lets_in_whom_it_should_and_nobody_else() {
    let app = App::start().await;
    let (scene, root) = Scene::set(&app).await;
    let (nobody, eve) = (app.anonymous(), app.user("eve@example.org").await);
    for case in FUNCTIONS {
        let (path, access, _) = case;
        for (who, is_signed_in) in [(&nobody, false), (&*eve, true)] {
            if let Some(status) = refusal(access, is_signed_in) {
                let answer = scene.function(who, case, "").await;
                let body = String::from_utf8_lossy(&answer.body);
                assert_eq!(answer.status, status, "{path}, signed in: {is_signed_in}: {body}");
            }
        }
        let entitled = match access {
            Anyone => continue,
            SignedIn | Owner => &*scene.ada,
            Superuser => &**root,
        };
        let revision = match access {
            Superuser => scene.before(&root, path).await,
            _ => String::new(),
        };
        let answer = scene.function(entitled, case, &revision).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
}

/// What everybody may do as often as they like.
const UNLIMITED: [&str; 2] = ["/api/auth/logout", "/fn/account/sign-out"];

#[tokio::test]
async fn what_anybody_may_try_is_limited() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let rest = REST
        .iter()
        .filter(|(_, _, access, _)| *access == Anyone)
        .map(|(_, path, ..)| (*path, "application/json", r#"{"email":"x@example.org"}"#));
    let functions = FUNCTIONS
        .iter()
        .filter(|(_, access, _)| *access == Anyone)
        .map(|(path, ..)| (*path, "application/x-www-form-urlencoded", "email=x%40example.org"));
    for (path, kind, body) in rest.chain(functions) {
        let mut limited = false;
        for _ in 0..21 {
            let request = nobody.request(Method::POST, path).header("content-type", kind);
            limited = Answer::of(request.body(body)).await.status == 429;
        }
        assert_eq!(limited, !UNLIMITED.contains(&path), "{path}");
    }
}
