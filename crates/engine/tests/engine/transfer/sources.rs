//! Sources, servers that are made from them, and tools as their owners want them: there and back again.

use super::*;
use patchbay_domain::{
    ids::{ServerId, SourceId},
    source::CreateSource,
    tool::{ServerTool, ToolOrder, ToolStatus, UpdateTool},
};

async fn source(engine: &Engine, actor: &Actor, kind: &str, name: Option<&str>, metadata: Value) -> SourceId {
    let new = CreateSource {
        kind: kind.into(),
        name: name.map(str::to_owned),
        source_metadata: metadata,
    };
    engine.create_source(actor, new).await.unwrap().id
}

fn configured(notebook: &str) -> Value {
    json!({"notebook": notebook, "key": CANARY})
}

async fn server_of(
    engine: &Engine,
    actor: &Actor,
    name: &str,
    connector: Option<ConnectorRef>,
    sources: &[SourceId],
) -> ServerId {
    let new = CreateServer {
        name: name.into(),
        source_ids: sources.iter().map(ToString::to_string).collect(),
        configuration: if connector.is_some() {
            configured("own")
        } else {
            json!({})
        },
        connector_id: connector,
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

/// Sources that look alike, one of a type that nobody offers, and servers that are made from them in every way: without a
/// connector and with one, with sources that left and one that was deleted, with tools renamed, switched off and moved.
async fn furnish_sources(engine: &Engine) -> (Actor, Actor) {
    let root = superuser(engine).await;
    let ada = user(engine, "Ada@example.org").await;
    let notes = active_connector(engine, &root, "my-notes", definitions()).await;
    let other = json!({"tools": [{"name": "alpha", "inputSchema": {"type": "object"}}]});
    active_connector(engine, &root, "other", other).await;

    let first = source(engine, &ada, "my-notes", Some("Main"), configured("one")).await;
    let second = source(engine, &ada, "my-notes", Some("Main"), configured("two")).await;
    let nameless = source(engine, &ada, "my-notes", None, configured("three")).await;
    let plain = source(engine, &ada, "other", None, json!({})).await;
    let nobodys = source(engine, &ada, "not yet", Some("Später"), json!({"token": CANARY})).await;
    let doomed = source(engine, &ada, "other", Some("Doomed"), json!({})).await;
    source(engine, &root, "my-notes", Some("Main"), configured("root's")).await;

    let mixed = server_of(engine, &ada, "Mixed", None, &[doomed, first, second, plain, nobodys]).await;
    engine.delete_source(&ada, doomed, None).await.unwrap();
    engine
        .remove_source_from_server(&ada, mixed, &plain.to_string(), None)
        .await
        .unwrap();
    let own = server_of(engine, &ada, "Own", Some(notes), &[second, nameless]).await;

    let renamed = UpdateTool {
        enabled: None,
        name: Some(Some("mine".into())),
        description: Some(Some("In other words".into())),
    };
    engine.update_tool(&ada, own, "alpha", renamed).await.unwrap();
    let off = UpdateTool {
        enabled: Some(false),
        ..UpdateTool::default()
    };
    engine.update_tool(&ada, mixed, "my_notes_2__alpha", off).await.unwrap();
    let made = CreateTool {
        name: "find_second".into(),
        description: Some("Finds in the second".into()),
        template: "find".into(),
        source_id: Some(second),
        template_args: json!({"q": "{what}"}),
    };
    engine.create_tool(&ada, own, made).await.unwrap();
    let order = ToolOrder {
        names: vec!["my_notes_2__zeta".into(), "find_second".into(), "mine".into()],
    };
    engine.order_tools(&ada, own, order).await.unwrap();
    (root, ada)
}

/// Somebody who came with an import.
async fn somebody(pool: &PgPool, email: &str) -> Actor {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM users WHERE lower(email) = $1")
        .bind(email)
        .fetch_one(pool)
        .await
        .unwrap();
    Actor {
        user: id.into(),
        roles: Vec::new(),
        session: None,
        origin: patchbay_engine::actor::Origin::SYSTEM,
    }
}

/// Everything that clients know of a server's tools, and what its owner wants of them.
fn told(tools: &[ServerTool]) -> Vec<(String, Option<String>, ToolStatus)> {
    let told = tools
        .iter()
        .map(|tool| (tool.tool.name.clone(), tool.tool.description.clone(), tool.status));
    told.collect()
}

async fn tools_by_server(engine: &Engine, actor: &Actor) -> Vec<(String, Vec<(String, Option<String>, ToolStatus)>)> {
    let page = PageRequest::default();
    let servers = engine.servers(actor, &ServerFilter::default(), &page).await.unwrap();
    let mut all = Vec::new();
    for server in servers.items {
        let tools = engine.server_tools(actor, server.id).await.unwrap();
        all.push((server.name, told(&tools)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[sqlx::test(migrations = false)]
async fn sources_and_the_names_of_tools_are_the_same_in_another_installation(pool: PgPool) {
    let engine_here = engine(&pool).await;
    let (_, ada) = furnish_sources(&engine_here).await;
    let document = engine_here.export_all().await.unwrap();
    let (yaml, json) = (document.to_text(Format::Yaml), document.to_text(Format::Json));
    assert!(!yaml.contains(CANARY), "{yaml}");
    assert_eq!(Document::parse(yaml.as_bytes(), None).unwrap(), document);
    for line in [
        "  - owner: Ada@example.org\n    type: my-notes\n    name: Main\n    number: 2\n",
        "from_env: PATCHBAY_SECRET_SOURCE_MY_NOTES_MAIN_KEY__",
        "    former_sources:\n      - prefix: \"\"\n      - type: other\n        prefix: other\n",
    ] {
        assert!(yaml.contains(line), "{line}: {yaml}");
    }
    let before = tools_by_server(&engine_here, &ada).await;
    let names: Vec<_> = before
        .iter()
        .flat_map(|(_, tools)| tools.iter().map(|(name, ..)| name.as_str()))
        .collect();
    for name in ["my_notes__zeta", "my_notes_2__zeta", "mine", "find_second"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }

    for text in [&yaml, &json] {
        let fresh = fresh(&pool).await;
        let other = engine(&fresh).await;
        let report = import_with(&other, text, &canary).await.unwrap();
        assert_eq!((report.sources.added, report.servers.added), (6, 2), "{report}");
        assert_eq!(report.warnings, []);
        assert_eq!(&export(&other).await, &yaml);
        assert_eq!(other.export_all().await.unwrap().to_text(Format::Json), json);
        let ada = somebody(&fresh, "ada@example.org").await;
        assert_eq!(tools_by_server(&other, &ada).await, before);
        assert!(import_with(&other, text, &canary).await.unwrap().is_empty());
        drop_database(&pool, fresh).await;
    }
}

#[sqlx::test(migrations = false)]
async fn importing_sources_again_changes_nothing_and_a_dry_run_says_what_would_change(pool: PgPool) {
    let engine = engine(&pool).await;
    let (_, ada) = furnish_sources(&engine).await;
    let yaml = export(&engine).await;
    let before = everything(&pool).await;
    let report = import(&engine, &yaml).await.unwrap();
    assert!(report.is_empty(), "{report}");
    assert_eq!((report.sources.unchanged, report.servers.unchanged), (6, 2));
    assert_eq!(everything(&pool).await, before, "and no row was touched");

    let changed = yaml
        .replace("notebook: two", "notebook: zwei")
        .replace("name: mine", "name: ours")
        .replace("enabled: false", "enabled: true")
        .replacen("prefix: my_notes_2\n", "prefix: my_notes_2\n      - type: other\n", 1)
        .replace("      - type: other\n        prefix: other\n", "");
    let foretold = dry_run(&engine, &changed).await.unwrap();
    let text = foretold.to_string();
    for line in [
        "~ source my-notes 'Main' (2) of Ada@example.org",
        "source_metadata.notebook: \"two\" → \"zwei\"",
        "sources: my-notes 'Main', my-notes 'Main' (2), not yet 'Später' → my-notes 'Main', my-notes",
        "tool_settings.alpha: on, as mine",
        "tool_settings.alpha: off → on",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(CANARY), "{text}");
    assert_eq!(everything(&pool).await, before);
    let done = import(&engine, &changed).await.unwrap();
    assert_eq!(
        (done.changes, done.sources.changed, done.servers.changed),
        (foretold.changes, 1, 2)
    );
    assert!(import(&engine, &changed).await.unwrap().is_empty());

    // A source that came back has the prefix that it had.
    let tools = tools_by_server(&engine, &ada).await;
    let names: Vec<_> = tools[0].1.iter().map(|(name, ..)| name.as_str()).collect();
    assert!(names.contains(&"other__alpha"), "{names:?}");
    let log: Vec<String> = sqlx::query_scalar("SELECT e::text FROM audit_events e WHERE action LIKE '%.import'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(log.iter().any(|row| row.contains("source.import")), "{log:?}");
    assert!(
        log.iter().all(|row| !row.contains(CANARY) && !row.contains("zwei")),
        "{log:?}"
    );
}

const HEAD: &str = "patchbay: 1
connectors:
  - name: notes
    description: N
    url: http://h/
    mcp_url: http://h/mcp
    mode: active
    definitions: {tools: [{name: a, inputSchema: {type: object}}], config: {params: {type: object, required: [key], properties: {key: {type: string, writeOnly: true}, book: {type: string}}}}}
users: [{email: ada@example.org}]
";

fn metadata() -> &'static str {
    "source_metadata: {key: {from_env: PATCHBAY_SECRET_MINE}}"
}

#[sqlx::test(migrations = false)]
async fn what_is_wrong_with_sources_is_told_by_its_place(pool: PgPool) {
    let engine = engine(&pool).await;
    let text = format!(
        "{HEAD}sources:
  - {{owner: ada@example.org, type: notes, {metadata}}}
  - {{owner: ada@example.org, type: notes, {metadata}}}
  - {{owner: x, type: mcp}}
  - {{owner: ada@example.org, type: notes, number: 0}}
  - {{owner: ada@example.org, type: notes, name: a, source_metadata: []}}
servers:
  - owner: ada@example.org
    name: n
    endpoint: /mcp/1
    sources: [{{type: notes}}, {{type: notes, prefix: 'Ä'}}, {{name: x}}]
    former_sources: [{{type: notes, prefix: x}}, {{type: other}}]
    tools: [{{name: t, template: t, source: notes}}]
    tool_settings: [{{tool: a, position: -1}}, {{tool: a, enabled: maybe}}, {{tool: a, name: 'no name'}}]
",
        metadata = metadata()
    );
    let found = problems(import(&engine, &text).await);
    let paths: Vec<&str> = found.iter().filter_map(|line| line.split(": ").next()).collect();
    for path in [
        "sources[1].type",
        "sources[2].owner",
        "sources[2].type",
        "sources[3].number",
        "sources[4].source_metadata",
        "servers[0].sources[1].prefix",
        "servers[0].sources[1].type",
        "servers[0].sources[2].type",
        "servers[0].former_sources[0].type",
        "servers[0].former_sources[1].prefix",
        "servers[0].tools[0].source",
        "servers[0].tool_settings[0].position",
        "servers[0].tool_settings[1].enabled",
        "servers[0].tool_settings[2].name",
    ] {
        assert!(paths.contains(&path), "{path} is not among {found:#?}");
    }

    let words = "x".repeat(1000);
    let wordy: String = (0..600)
        .map(|n| format!("{{tool: t{n}, description: {words}}}, "))
        .collect();
    let many: String = (0..33).map(|n| format!("{{type: none, name: n{n}}}, ")).collect();
    let text = format!(
        "{HEAD}sources:
  - {{owner: nobody@example.org, type: notes, {metadata}}}
  - {{owner: ada@example.org, type: notes, number: 3, {metadata}}}
  - {{owner: ada@example.org, type: notes, name: bad, source_metadata: {{key: hunter2}}}}
  - {{owner: ada@example.org, type: notes, name: odd, source_metadata: {{key: {{from_env: PATCHBAY_SECRET_MINE}}, book: 7}}}}
  - {{owner: ada@example.org, type: free, source_metadata: {{anything: 1}}}}
servers:
  - {{owner: ada@example.org, name: n, endpoint: /mcp/1, sources: [{many}]}}
  - {{owner: ada@example.org, name: n, endpoint: /mcp/2, configuration: {{a: 1}}, tools: [{{name: t, template: t, source: {{type: gone}}}}]}}
  - {{owner: ada@example.org, name: n, endpoint: /mcp/3, connector: notes, configuration: {{key: {{from_env: PATCHBAY_SECRET_MINE}}}}, sources: [{{type: free, prefix: ''}}]}}
  - {{owner: ada@example.org, name: n, endpoint: /mcp/4, sources: [{{type: free, prefix: p}}, {{type: notes, name: odd, prefix: p}}]}}
  - {{owner: ada@example.org, name: n, endpoint: /mcp/5, tool_settings: [{{tool: a, name: x}}, {{tool: b, name: x}}]}}
  - {{owner: ada@example.org, name: n, endpoint: /mcp/6, tool_settings: [{wordy}]}}
",
        metadata = metadata()
    );
    let before = everything(&pool).await;
    let secret = |name: &str| (name == "PATCHBAY_SECRET_MINE").then(|| CANARY.into());
    let found = problems(import_with(&engine, &text, &secret).await);
    let paths: Vec<&str> = found.iter().filter_map(|line| line.split(": ").next()).collect();
    for path in [
        "sources[0].owner",
        "sources[1].number",
        "sources[2].source_metadata.key",
        "sources[3].source_metadata.book",
        "servers[0].sources",
        "servers[0].sources[32]",
        "servers[1].configuration",
        "servers[1].tools[0].source",
        "servers[2].sources[0].prefix",
        "servers[3].sources[1].prefix",
        "servers[4].tool_settings[0].name",
        "servers[4].tool_settings[1].name",
        "servers[5].tool_settings",
    ] {
        assert!(paths.contains(&path), "{path} is not among {found:#?}");
    }
    assert!(!found.join("\n").contains("hunter2"), "{found:?}");
    assert_eq!(everything(&pool).await, before, "nothing of it was done");
}

#[sqlx::test(migrations = false)]
async fn a_sources_secret_comes_from_the_environment_or_stays_or_is_missed(pool: PgPool) {
    let engine = engine(&pool).await;
    let text = format!(
        "{HEAD}sources:
  - {{owner: ada@example.org, type: notes, name: A, {metadata}}}
  - {{owner: ada@example.org, type: notes, name: A, number: 2, {metadata}}}
",
        metadata = metadata()
    );
    let missing = problems(import(&engine, &text).await);
    assert!(
        missing[0].starts_with("sources[0].source_metadata.key: PATCHBAY_SECRET_MINE is not set"),
        "{missing:?}"
    );
    let secret = |name: &str| (name == "PATCHBAY_SECRET_MINE").then(|| CANARY.into());
    assert_eq!(import_with(&engine, &text, &secret).await.unwrap().sources.added, 2);
    assert!(import(&engine, &text).await.unwrap().is_empty(), "what is stored stays");
    let shown: Vec<String> = sqlx::query_scalar("SELECT source_metadata::text FROM sources")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(shown, [r#"{"key": "********"}"#; 2]);

    let other = |name: &str| (name == "PATCHBAY_SECRET_MINE").then(|| "another".into());
    let report = import_with(&engine, &text, &other).await.unwrap();
    assert_eq!(report.sources.changed, 2, "{report}");
    assert!(
        report
            .to_string()
            .contains("source_metadata.key: \"********\" → \"********\""),
        "{report}"
    );
    // The third of its kind needs no word about the first two, once they are here.
    let third = format!(
        "patchbay: 1\nsources: [{{owner: ada@example.org, type: notes, name: A, number: 3, {}}}]",
        metadata()
    );
    let report = import_with(&engine, &third, &secret).await.unwrap();
    assert_eq!((report.sources.added, report.sources.untouched), (1, 2));
    assert!(import(&engine, &third).await.unwrap().is_empty());
}

#[sqlx::test(migrations = false)]
async fn what_a_document_says_nothing_of_stays_with_its_server(pool: PgPool) {
    let engine = engine(&pool).await;
    furnish_sources(&engine).await;
    let before = everything(&pool).await;
    let part = "patchbay: 1\nservers: [{owner: ada@example.org, name: Own, endpoint: /mcp/2}, {owner: ada@example.org, name: Mixed, endpoint: /mcp/1}]";
    let report = import(&engine, part).await.unwrap();
    assert!(report.is_empty(), "{report}");
    assert_eq!(everything(&pool).await, before);

    // A connector of its own can't come to a server, nor a prefix become another.
    let text = "patchbay: 1\nservers:
  - {owner: ada@example.org, name: Mixed, endpoint: /mcp/1, connector: other}
  - {owner: ada@example.org, name: Own, endpoint: /mcp/2, sources: [{type: my-notes, prefix: mine}]}\n";
    let found = problems(import(&engine, text).await);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("servers[0].connector: This server has no connector of its own"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("servers[1].sources[0].prefix: Its tools have the prefix 'my_notes_2'"),
        "{found:?}"
    );

    // Names change hands in one go.
    let swap = |a: &str, b: &str| {
        format!(
            "patchbay: 1\nservers: [{{owner: ada@example.org, name: Own, endpoint: /mcp/2, tool_settings: [{{tool: alpha, name: {a}}}, {{tool: zeta, name: {b}}}]}}]"
        )
    };
    import(&engine, &swap("x", "y")).await.unwrap();
    assert_eq!(import(&engine, &swap("y", "x")).await.unwrap().servers.changed, 1);
    assert!(import(&engine, &swap("y", "x")).await.unwrap().is_empty());
    // Off the server, and its prefix waits for it.
    let without = "patchbay: 1\nservers: [{owner: ada@example.org, name: Own, endpoint: /mcp/2, sources: []}]";
    import(&engine, without).await.unwrap();
    let yaml = export(&engine).await;
    assert!(yaml.contains("    former_sources:\n      - type: my-notes\n        name: Main\n        number: 2\n        prefix: my_notes\n"), "{yaml}");
}
