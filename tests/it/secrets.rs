//! One secret of each kind, led past everything that says something: no answer, page, error, log line or audit row holds one,
//! but for a token in the answer that made it.
//!
//! The server is a process of its own here, so that its log holds its own lines and not those of the clients that ask it, and
//! it logs all that it can.

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
use serde_json::{Value, json};
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
        let new = json!({ "type": "notes", "source_metadata": { "key": CONFIGURED_SOURCE } });
        let made = self.root.post("/api/sources", new).await;
        self.source = text(&self.says_none("create a source", made).expect(201), "id");
        for (path, body) in [
            ("/api/tokens", json!({ "name": "A script" })),
            ("/api/invitations", json!({ "email": "ada@example.org" })),
            (&format!("/api/users/{}/reset-link", self.user), json!({})),
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

impl Scene {
    /// Documents whose schema forgets what is secret: looked at first, and then taken in.
    async fn import_all(&self) {
        let reference = json!({ "from_env": "PATCHBAY_SECRET_OF_SOMEBODY" });
        let of = |properties: Value| json!({ "params": { "type": "object", "properties": properties } });
        let forgetful = [
            (
                of(json!({ "notebook": {}, "key": { "type": "string" } })),
                json!({ "key": "x" }),
            ),
            (
                of(json!({ "notebook": {}, "token": { "writeOnly": true } })),
                json!({ "token": reference }),
            ),
            (of(json!({})), json!({ "notebook": "x" })),
            (Value::Null, json!({})),
        ];
        let document = |config: &Value, configuration: Option<&Value>| {
            let mut definitions = json!({ "tools": [tool("a")], "templates": [{ "name": "t", "inputSchema": {} }] });
            if !config.is_null() {
                definitions["config"] = config.clone();
            }
            let mut server = json!({ "owner": ROOT, "name": "Mine", "endpoint": "/mcp/1", "connector": "notes" });
            if let Some(configuration) = configuration {
                server["configuration"] = configuration.clone();
            }
            json!({ "patchbay": 1, "connectors": [{ "name": "notes", "definitions": definitions }], "servers": [server] })
        };
        for (config, configuration) in &forgetful {
            let hostile = document(config, Some(configuration));
            let report = self.root.post("/api/import?dry_run", hostile).await;
            let report = self.says_none("a dry run", report).expect(200);
            assert!(report.to_string().contains("********"), "{report}");
            let report = self.root.post("/api/import", document(config, None)).await;
            self.says_none("an import", report).expect(200);
            for path in ["/api/export", "/api/export?format=yaml", "/api/mcp-servers"] {
                self.says_none(path, self.root.get(path).await);
            }
        }
        let marked = of(json!({ "notebook": {}, "key": { "type": "string", "writeOnly": true } }));
        self.says_none(
            "an import",
            self.root.post("/api/import", document(&marked, None)).await,
        )
        .expect(200);
    }

    /// Everything that changes something, once, with a secret wherever one is taken.
    async fn change_all(&self) {
        let change = async |method: &str, path: &str, body: Value| {
            let request = self.root.request(method.parse().unwrap(), path).json(&body);
            self.says_none(&format!("{method} {path}"), Answer::of(request).await)
        };
        change("PUT", "/api/connectors/1", json!({ "secret": REPLACED }))
            .await
            .expect(200);
        change("POST", "/api/connectors/1/sync", json!({})).await.expect(200);
        let mut offered = manifest(json!([tool("a"), tool("b")]));
        offered["templates"] = json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
        self.offer.set(offered);
        change("POST", "/api/connectors/1/sync", json!({})).await.expect(200);
        change("POST", "/api/connectors/1/changes/refuse", json!({}))
            .await
            .expect(200);
        change("POST", "/api/connectors/1/changes/accept", json!({}))
            .await
            .expect(200);
        change("POST", "/api/connectors/1/versions/1/restore", json!({}))
            .await
            .expect(200);
        let add = json!({ "connector_url": self.service.manifest_url(), "name": "added", "secret": SECRET });
        change("POST", "/api/connectors", add).await.expect(201);
        change("DELETE", "/api/connectors/2", json!({})).await.expect(200);
        let new = json!({ "name": "mine", "template": "t", "template_args": {} });
        let tools = format!("/api/mcp-servers/{}/tools", self.server);
        change("POST", &tools, new).await.expect(201);
        change("DELETE", &format!("{tools}/mine"), json!({})).await.expect(204);
        let source = format!("/api/sources/{}", self.source);
        let kept = json!({ "name": "x", "source_metadata": { "notebook": "x", "key": "********" } });
        change("PATCH", &source, kept).await.expect(200);
        change("POST", &format!("{source}/test"), json!({})).await.expect(200);
        let server = format!("/api/mcp-servers/{}", self.server);
        let kept = json!({ "configuration": { "notebook": "x", "key": "********" } });
        change("PATCH", &server, kept).await.expect(200);
        change("PUT", &format!("{server}/sources/{}", self.source), json!({}))
            .await
            .expect(200);
        for mode in ["sync", "active"] {
            change("PATCH", "/api/connectors/1/mode", json!({ "mode": mode }))
                .await
                .expect(200);
        }

        let form = [("name", "by form"), ("description", "x"), ("secret", SECRET)];
        self.submit("/fn/connectors/register", &form).await;
        // Refused, and shown again with what was typed.
        let form = [("name", ""), ("description", "x"), ("secret", SECRET)];
        self.submit("/fn/connectors/register", &form).await;
        let key = ("configuration[key]", CONFIGURED);
        let form = [("connector_id", "1"), ("name", ""), key];
        self.submit("/fn/servers/create", &form).await;
    }

    /// Everything that can go wrong with a secret in it.
    async fn make_mistakes(&self) {
        let broken = format!(r#"{{"email":"{ROOT}","password":"{PASSWORD}","secret":"{SECRET}""#);
        for (method, path) in [
            ("POST", "/api/auth/login"),
            ("POST", "/api/auth/register"),
            ("POST", "/api/auth/set-up"),
            ("POST", "/api/auth/reset"),
            ("PUT", "/api/auth/password"),
            ("DELETE", "/api/auth/me"),
            ("POST", "/api/auth/second-factor/confirm"),
            ("POST", "/api/sources"),
            ("POST", "/api/connectors/register"),
            ("POST", "/api/connectors"),
            ("PUT", "/api/connectors/1"),
        ] {
            for body in [
                broken.clone(),
                format!("{broken}}}"),
                format!("[\"{PASSWORD}\", \"{SECRET}\"]"),
                format!(r#"{{"password":["{PASSWORD}"],"secret":["{SECRET}"]}}"#),
                format!(r#"{{"password":{{"{PASSWORD}":1}},"secret":{{"{SECRET}":1}}}}"#),
                format!(
                    r#"{{"email":"x","password":"{PASSWORD}\n","name":"x","description":"x","secret":"{SECRET}\n"}}"#
                ),
            ] {
                let request = self
                    .root
                    .request(method.parse().unwrap(), path)
                    .header("content-type", "application/json")
                    .body(body.clone());
                let answer = self.says_none(&format!("{method} {path} {body}"), Answer::of(request).await);
                assert!(answer.status >= 400, "{method} {path} {body}: {}", answer.status);
            }
        }
        let other = Anonymous::new(self.serving.url.parse().unwrap());
        self.says_none("a wrong password", other.login(ROOT, WRONG_PASSWORD).await)
            .expect(401);
        let access_token = self.secrets.iter().find(|secret| secret.starts_with("ey"));
        let cut = access_token
            .map(|token| &token[..token.len() - 1])
            .expect("a token was given");
        let request = other.request(Method::GET, "/api/auth/me").bearer_auth(cut);
        self.says_none("a broken access token", Answer::of(request).await)
            .expect(401);
        let form = [("email", ROOT), ("password", WRONG_PASSWORD)];
        self.submit("/fn/account/sign-in", &form).await;

        self.offer.fall_silent();
        let sync = self.root.post("/api/connectors/1/sync", json!({})).await;
        self.says_none("a service that is away", sync).expect(400);
        let new = json!({ "name": "x", "connector_id": 1, "configuration": { "key": [CONFIGURED] } });
        let refused = self.root.post("/api/mcp-servers", new).await;
        self.says_none("a configuration of the wrong kind", refused).expect(422);

        let fault = "ALTER TABLE mcp_connectors RENAME TO hidden";
        self.database.execute(fault).await;
        let failed = self.root.put("/api/connectors/1", json!({ "secret": SECRET })).await;
        self.says_none("a fault of ours", failed).expect(500);
        self.database
            .execute("ALTER TABLE hidden RENAME TO mcp_connectors")
            .await;
    }

    /// The gateway: with the right token, a wrong one, and a service that is shown its secret.
    async fn call_tools(&self) {
        let token = self.secrets.iter().find(|secret| secret.starts_with("mcp_token_"));
        let token = token.expect("a token was made");
        let broken = &token[..token.len() - 1];
        for (token, status) in [(token.as_str(), 200), (broken, 401)] {
            for method in ["tools/list", "tools/call"] {
                let params = json!({ "name": "a", "arguments": {}, "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                } });
                let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
                let request = self
                    .root
                    .request(Method::POST, "/mcp/1")
                    .bearer_auth(token)
                    .header("accept", "application/json, text/event-stream")
                    .header("mcp-protocol-version", "2026-07-28")
                    .header("mcp-method", method)
                    .header("mcp-name", "a");
                let answer = Answer::of(request.json(&body)).await;
                assert_eq!(
                    answer.status,
                    status,
                    "{method}: {}",
                    String::from_utf8_lossy(&answer.body)
                );
                self.says_none(method, answer);
            }
        }
        let shown = self.service.seen();
        let shown = shown.iter().rfind(|seen| seen.body.contains("tools/call")).unwrap();
        assert_eq!(shown.headers["authorization"], format!("Bearer {REPLACED}").as_str());
        assert!(shown.body.contains(CONFIGURED), "the service needs what was configured");
    }

    /// Whoever reads the database reads none either, as text or as bytes.
    async fn look_at_tables(&self) {
        let tables = self
            .database
            .texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .await;
        assert!(tables.iter().any(|table| table == "audit_events"));
        for table in tables {
            let rows = self
                .database
                .texts(&format!(r#"SELECT t::text FROM "{table}" t"#))
                .await
                .join("\n");
            assert_eq!(self.found_in(&rows), None, "{table}");
            for secret in &self.secrets {
                let bytes: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(!rows.contains(&bytes), "{table} holds {secret}");
            }
        }
    }
}
