//! What is done while everything that says something is read: imports, changes, mistakes, calls.

use super::{CONFIGURED, PASSWORD, REPLACED, ROOT, SECRET, Scene, WRONG_PASSWORD};
use crate::support::{
    Anonymous, Answer,
    upstream::{manifest, tool},
};
use reqwest::Method;
use serde_json::{Value, json};

impl Scene {
    /// Documents whose schema forgets what is secret: looked at first, and then taken in.
    pub(super) async fn import_all(&self) {
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
    pub(super) async fn change_all(&self) {
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
    pub(super) async fn make_mistakes(&self) {
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
    pub(super) async fn call_tools(&self) {
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
    pub(super) async fn look_at_tables(&self) {
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
