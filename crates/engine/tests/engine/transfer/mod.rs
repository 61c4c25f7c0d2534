//! Documents: written out, read in, and read in again.

mod refusals;
mod secrets;
mod sources;
mod tools;

use crate::{active_connector, engine, engine_with, new_connector, superuser, user, who};
use patchbay_domain::{
    audit::AuditFilter,
    connector::{ConnectorMode, RegisterConnector, UpdateConnector},
    ids::ConnectorRef,
    page::PageRequest,
    server::{CreateServer, CreatedServer, ServerView},
    tool::CreateTool,
};
use patchbay_engine::{
    Actor, Engine, Error,
    connectors::ConnectorFilter,
    endpoint::{EndpointKey, parse_pool},
    error::Denied,
    gateway::RouteKey,
    servers::ServerFilter,
    transfer::{Document, Format, Report},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::fmt::Write as _;

/// What may never be seen.
const CANARY: &str = "c4n4ry-in-the-mine";

fn definitions() -> Value {
    json!({
        "version": "2.1.0",
        "tools": [
            {"name": "zeta", "description": "Two\nlines", "inputSchema": {"type": "object", "properties": {"b": {}, "a": {}}}},
            {"name": "alpha", "inputSchema": {"type": "object", "minimum": 1.50}}
        ],
        "templates": {"find": {"description": "Finds", "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}}}},
        "config": {"params": {
            "type": "object",
            "required": ["notebook", "key"],
            "properties": {
                "notebook": {"type": "string"},
                "key": {"type": "string", "writeOnly": true},
                "pin": {"type": "integer", "format": "password"}
            }
        }}
    })
}

async fn make_server(engine: &Engine, ada: &Actor, connector: ConnectorRef) -> CreatedServer {
    let configuration = json!({"notebook": "main", "key": CANARY, "pin": 424_242});
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector),
        configuration,
    };
    engine.create_server(ada, new).await.unwrap()
}

/// The newest server that isn't deleted.
async fn only_server(engine: &Engine, actor: &Actor) -> Option<ServerView> {
    let (filter, page) = (ServerFilter::default(), PageRequest::default());
    engine
        .servers(actor, &filter, &page)
        .await
        .unwrap()
        .items
        .into_iter()
        .next()
}

/// A superuser, a user, an active connector, one that is only registered, a server with a tool, and a deleted server.
async fn furnish(engine: &Engine) -> (Actor, Actor) {
    let root = superuser(engine).await;
    let ada = user(engine, "Ada@example.org").await;
    let connector = active_connector(engine, &root, "my-notes", definitions()).await;
    let secret = UpdateConnector {
        secret: Some(CANARY.into()),
        secret_header: Some("X-API-Key".into()),
        ..UpdateConnector::default()
    };
    engine.update_connector(&root, connector, secret).await.unwrap();
    engine.register_connector(&root, new_connector("later")).await.unwrap();
    let server = make_server(engine, &ada, connector).await;
    let tool = CreateTool {
        name: "find_all".into(),
        description: None,
        template: "find".into(),
        source_id: None,
        template_args: json!({"q": "{what} *"}),
    };
    engine.create_tool(&ada, server.server.id, tool).await.unwrap();
    let gone = make_server(engine, &ada, connector).await;
    engine.delete_server(&ada, gone.server.id, None).await.unwrap();
    (root, ada)
}

async fn export(engine: &Engine) -> String {
    engine.export_all().await.unwrap().to_text(Format::Yaml)
}

async fn import_with(
    engine: &Engine,
    text: &str,
    secrets: &(dyn Fn(&str) -> Option<SecretString> + Send + Sync),
) -> Result<Report, Error> {
    let document = Document::parse(text.as_bytes(), None)?;
    engine.import(&who(), &document, false, secrets).await
}

async fn import(engine: &Engine, text: &str) -> Result<Report, Error> {
    import_with(engine, text, &|_| None).await
}

async fn dry_run(engine: &Engine, text: &str) -> Result<Report, Error> {
    let document = Document::parse(text.as_bytes(), None)?;
    engine.import(&who(), &document, true, &|_| None).await
}

fn canary(name: &str) -> Option<SecretString> {
    Some(if name.contains("_PIN_") { "424242" } else { CANARY }.into())
}

/// The lines of everything that is wrong.
fn problems(result: Result<Report, Error>) -> Vec<String> {
    match result.unwrap_err() {
        Error::Invalid(fields) => fields
            .0
            .iter()
            .map(|(path, error)| format!("{path}: {error}"))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// All rows of the tables that an import may touch, but for the audit log.
async fn everything(pool: &PgPool) -> String {
    let mut text = String::new();
    for table in [
        "mcp_connectors",
        "connector_versions",
        "connector_logos",
        "users",
        "user_roles",
        "sources",
        "mcp_servers",
        "mcp_server_bindings",
        "mcp_server_tools",
        "mcp_server_tool_settings",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(&format!("SELECT t::text FROM {table} t ORDER BY 1"))
            .fetch_all(pool)
            .await
            .unwrap();
        writeln!(text, "{table}\n{}", rows.join("\n")).unwrap();
    }
    text
}

async fn actions(engine: &Engine, root: &Actor) -> Vec<String> {
    let page = PageRequest {
        limit: Some(100),
        cursor: None,
    };
    let filter = AuditFilter {
        action: Some("data.import".into()),
        ..AuditFilter::default()
    };
    let imports = engine.audit_events(root, &filter, &page).await.unwrap().items;
    let all = engine
        .audit_events(root, &AuditFilter::default(), &page)
        .await
        .unwrap()
        .items;
    assert!(imports.len() <= all.len());
    let mut actions: Vec<String> = all
        .into_iter()
        .map(|event| event.action)
        .filter(|action| action.ends_with(".import"))
        .collect();
    actions.sort();
    actions
}

#[sqlx::test(migrations = false)]
async fn what_is_exported_makes_the_same_again_in_an_empty_database(pool: PgPool) {
    let engine_here = engine(&pool).await;
    furnish(&engine_here).await;
    let document = engine_here.export_all().await.unwrap();
    let (yaml, json) = (document.to_text(Format::Yaml), document.to_text(Format::Json));
    assert_eq!(export(&engine_here).await, yaml, "two exports are the same bytes");
    assert!(!yaml.contains(CANARY) && !yaml.contains("424242"), "{yaml}");
    assert!(
        yaml.contains("from_env: PATCHBAY_SECRET_CONNECTOR_MY_NOTES__"),
        "{yaml}"
    );
    assert!(
        yaml.find("name: zeta") < yaml.find("name: alpha"),
        "tools stay in their order"
    );
    assert_eq!(Document::parse(yaml.as_bytes(), None).unwrap(), document);
    assert_eq!(Document::parse(json.as_bytes(), None).unwrap(), document);

    for text in [&yaml, &json] {
        let fresh = fresh(&pool).await;
        let other = engine(&fresh).await;
        let report = import_with(&other, text, &canary).await.unwrap();
        assert_eq!(
            (report.connectors.added, report.users.added, report.servers.added),
            (2, 2, 2)
        );
        assert_eq!(report.warnings, []);
        assert_eq!(&export(&other).await, &yaml);
        assert_eq!(other.export_all().await.unwrap().to_text(Format::Json), json);

        let route = other
            .load_route(&RouteKey::Endpoint(EndpointKey::path("/mcp/1")))
            .await
            .unwrap()
            .unwrap();
        let meta = route.bindings[0].source_meta.as_ref().unwrap().get().to_owned();
        assert!(
            meta.contains(CANARY) && meta.contains("424242"),
            "the gateway has the secrets"
        );
        assert!(
            other
                .load_route(&RouteKey::Endpoint(EndpointKey::path("/mcp/2")))
                .await
                .unwrap()
                .is_none()
        );

        let root = other.superuser_named("ROOT@example.org").await.unwrap();
        let connectors = other
            .connectors(&root, &ConnectorFilter::default(), &PageRequest::default())
            .await
            .unwrap();
        let notes = connectors
            .items
            .iter()
            .find(|connector| connector.name == "my-notes")
            .unwrap();
        assert_eq!((notes.mode, notes.definitions_version), (ConnectorMode::Active, 1));
        assert!(notes.has_secret);
        assert!(other.sign_in("root@example.org", &"".into(), None).await.is_err());
        drop_database(&pool, fresh).await;
    }
}

/// Another empty database on the same server.
async fn fresh(pool: &PgPool) -> PgPool {
    let name = format!("transfer_{}", uuid::Uuid::new_v4().simple());
    sqlx::query(&format!("CREATE DATABASE {name}"))
        .execute(pool)
        .await
        .unwrap();
    let options = (*pool.connect_options()).clone().database(&name);
    PgPool::connect_with(options).await.unwrap()
}

async fn drop_database(pool: &PgPool, fresh: PgPool) {
    let name = fresh.connect_options().get_database().unwrap().to_owned();
    fresh.close().await;
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrations = false)]
async fn importing_twice_changes_nothing_the_second_time(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, _) = furnish(&engine).await;
    let yaml = export(&engine).await;
    let before = everything(&pool).await;
    let report = import(&engine, &yaml).await.unwrap();
    assert!(report.is_empty(), "{report}");
    assert_eq!(
        (
            report.connectors.unchanged,
            report.users.unchanged,
            report.servers.unchanged
        ),
        (2, 2, 2)
    );
    assert_eq!(
        everything(&pool).await,
        before,
        "and no row was touched, secrets included"
    );

    let changed = yaml
        .replace("mode: active", "mode: sync")
        .replace("notebook: main", "notebook: second")
        .replace("name: Mine", "name: Ours")
        .replace("description: Finds", "description: Searches")
        .replace("deleted: true", "deleted: false")
        .replace("roles: []", "roles: [admin]");
    let report = import(&engine, &changed).await.unwrap();
    assert_eq!(
        (report.connectors.changed, report.users.changed, report.servers.changed),
        (1, 1, 2),
        "{report}"
    );
    let text = report.to_string();
    for line in [
        "mode: active → sync",
        "changed template:find",
        "configuration.notebook: \"main\" → \"second\"",
        "name: Mine → Ours",
        "roles: none → admin",
        "deleted: true → false",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(CANARY));
    let again = import(&engine, &changed).await.unwrap();
    assert!(
        again.is_empty() && again.to_string().ends_with("There was nothing to change."),
        "{again}"
    );
    assert_eq!(
        actions(&engine, &root).await,
        [
            "connector.import",
            "data.import",
            "server.import",
            "server.import",
            "user.import"
        ]
    );
    let versions: Vec<(i32, String)> = sqlx::query_as(
        "SELECT v.number, v.origin::text FROM connector_versions v JOIN mcp_connectors c ON c.id = v.connector_id
         WHERE c.name = 'my-notes' ORDER BY v.number",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(versions, [(1, "activated".to_owned()), (2, "imported".to_owned())]);
    let log: Vec<String> = sqlx::query_scalar("SELECT e::text FROM audit_events e")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(
        log.iter().all(|row| !row.contains(CANARY) && !row.contains("second")),
        "{log:?}"
    );
    assert!(engine.verify_audit(None, |_| ()).await.unwrap().is_whole());
    let words: Vec<(String, String)> = sqlx::query_as(
        "SELECT before::text, after::text FROM audit_events WHERE action = 'server.import' AND after::text LIKE '%name%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let words: Vec<(Value, Value)> = words
        .iter()
        .map(|(before, after)| {
            (
                serde_json::from_str(before).unwrap(),
                serde_json::from_str(after).unwrap(),
            )
        })
        .collect();
    let notebook = json!(["notebook"]);
    assert!(
        words.contains(&(
            json!({"name": "Mine", "configuration": notebook, "deleted": "true"}),
            json!({"name": "Ours", "configuration": notebook, "deleted": "false"})
        )),
        "{words:?}"
    );
}

#[sqlx::test(migrations = false)]
async fn a_dry_run_says_the_same_and_writes_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, _) = furnish(&engine).await;
    let changed = export(&engine).await.replace("mode: active", "mode: deactive")
        + "  - {owner: new@example.org, name: New, endpoint: /mcp/7, connector: later}\n";
    let changed = changed.replace("users:\n", "users:\n  - {email: new@example.org, roles: [superuser]}\n");
    let before = everything(&pool).await;
    let counter: i64 = sqlx::query_scalar("SELECT last_value FROM change_counter")
        .fetch_one(&pool)
        .await
        .unwrap();
    let mut foretold = dry_run(&engine, &changed).await.unwrap();
    assert!(
        foretold.dry_run && foretold.to_string().ends_with("this was a dry run."),
        "{foretold}"
    );
    assert_eq!(everything(&pool).await, before);
    let after: i64 = sqlx::query_scalar("SELECT last_value FROM change_counter")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((after, actions(&engine, &root).await.len()), (counter, 0));

    let done = import(&engine, &changed).await.unwrap();
    foretold.dry_run = false;
    assert_eq!(done, foretold);
    assert_eq!(
        (done.connectors.changed, done.users.added, done.servers.added),
        (1, 1, 1)
    );
}

#[sqlx::test(migrations = false)]
async fn what_the_document_does_not_speak_of_stays(pool: PgPool) {
    let engine = engine(&pool).await;
    furnish(&engine).await;
    let before = export(&engine).await;
    let small = "patchbay: 1\nconnectors:\n  - name: third\n    description: New\n";
    let report = import(&engine, small).await.unwrap();
    assert_eq!((report.connectors.added, report.connectors.untouched), (1, 2));
    assert_eq!((report.users.untouched, report.servers.untouched), (2, 2));
    let after = export(&engine).await;
    assert_eq!(
        after.replace(
            "  - name: third\n    description: New\n    mode: deactive\n    version: \"0.0.0\"\n",
            ""
        ),
        before
    );

    // Of a connector, too, what isn't said stays.
    let part = "patchbay: 1\nconnectors:\n  - name: my-notes\n    description: Other words\n";
    let report = import(&engine, part).await.unwrap();
    assert_eq!(report.changes[0].members.len(), 1, "{report}");
}

#[sqlx::test(migrations = false)]
async fn an_import_deletes_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    furnish(&engine).await;
    let text = "patchbay: 1\nservers:\n  - {owner: ada@example.org, name: Mine, endpoint: /mcp/1, connector: my-notes, deleted: true}\n";
    let report = import(&engine, text).await.unwrap();
    assert!(report.is_empty(), "its tools stay, too: {report}");
    assert_eq!(report.warnings[0].path, "servers[0].deleted");
}

#[sqlx::test(migrations = false)]
async fn a_deleted_server_comes_back_only_when_the_document_says_so(pool: PgPool) {
    let engine = engine(&pool).await;
    let (_, ada) = furnish(&engine).await;
    let before = export(&engine).await;
    let server = only_server(&engine, &ada).await.unwrap().id;
    engine.delete_server(&ada, server, None).await.unwrap();
    assert!(
        import(&engine, &before).await.unwrap().is_empty(),
        "what it doesn't say stays"
    );
    assert!(only_server(&engine, &ada).await.is_none());

    let said = before.replacen("endpoint: /mcp/1\n", "endpoint: /mcp/1\n    deleted: false\n", 1);
    let report = import(&engine, &said).await.unwrap();
    assert!(report.to_string().contains("deleted: true → false"), "{report}");
    assert_eq!(engine.server_tokens(&ada, server).await.unwrap().len(), 1);
    assert!(import(&engine, &said).await.unwrap().is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_registrys_server_becomes_a_registered_connector(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let text = r#"{
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-10-17/server.schema.json",
        "name": "io.example/notes", "description": "Keeps notes", "version": "1.2.0",
        "remotes": [{"type": "other", "url": "x"}, {"type": "streamable-http", "url": "https://notes.example/mcp", "headers": []}],
        "_meta": {}
    }"#;
    for wrapped in [text.to_owned(), format!(r#"{{"server": {text}, "_meta": {{}}}}"#)] {
        let document = Document::parse(wrapped.as_bytes(), None).unwrap();
        assert!(document.is_registry_entry());
        engine.import_as(&root, &document, false).await.unwrap();
    }
    let list = engine
        .connectors(&root, &ConnectorFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(list.items.len(), 1);
    let connector = &list.items[0];
    assert_eq!(
        (connector.name.as_str(), connector.url.as_str(), connector.mode),
        ("io.example/notes", "https://notes.example/mcp", ConnectorMode::Deactive)
    );
    assert_eq!(connector.version, "0.0.0");

    let local = r#"{"name": "a", "description": "b", "packages": []}"#;
    assert!(problems(import(&engine, local).await)[0].starts_with("remotes: "));
}
