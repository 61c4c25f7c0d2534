//! Every door's every handle, against the table of who may turn it. A route or server function that is missing here fails the
//! test, so nobody adds one without saying who it is for.

mod api_tokens;
mod functions;
mod rest;

use crate::support::{
    Anonymous, Answer, App, Superuser as Root, User,
    app::PASSWORD,
    client::text,
    upstream::{Offer, Upstream, manifest, tool},
};
use functions::{FUNCTIONS, TAKE_A_PHONE};
use leptos::server_fn::axum::server_fn_paths;
use patchbay::rest::endpoints;
use reqwest::Method;
use rest::REST;
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
    /// Who keeps order among everybody's servers.
    Admin,
    /// Who keeps the catalogue.
    Superuser,
}

use Access::{Admin, Anyone, Owner, Superuser, User as SignedIn};

/// The API's table, in the words of its description.
pub(crate) fn rest_access() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    REST.iter().map(|&(method, path, access, _)| {
        let word = match access {
            Anyone => "anybody",
            SignedIn => "signed_in",
            Owner => "owner",
            Admin => "admin",
            Superuser => "superuser",
        };
        (method, path, word)
    })
}

#[test]
fn every_rest_route_says_who_may_use_it() {
    let there: BTreeSet<String> = endpoints()
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

/// What belongs to accounts, and stands in paths and bodies.
struct Account {
    /// Another session of Ada's.
    session: String,
    /// A token of hers for programs.
    api_token: String,
    /// Bob, about whom superusers decide.
    user: String,
    /// An invitation that nobody has used.
    invitation: String,
}

impl Account {
    async fn of(app: &App, ada: &User, root: &Root) -> Self {
        app.anonymous().login("ada@example.org", PASSWORD).await.expect(200);
        let sessions: Value = ada.get("/api/auth/sessions").await.expect(200);
        let mut sessions = sessions["sessions"].as_array().expect("a list").iter();
        let other = sessions.find(|session| session["current"] == false);
        let token = ada.post("/api/tokens", json!({ "name": "A script" })).await.expect(201);
        let invitation = root.post("/api/invitations", json!({})).await.expect(201);
        Self {
            session: text(other.expect("a second one"), "id"),
            api_token: text(&token, "id"),
            user: app.user("bob@example.org").await.view.id.to_string(),
            invitation: text(&invitation, "id"),
        }
    }
}

/// Ada, whose server it is, and what stands in paths and bodies.
struct Scene {
    ada: User,
    server: String,
    token: String,
    url: String,
    /// A source of hers.
    source: String,
    /// What Ada's account has.
    account: Account,
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
        let account = Account::of(app, &ada, &root).await;
        let source = ada.post("/api/sources", json!({ "type": "notes" })).await.expect(201);
        (
            Self {
                account,
                source: text(&source, "id"),
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
        let account = &self.account;
        let ids = [
            ("/api/connectors", "1"),
            ("/api/auth/sessions", &account.session),
            ("/api/tokens", &account.api_token),
            ("/api/users", &account.user),
            ("/api/invitations", &account.invitation),
            ("/api/sources", &self.source),
        ];
        let id = ids.iter().find(|(of, _)| path.starts_with(of));
        let path = path
            .replace("{id}", id.map_or(&self.server, |(_, id)| id))
            .replace("{source_id}", &self.source)
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
                .body(body.replace("{url}", &self.url).replace("{password}", PASSWORD)),
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

    /// The form with the versions of what it changes, as they are by now.
    async fn with_versions(&self, form: &str) -> String {
        let server = format!("/api/mcp-servers/{}", self.server);
        let source = format!("/api/sources/{}", self.source);
        let mut form = form.to_owned();
        for (place, path) in [("{version}", server), ("{source_version}", source)] {
            if form.contains(place) {
                let thing: Value = self.ada.get(&path).await.expect(200);
                form = form.replace(place, &text(&thing, "updated_at"));
            }
        }
        form
    }

    async fn function(&self, who: &Anonymous, (path, _, form): (&str, Access, &str), revision: &str) -> Answer {
        let form = self
            .with_versions(form)
            .await
            .replace("{revision}", revision)
            .replace("{server}", &self.server)
            .replace("{source}", &self.source)
            .replace("{token}", &self.token)
            .replace("{url}", &self.url)
            .replace("{session}", &self.account.session)
            .replace("{api_token}", &self.account.api_token)
            .replace("{user}", &self.account.user)
            .replace("{invitation}", &self.account.invitation)
            .replace("{password}", &PASSWORD.replace(' ', "+"));
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
        (Admin | Superuser, true) => Some(403),
    }
}

#[tokio::test]
async fn each_rest_route_lets_in_whom_it_should_and_nobody_else() {
    let app = App::start().await;
    let (scene, root) = Scene::set(&app).await;
    let (nobody, eve) = (app.anonymous(), app.user("eve@example.org").await);
    for &case in REST {
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
            Admin | Superuser => &**root,
        };
        if access == Superuser {
            scene.before(&root, path).await;
        }
        let answer = scene.rest(entitled, case).await;
        let phone = rest::TAKE_A_PHONE
            .iter()
            .find(|(by, of, _)| (*by, *of) == (method, path));
        let is_fine = match phone {
            Some((.., status)) => answer.status == *status,
            None => (200..300).contains(&answer.status) || path.ends_with("/logo"),
        };
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
    for &case in FUNCTIONS {
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
            Admin | Superuser => &**root,
        };
        let revision = match access {
            Superuser => scene.before(&root, path).await,
            _ => String::new(),
        };
        let answer = scene.function(entitled, case, &revision).await;
        let phone = TAKE_A_PHONE.iter().find(|(without, _)| *without == path);
        let expected = phone.map_or(200, |(_, status)| *status);
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, expected, "{path}: {body}");
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
        .filter(|(method, _, access, _)| *access == Anyone && *method == "POST")
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
