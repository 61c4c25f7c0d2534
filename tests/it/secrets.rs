//! One secret of each kind, led past everything that says something: no answer, page, error, log line or audit row holds one,
//! but for a token in the answer that made it.
//!
//! The server is a process of its own here, so that its log holds its own lines and not those of the clients that ask it, and
//! it logs all that it can.

mod steps;

use crate::support::{
    Anonymous, Answer,
    client::text,
    database::TestDatabase,
    program::{Serving, patchbay, run},
    upstream::{Offer, Upstream, manifest, tool},
};
use leptos_axum::generate_route_list;
use patchbay::rest;
use patchbay_engine::vault::KeyRing;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::path::Path;
use tokio::process::Command;

const ROOT: &str = "root@example.org";
const PASSWORD: &str = "canary password of a superuser";
const WRONG_PASSWORD: &str = "canary password that is wrong";
const SECRET: &str = "canary-secret-of-a-connector";
const REPLACED: &str = "canary-secret-that-replaced-it";
const CONFIGURED: &str = "canary-field-of-a-configuration";
const CONFIGURED_SOURCE: &str = "canary-field-of-a-source";
const JWT_KEY: &str = "canary key that signs access tokens";

/// A running server, a superuser's browser, and everything that must stay where it is.
struct Scene {
    serving: Serving,
    root: Anonymous,
    database: TestDatabase,
    _directory: tempfile::TempDir,
    service: Upstream,
    offer: Offer,
    secrets: Vec<String>,
    server: String,
    token_id: String,
    source: String,
    user: String,
}

fn program(directory: &Path, database: &TestDatabase, key: &str, arguments: &[&str]) -> Command {
    let mut command = patchbay(directory, arguments);
    command
        .env("DATABASE_URL", database.url())
        .env("TOKEN_ENCRYPTION_KEY", key)
        .env("JWT_SECRET_KEY", JWT_KEY)
        .env("PATCHBAY_SIGNUP", "open")
        .env("PATCHBAY_EGRESS_ALLOW", "loopback")
        .env("PATCHBAY_LOG", "trace");
    command
}

impl Scene {
    async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = TestDatabase::create().await;
        let key = KeyRing::generate_key().expose_secret().to_owned();
        let create = ["user", "create", "--email", ROOT, "--superuser", "--password-stdin"];
        let made = run(program(directory.path(), &database, &key, &create), PASSWORD).await;
        assert!(made.success, "{}", made.stderr);
        // Somebody whose password a superuser may reset: nobody's own is.
        let create = ["user", "create", "--email", "grace@example.org", "--password-stdin"];
        let made = run(program(directory.path(), &database, &key, &create), PASSWORD).await;
        assert!(made.success, "{}", made.stderr);
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let serving = Serving::start(program(directory.path(), &database, &key, &serve)).await;
        let root = Anonymous::new(serving.url.parse().unwrap());

        let signed_in = root.login(ROOT, PASSWORD).await;
        let cookie = signed_in.header("set-cookie").to_owned();
        let (_, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        let access_token = text(&signed_in.expect(200), "access_token");

        let mut offered = manifest(json!([tool("a")]));
        offered["config"] = json!({ "params": { "type": "object", "properties": {
            "notebook": { "type": "string" },
            "key": { "type": "string", "writeOnly": true },
        } } });
        offered["templates"] = json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
        let (service, offer) = Upstream::changing(offered).await;

        let mut scene = Self {
            secrets: [
                PASSWORD,
                WRONG_PASSWORD,
                SECRET,
                REPLACED,
                CONFIGURED,
                CONFIGURED_SOURCE,
                JWT_KEY,
                &key,
                value,
                &access_token,
            ]
            .map(str::to_owned)
            .to_vec(),
            serving,
            root,
            database,
            _directory: directory,
            service,
            offer,
            server: String::new(),
            token_id: String::new(),
            source: String::new(),
            user: String::new(),
        };
        scene.fill().await;
        scene
    }

    /// A connector with a secret, and a server of it with a sealed field and tokens.
    async fn fill(&mut self) {
        let new = json!({ "name": "notes", "description": "x", "secret": SECRET });
        self.says_none("register", self.root.post("/api/connectors/register", new).await)
            .expect(201);
        let activate = json!({ "connector_id": 1, "connector_url": self.service.manifest_url() });
        self.says_none("activate", self.root.post("/api/connectors/activate", activate).await)
            .expect(200);
        let new = json!({
            "name": "Mine", "connector_id": 1, "configuration": { "notebook": "work", "key": CONFIGURED },
        });
        let made = self.root.post("/api/mcp-servers", new).await;
        let made = self.says_none("create a server", made).expect(201);
        self.secrets.push(text(&made, "token"));
        self.server = text(&made, "id");
        let tokens = format!("/api/mcp-servers/{}/tokens", self.server);
        let made = self.root.post(&tokens, json!({ "name": "laptop" })).await;
        let made = self.says_none("create a token", made).expect(201);
        self.token_id = text(&made, "id");
        self.secrets.push(text(&made, "token"));
        self.fill_account().await;
    }

    /// A source with a sealed field, tokens of all kinds, and a second factor that is offered. The answers that make them wait
    /// for whoever asks again.
    async fn fill_account(&mut self) {
        let me = self.root.get("/api/auth/me").await.expect(200);
        self.user = text(&me, "id");
        let found = self.root.get("/api/users?q=grace").await.expect(200);
        let grace = text(&found["users"][0], "id");
        let new = json!({ "type": "notes", "source_metadata": { "key": CONFIGURED_SOURCE } });
        let made = self.root.post("/api/sources", new).await;
        self.source = text(&self.says_none("create a source", made).expect(201), "id");
        for (path, body) in [
            ("/api/tokens", json!({ "name": "A script" })),
            ("/api/invitations", json!({ "email": "ada@example.org" })),
            (&format!("/api/users/{grace}/reset-link"), json!({})),
            (
                &format!("/api/mcp-servers/{}/tokens", self.server),
                json!({ "name": "again" }),
            ),
        ] {
            let key = [("idempotency-key", path)];
            let made = self.root.send("POST", path, &key, body.clone()).await;
            let token = text(&self.says_none(path, made).expect(201), "token");
            let again = self.root.send("POST", path, &key, body).await.expect(201);
            assert_eq!(text(&again, "token"), token);
            self.secrets.push(token);
        }
        let password = json!({ "password": PASSWORD });
        let offer = self.root.post("/api/auth/second-factor", password).await;
        let offer = self.says_none("offer a second factor", offer).expect(200);
        self.secrets.push(text(&offer, "secret"));
    }

    /// The first secret that stands in a text.
    fn found_in(&self, said: &str) -> Option<&str> {
        let found = self.secrets.iter().find(|secret| said.contains(secret.as_str()));
        found.map(String::as_str)
    }

    #[track_caller]
    fn says_none(&self, what: &str, answer: Answer) -> Answer {
        let mut headers = answer.headers.clone();
        // The one way for a session's cookie to get there.
        headers.remove("set-cookie");
        let said = format!("{headers:?} {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(self.found_in(&said), None, "{what}: {said}");
        answer
    }

    /// Sends a form as a browser without scripts does, and looks at the page that it is sent on to.
    async fn submit(&self, path: &str, form: &[(&str, &str)]) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let form = self
            .root
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .body(body);
        let answer = self.says_none(path, Answer::of(form).await);
        let next = answer.header("location").to_owned();
        assert!(answer.status == 303 && !next.is_empty(), "{path}: {}", answer.status);
        // As often as somebody reloads it.
        for _ in 0..2 {
            let shown = self.root.get(&next).await;
            self.says_none(&format!("{path}, then {next}"), shown);
        }
    }

    /// Everything that can be asked for without changing anything.
    async fn read_all(&self) {
        let path_of = |path: &str| {
            let id = match path {
                path if path.contains("connectors") => "1",
                path if path.contains("sources") => &self.source,
                path if path.contains("users") => &self.user,
                _ => &self.server,
            };
            path.replace("{id}", id).replace("{n}", "1").replace(":id", id)
        };
        for endpoint in rest::endpoints()
            .iter()
            .filter(|endpoint| endpoint.method == Method::GET)
        {
            let path = path_of(endpoint.path);
            let answer = self.says_none(&path, self.root.get(&path).await);
            let may_be_missing = path.ends_with("/logo");
            assert!(answer.status == 200 || may_be_missing, "{path}: {}", answer.status);
        }
        let pages = generate_route_list(patchbay_app::App);
        assert!(pages.len() > 8, "the pages are looked for in the wrong place");
        for page in pages {
            let path = path_of(page.path());
            let answer = self.says_none(&path, self.root.get(&path).await);
            assert!(answer.status < 500, "{path}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn nothing_that_anybody_can_read_holds_a_secret() {
    let scene = Scene::set().await;
    scene.read_all().await;
    scene.import_all().await;
    scene.read_all().await;
    scene.change_all().await;
    scene.read_all().await;
    scene.make_mistakes().await;
    scene.call_tools().await;
    scene.read_all().await;
    scene.look_at_tables().await;

    let Scene {
        serving,
        secrets,
        database,
        ..
    } = scene;
    let (success, log) = serving.terminate_and_tell().await;
    assert!(success);
    assert!(
        log.lines().count() > 100 && log.contains("TRACE"),
        "it logs all that it can"
    );
    for secret in &secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{secret}");
    }
    drop(database);
}
