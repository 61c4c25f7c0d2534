//! Nothing that anybody sends makes the server fail: whatever stands in a path, a query or a field of a body, the answer is a
//! sentence in the one shape that errors have.

use crate::support::{
    Answer, App, Superuser,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use patchbay::rest;
use serde_json::{Value, json};
use time::Duration;

/// What nobody should put where an id stands.
fn ids() -> Vec<String> {
    let mut ids = [
        "0",
        "-1",
        "abc",
        "%00",
        "%ff",
        "a%2Fb",
        "..%2F..",
        "%20",
        "2147483648",
        "9223372036854775808",
        "99999999999999999999",
        "00000000-0000-0000-0000-000000000000",
        "1;%20DROP%20TABLE%20users",
    ]
    .map(str::to_owned)
    .to_vec();
    ids.push("9".repeat(5000));
    ids
}

/// What nobody should put where a text, or anything else, is expected.
fn values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("a\u{0}b"),
        json!("\u{202e}\u{feff}\u{ffff}"),
        json!("'; DROP TABLE users; --"),
        json!("x".repeat(200_000)),
        json!([]),
        json!(["a\u{0}b"]),
        json!({}),
        json!({ "a\u{0}b": "a\u{0}b" }),
        deep,
    ]
}

/// Every endpoint of accounts that takes a body, and one that is fine.
fn bodies_of_accounts(_: &str) -> Vec<(&'static str, &'static str, Value)> {
    let account = json!({ "email": "x@example.org", "password": "long enough for one" });
    let login = json!({ "email": "x@example.org", "password": "long enough for one", "code": "123456" });
    let register = json!({ "email": "x@example.org", "password": "long enough for one", "invitation": null });
    let token = json!({ "name": "x", "expires_at": "2999-01-01T00:00:00Z" });
    let password = json!({ "password": "a wrong one" });
    vec![
        ("POST", "/api/auth/login", login),
        ("POST", "/api/auth/register", register),
        (
            "POST",
            "/api/auth/reset",
            json!({ "token": "x", "password": account["password"] }),
        ),
        (
            "PUT",
            "/api/auth/password",
            json!({ "current_password": "a wrong one", "new_password": account["password"] }),
        ),
        ("DELETE", "/api/auth/me", password.clone()),
        ("POST", "/api/auth/second-factor", password.clone()),
        ("DELETE", "/api/auth/second-factor", password),
        ("POST", "/api/auth/second-factor/confirm", json!({ "code": "123456" })),
        ("POST", "/api/tokens", token),
        (
            "PATCH",
            "/api/users/{user}",
            json!({ "roles": ["superuser"], "disabled": false }),
        ),
        (
            "POST",
            "/api/invitations",
            json!({ "email": "z@example.org", "roles": ["admin"] }),
        ),
        (
            "POST",
            "/api/auth/set-up",
            json!({ "token": "x", "email": "y@example.org", "password": "long enough for one" }),
        ),
    ]
}

/// Every other endpoint that takes a body, and one that is fine.
fn bodies_of_things(url: &str) -> Vec<(&'static str, &'static str, Value)> {
    let token = json!({ "name": "x", "expires_at": "2999-01-01T00:00:00Z" });
    let source = json!({ "type": "notes", "name": "x", "source_metadata": { "key": "x" } });
    let server = json!({ "name": "x", "source_ids": [], "configuration": { "key": "x" }, "endpoint": "x" });
    let decision = json!({ "revision": "x", "accept": ["tool:a"], "note": "x" });
    vec![
        ("POST", "/api/sources", source.clone()),
        ("PATCH", "/api/sources/{source}", source.clone()),
        ("PUT", "/api/sources/{source}", source),
        (
            "POST",
            "/api/connectors/register",
            json!({ "name": "x", "description": "x", "secret": "x", "secret_header": "X-Key" }),
        ),
        (
            "POST",
            "/api/connectors/activate",
            json!({ "connector_id": 1, "connector_url": url }),
        ),
        (
            "POST",
            "/api/connectors",
            json!({ "connector_url": url, "name": "y", "mode": "sync", "secret": "x", "secret_header": "X-Key", "server_url": null }),
        ),
        (
            "PUT",
            "/api/connectors/1",
            json!({ "mode": "active", "description": "x", "secret": "x", "secret_header": "X-Key" }),
        ),
        ("PATCH", "/api/connectors/1/mode", json!({ "mode": "active" })),
        ("POST", "/api/connectors/1/changes/accept", decision.clone()),
        ("POST", "/api/connectors/1/changes/refuse", decision),
        ("POST", "/api/connectors/1/versions/1/restore", json!({ "note": "x" })),
        (
            "POST",
            "/api/mcp-servers",
            json!({ "name": "x", "connector_id": 1, "source_ids": [], "configuration": { "key": "x" } }),
        ),
        ("PATCH", "/api/mcp-servers/{server}", server.clone()),
        ("PUT", "/api/mcp-servers/{server}", server),
        ("POST", "/api/mcp-servers/{server}/duplicate", json!({ "name": "x" })),
        (
            "PATCH",
            "/api/mcp-servers/{server}/tools/a",
            json!({ "enabled": true, "name": null, "description": "x" }),
        ),
        (
            "PUT",
            "/api/mcp-servers/{server}/tools/order",
            json!({ "names": ["a"] }),
        ),
        (
            "POST",
            "/api/mcp-servers/{server}/tools",
            json!({ "name": "x", "description": "x", "template": "t", "source_id": null, "template_args": { "x": "{y}" } }),
        ),
        ("POST", "/api/mcp-servers/{server}/tokens", token),
    ]
}

/// A superuser, a server of a connector with a template and a configuration, and a source.
struct Scene {
    root: Superuser,
    service: Upstream,
    server: String,
    source: String,
}

impl Scene {
    fn path(&self, path: &str) -> String {
        path.replace("{server}", &self.server)
            .replace("{source}", &self.source)
            .replace("{user}", &self.root.view.id.to_string())
    }
}

async fn scene(app: &App) -> Scene {
    let root = app.superuser().await;
    let mut offer = manifest(json!([tool("a")]));
    offer["templates"] = json!([{ "name": "t" }]);
    offer["config"] = json!({ "params": { "type": "object" } });
    let service = Upstream::connector(offer).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = text(&root.create_server(&connector, json!({})).await, "id");
    let source = root.post("/api/sources", json!({ "type": "notes" })).await.expect(201);
    Scene {
        root,
        service,
        server,
        source: text(&source, "id"),
    }
}

/// An answer that is fine, or an error of the one shape.
#[track_caller]
fn assert_answered(answer: &Answer, what: &str) {
    let said = String::from_utf8_lossy(&answer.body);
    let said: String = said.chars().take(500).collect();
    assert!(answer.status < 500, "{what}: {} {said}", answer.status);
    if answer.status >= 400 {
        let body = answer.json();
        assert_eq!(body["status"], answer.status, "{what}: {said}");
        assert!(
            body["error"].is_string() && body["message"].is_string() && body["request_id"].is_string(),
            "{what}: {said}"
        );
    }
}

#[tokio::test]
async fn whatever_stands_in_a_path_is_no_fault_of_ours() {
    let app = App::start().await;
    let Scene {
        root,
        server,
        service: _service,
        ..
    } = scene(&app).await;
    for endpoint in rest::endpoints().iter().filter(|endpoint| endpoint.path.contains('{')) {
        for id in ids() {
            // All parts bad, and only the last one.
            let (before, last) = endpoint.path.rsplit_once('{').unwrap();
            let (_, after) = last.split_once('}').unwrap();
            let parent = if before.contains("connectors") {
                "1"
            } else {
                server.as_str()
            };
            let first = format!("{before}{id}{after}").replace("{id}", parent);
            for path in [first, endpoint.path.replace("{id}", &id)] {
                app.clock.advance(Duration::minutes(1));
                let request = root.request(endpoint.method.clone(), &path).json(&json!({}));
                let answer = Answer::of(request).await;
                let shown: String = path.chars().take(100).collect();
                assert_answered(&answer, &format!("{} {shown}", endpoint.method));
                assert!(answer.status >= 400, "{} {shown} is nothing", endpoint.method);
            }
        }
    }
    root.get("/api/connectors/1").await.expect(200);
}

#[tokio::test]
async fn whatever_stands_in_a_query_is_no_fault_of_ours() {
    let app = App::start().await;
    let Scene {
        root,
        server,
        source,
        service: _service,
    } = scene(&app).await;
    let names = [
        "q",
        "mode",
        "kind",
        "changes",
        "sort",
        "limit",
        "cursor",
        "force",
        "actor",
        "action",
        "subject_type",
        "subject",
        "door",
        "from",
        "to",
        "format",
        "dry_run",
        "type",
        "role",
        "disabled",
        "deleted",
        "all",
        "step",
        "mcp_server_id",
        "tool",
        "by_server",
        "by_tool",
        "nothing",
    ];
    let long = "x".repeat(20_000);
    for endpoint in rest::endpoints().iter().filter(|endpoint| endpoint.method == "GET") {
        let id = match endpoint.path {
            path if path.contains("connectors") => "1",
            path if path.contains("sources") => source.as_str(),
            _ => server.as_str(),
        };
        let path = endpoint.path.replace("{id}", id).replace("{n}", "1");
        let is_unknown = async |name: &str| {
            let bare = root.get(&format!("{path}?{name}")).await;
            bare.status == 422 && bare.json()["fields"][name]["message"] == "There is no such field here."
        };
        for name in names {
            // What there isn't is refused by its name, whatever it says.
            if is_unknown(name).await {
                continue;
            }
            for value in [
                "%00",
                "%ff",
                "-1",
                "99999999999999999999",
                "%F0%9F%A7%80",
                "'",
                "%25",
                "a=b",
                &long,
            ] {
                let answer = root.get(&format!("{path}?{name}={value}")).await;
                let shown: String = value.chars().take(30).collect();
                assert_answered(&answer, &format!("{path}?{name}={shown}"));
            }
        }
        let answer = root.get(&format!("{path}?&&=&=x&{}", "limit=1&".repeat(1000))).await;
        assert_answered(&answer, &path);
    }
}

#[tokio::test]
async fn a_parameter_that_there_is_not_is_refused_by_its_name_and_nothing_is_done() {
    let app = App::start().await;
    let Scene {
        root,
        server,
        source,
        service: _service,
    } = scene(&app).await;
    let nobody = app.anonymous();
    let order = ["PATCH", "DELETE"].map(|method| (method.parse().unwrap(), "/api/mcp-servers/{id}/tools/order"));
    let endpoints = rest::endpoints();
    let endpoints = endpoints
        .iter()
        .map(|endpoint| (endpoint.method.clone(), endpoint.path));
    for (method, path) in endpoints.chain(order) {
        let id = match path {
            path if path.contains("connectors") => "1".to_owned(),
            path if path.contains("users") => root.view.id.to_string(),
            path if path.contains("/api/sources") => source.clone(),
            _ => server.clone(),
        };
        let path = path
            .replace("{id}", &id)
            .replace("{source_id}", &source)
            .replace("{n}", "1");
        app.clock.advance(Duration::minutes(1));
        let asked = format!("{path}?no%20thing=1");
        let refused = Answer::of(root.request(method.clone(), &asked).json(&json!({}))).await;
        let refused = refused.expect_error(422, "INVALID_FIELDS");
        let why = &refused["fields"]["no thing"]["message"];
        assert_eq!(why, "There is no such field here.", "{method} {path}: {refused}");
        // Who has to sign in first is told that first.
        let unknown = Answer::of(nobody.request(method.clone(), &asked).json(&json!({}))).await;
        let open = ["set-up", "register", "login", "logout", "reset"].map(|end| format!("/api/auth/{end}"));
        let is_open = open.contains(&path) || path == "/api/openapi.json";
        assert_eq!(unknown.status, if is_open { 422 } else { 401 }, "{method} {path}");
    }
    root.get("/api/auth/me").await.expect(200);
    root.get(&format!("/api/mcp-servers/{server}")).await.expect(200);
    root.get("/api/connectors/1").await.expect(200);
}

#[tokio::test]
async fn whatever_stands_in_a_body_about_accounts_is_no_fault_of_ours() {
    try_bodies(bodies_of_accounts).await;
}

#[tokio::test]
async fn whatever_stands_in_a_body_about_things_is_no_fault_of_ours() {
    try_bodies(bodies_of_things).await;
}

async fn try_bodies(bodies: impl Fn(&str) -> Vec<(&'static str, &'static str, Value)>) {
    let app = App::start().await;
    let scene = scene(&app).await;
    let root = &scene.root;
    for (method, path, fine) in bodies(&scene.service.manifest_url()) {
        let path = scene.path(path);
        let fields = fine.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for field in fields.iter().map(String::as_str).chain(["nothing", "a\u{0}b", ""]) {
            for value in values() {
                // Nobody is held back, and nobody is signed out.
                app.clock.advance(Duration::minutes(1));
                let mut body = fine.clone();
                body[field] = value;
                let request = root.request(method.parse().unwrap(), &path).json(&body);
                let answer = Answer::of(request).await;
                let shown: String = body[field].to_string().chars().take(60).collect();
                assert_answered(&answer, &format!("{method} {path} {field}: {shown}"));
            }
        }
        for body in [
            "",
            "{",
            "}",
            "[]",
            "7",
            "null",
            "\"x\"",
            "{\"\\ud800\":1}",
            "{}{}",
            "\u{feff}{}",
        ] {
            app.clock.advance(Duration::minutes(1));
            let request = root
                .request(method.parse().unwrap(), &path)
                .header("content-type", "application/json")
                .body(body);
            assert_answered(&Answer::of(request).await, &format!("{method} {path} {body}"));
        }
        let nested = format!("{}{}", "{\"a\":[".repeat(20_000), "]}".repeat(20_000));
        let request = root
            .request(method.parse().unwrap(), &path)
            .header("content-type", "application/json")
            .body(nested);
        assert_answered(&Answer::of(request).await, &format!("{method} {path}, nested"));
    }
}

#[tokio::test]
async fn a_body_that_says_nothing_of_itself_or_something_else_is_refused() {
    let app = App::start().await;
    let scene = scene(&app).await;
    let root = &scene.root;
    let url = scene.service.manifest_url();
    for (method, path, fine) in [bodies_of_accounts(&url), bodies_of_things(&url)].concat() {
        let path = scene.path(path);
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let request = root.request(method.parse().unwrap(), &path).body(fine.to_string());
            let request = match kind {
                Some(kind) => request.header("content-type", kind),
                None => request,
            };
            app.clock.advance(Duration::minutes(1));
            Answer::of(request).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
}
