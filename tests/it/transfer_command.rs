//! `patchbay export` and `patchbay import`, and the same over the API.

use crate::support::{
    Answer, App,
    app::PASSWORD,
    client::text,
    database::TestDatabase,
    program::{Ran, patchbay, run, with_keys},
    upstream::{Upstream, manifest, tool},
};
use patchbay_engine::vault::KeyRing;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const CANARY: &str = "c4n4ry-in-the-mine";

const DOCUMENT: &str = r#"
patchbay: 1
connectors:
  - name: notes
    description: Notes in a file
    mode: active
    url: http://localhost:1/connector.json
    mcp_url: http://localhost:1/mcp
    secret: {from_env: PATCHBAY_SECRET_CONNECTOR_NOTES}
    definitions:
      tools: [{name: add, inputSchema: {type: object}}]
      config: {params: {properties: {key: {writeOnly: true}}, required: [key]}}
users:
  - {email: root@example.org, roles: [superuser]}
  - {email: ada@example.org}
servers:
  - owner: ada@example.org
    name: Mine
    endpoint: /mcp/1
    connector: notes
    configuration: {key: {from_env: PATCHBAY_SECRET_SHARED}}
"#;

/// A place to type commands in, with a database and its key.
struct Shell {
    directory: TempDir,
    database: TestDatabase,
    key: SecretString,
}

impl Shell {
    async fn open() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            database: TestDatabase::create().await,
            key: KeyRing::generate_key(),
        }
    }

    async fn run(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
        let mut command = with_keys(patchbay(self.directory.path(), arguments), &self.database);
        command.env("TOKEN_ENCRYPTION_KEY", self.key.expose_secret());
        command.envs(variables.iter().copied());
        run(command, input).await
    }

    /// What a command says that does what it should.
    async fn done(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.run(arguments, input, &[]).await;
        assert!(ran.success, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }
}

#[tokio::test]
async fn a_document_goes_in_and_comes_out_again() {
    let shell = Shell::open().await;
    shell.write("new.yaml", DOCUMENT);
    let without = shell.run(&["import", "new.yaml"], "", &[]).await;
    assert!(!without.success && without.stdout.is_empty());
    assert!(
        without
            .stderr
            .contains("\n  servers[0].configuration.key: PATCHBAY_SECRET_SHARED is not set"),
        "{}",
        without.stderr
    );

    // One from the file beside it, one from the environment.
    shell.write(".env", &format!("PATCHBAY_SECRET_CONNECTOR_NOTES={CANARY}\n"));
    let shared = [("PATCHBAY_SECRET_SHARED", CANARY)];
    let foretold = shell.run(&["import", "new.yaml", "--dry-run"], "", &shared).await;
    assert!(foretold.success && foretold.stderr.is_empty(), "{}", foretold.stderr);
    assert!(
        foretold.stdout.starts_with("+ connector notes\n"),
        "{}",
        foretold.stdout
    );
    assert!(
        foretold.stdout.ends_with("Nothing was written: this was a dry run.\n"),
        "{}",
        foretold.stdout
    );
    assert!(
        shell
            .done(&["export"], "")
            .await
            .ends_with("connectors: []\nusers: []\nsources: []\nservers: []\n")
    );
    let done = shell.run(&["import", "new.yaml"], "", &shared).await;
    assert!(done.success, "{}", done.stderr);
    assert!(
        done.stdout
            .contains("servers: 1 added, 0 changed, 0 unchanged, 0 not in the document"),
        "{}",
        done.stdout
    );

    let yaml = shell.done(&["export"], "").await;
    shell.done(&["export", "--output", "all.yaml"], "").await;
    shell.done(&["export", "-o", "all.json"], "").await;
    assert_eq!(shell.read("all.yaml"), yaml);
    let json: Value = serde_json::from_str(&shell.read("all.json")).unwrap();
    assert_eq!(json["connectors"][0]["definitions"]["tools"][0]["name"], "add");
    for text in [&yaml, &shell.read("all.json"), &done.stdout, &foretold.stdout] {
        assert!(!text.contains(CANARY), "{text}");
    }
    for name in ["all.yaml", "all.json"] {
        let again = shell.done(&["import", name], "").await;
        assert!(again.ends_with("There was nothing to change.\n"), "{again}");
    }
    let from_stdin = shell.done(&["import", "-", "--dry-run"], &yaml).await;
    assert_eq!(from_stdin, shell.done(&["import", "all.yaml", "--dry-run"], "").await);

    // Nobody knows the new accounts' passwords, until there are some.
    let set = ["user", "set-password", "--email", "ada@example.org", "--password-stdin"];
    shell.done(&set, PASSWORD).await;
    let verified = shell.done(&["audit", "verify"], "").await;
    assert!(verified.contains("all as they were written"), "{verified}");
}

#[tokio::test]
async fn who_only_looks_changes_no_schema() {
    let shell = Shell::open().await;
    for arguments in [
        &["export"][..],
        &["import", "-", "--dry-run"],
        &["audit", "verify"],
        &["audit", "export"],
        &["audit", "head"],
    ] {
        let ran = shell.run(arguments, "patchbay: 1", &[]).await;
        assert!(
            !ran.success && ran.stdout.is_empty() && ran.stderr.contains("run `patchbay migrate up` first"),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    let history = shell.done(&["migrate", "history"], "").await;
    assert!(history.starts_with("no migration was applied yet"), "{history}");
    shell.done(&["migrate", "up"], "").await;
    let said = shell.done(&["import", "-", "--dry-run"], "patchbay: 1").await;
    assert!(said.ends_with("There was nothing to change.\n"), "{said}");
}

#[tokio::test]
async fn all_that_is_wrong_is_said_in_order_and_nothing_is_done() {
    let shell = Shell::open().await;
    let users: String = (0..12).map(|n| format!("  - {{email: user{n}}}\n")).collect();
    let bad = format!("patchbay: 1\nconnectors:\n  - {{name: a, description: b, mode: on, shape: x}}\nusers:\n{users}");
    let ran = shell.run(&["import", "-"], &bad, &[]).await;
    assert!(!ran.success && ran.stdout.is_empty());
    let paths: Vec<&str> = ran
        .stderr
        .lines()
        .skip(1)
        .filter_map(|line| line.trim().split(": ").next())
        .collect();
    assert_eq!(paths.len(), 14, "{}", ran.stderr);
    assert_eq!(paths[..2], ["connectors[0].mode", "connectors[0].shape"]);
    assert_eq!(paths[11..], ["users[9].email", "users[10].email", "users[11].email"]);
    for (arguments, said) in [
        (&["import", "nowhere.yaml"][..], "can't read nowhere.yaml"),
        (&["import", "-", "--format", "toml"], "there are yaml and json"),
        (&["import", "-", "--activate"], "--as"),
        (&["import", "-", "--as", "nobody@example.org"], "User not found"),
        (
            &["export", "-o", "no/such/place.yaml"],
            "can't write no/such/place.yaml",
        ),
    ] {
        let ran = shell.run(arguments, "patchbay: 1", &[]).await;
        assert!(
            !ran.success && ran.stderr.contains(said),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    assert!(shell.done(&["export"], "").await.contains("connectors: []"));
}

#[tokio::test]
async fn a_registrys_server_is_registered_and_activated_in_somebodys_name() {
    let shell = Shell::open().await;
    let create = [
        "user",
        "create",
        "--superuser",
        "--password-stdin",
        "--email",
        "root@example.org",
    ];
    shell.done(&create, PASSWORD).await;
    let service = Upstream::connector(manifest(json!([tool("add")]))).await;
    let entry = json!({
        "name": "io.example/notes", "description": "Keeps notes", "version": "1.0.0",
        "remotes": [{"type": "streamable-http", "url": service.manifest_url()}]
    });
    let activate = ["import", "-", "--as", "root@example.org", "--activate"];
    let egress = [("PATCHBAY_EGRESS_ALLOW", "loopback")];
    let ran = shell.run(&activate, &entry.to_string(), &egress).await;
    assert!(ran.success, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("io.example/notes is active, with 1 tools"),
        "{}",
        ran.stdout
    );
    let log = shell
        .done(&["audit", "export", "--actor", "root@example.org"], "")
        .await;
    for action in ["connector.import", "data.import", "connector.activate"] {
        assert!(log.contains(action), "{action}: {log}");
    }
    let again = shell.done(&["import", "-"], &entry.to_string()).await;
    assert!(again.ends_with("There was nothing to change.\n"), "{again}");
    let own = shell.run(&activate, "patchbay: 1", &egress).await;
    assert!(
        !own.success && own.stderr.contains("--activate is for a registry's server.json"),
        "{}",
        own.stderr
    );
}

#[tokio::test]
async fn superusers_export_and_import_over_the_api() {
    let app = App::start().await;
    let (root, ada) = (app.superuser().await, app.user("ada@example.org").await);
    root.register_with_secret("notes", CANARY).await;
    let import = async |path: &str, kind: &str, body: String| {
        let request = root.request(Method::POST, path).header("content-type", kind);
        Answer::of(request.body(body)).await
    };

    let exported = root.get("/api/export?format=yaml").await;
    assert_eq!(exported.header("content-type"), "application/yaml");
    assert_eq!(
        exported.header("content-disposition"),
        "attachment; filename=\"patchbay.yaml\""
    );
    let yaml = String::from_utf8(exported.body).unwrap();
    assert!(
        yaml.contains("PATCHBAY_SECRET_CONNECTOR_NOTES") && !yaml.contains(CANARY),
        "{yaml}"
    );
    let json = root.get("/api/export").await.expect(200);
    assert_eq!(json["connectors"][0]["name"], "notes");
    let report = import("/api/import", "application/yaml", yaml.clone())
        .await
        .expect(200);
    assert_eq!(
        (&report["changes"], &report["connectors"]["unchanged"]),
        (&json!([]), &json!(1))
    );

    // Larger than what anybody else may send.
    let description = "x".repeat(2 << 20);
    let large = json!({"patchbay": 1, "connectors": [{"name": "big", "description": description}]});
    let refused = import("/api/import", "application/json", large.to_string()).await;
    let refused = refused.expect_error(422, "INVALID_FIELDS");
    assert_eq!(refused["fields"]["connectors[0].description"]["code"], "too_long");

    let small = json!({"patchbay": 1, "connectors": [{"name": "small", "description": "x"}]}).to_string();
    let report = import("/api/import?dry_run=true", "application/json", small.clone())
        .await
        .expect(200);
    assert_eq!(
        report["changes"][0],
        json!({"kind": "connector", "name": "small", "added": true, "members": [
            {"name": "description", "before": null, "after": "x"}, {"name": "mode", "before": null, "after": "deactive"}
        ]})
    );
    for bare in ["/api/import?dry_run", "/api/import?dry_run="] {
        let report = import(bare, "application/json", small.clone()).await.expect(200);
        assert_eq!(report["dry_run"], true, "{bare}");
    }
    for unknown in [
        "/api/import?dryrun",
        "/api/import?dry-run=true",
        "/api/import?dry_run=1",
    ] {
        import(unknown, "application/json", small.clone()).await.expect(422);
    }
    assert_eq!(root.get("/api/connectors").await.expect(200)["total"], 1);
    import("/api/import", "application/json", small.clone())
        .await
        .expect(200);
    assert_eq!(root.get("/api/connectors").await.expect(200)["total"], 2);
    let events = root.get("/api/audit?action=data.import").await.expect(200);
    assert_eq!(
        (&events["total"], &events["events"][0]["door"]),
        (&json!(1), &json!("api"))
    );

    let refused = import("/api/import", "text/plain", small.clone())
        .await
        .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    assert!(text(&refused, "message").contains("YAML"), "{refused}");
    import("/api/import?force=1", "application/json", small.clone())
        .await
        .expect(422);
    let denied = ada
        .request(Method::POST, "/api/import")
        .header("content-type", "application/json");
    Answer::of(denied.body(small))
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    // Whoever may not is refused before anything of a large body has arrived.
    let mut stream = TcpStream::connect(app.url.socket_addrs(|| None).unwrap()[0])
        .await
        .unwrap();
    let host = app.url.authority();
    let head = format!("POST /api/import HTTP/1.1\r\nHost: {host}\r\nContent-Length: 60000000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}
