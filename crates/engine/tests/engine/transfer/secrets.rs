//! Secrets leave no trace in a document or a report, and come from where it says.

use super::*;

#[sqlx::test(migrations = false)]
async fn secrets_come_from_the_environment_or_stay_or_are_missed(pool: PgPool) {
    let engine_here = engine(&pool).await;
    let (root, _) = furnish(&engine_here).await;
    let yaml = export(&engine_here).await;
    let given = |name: &str| name.starts_with("PATCHBAY_SECRET_CONNECTOR_").then(|| "another".into());
    let report = import_with(&engine_here, &yaml, &given).await.unwrap();
    assert_eq!(report.changes.len(), 1, "{report}");
    assert!(
        report
            .to_string()
            .contains("secret: set → replaced from PATCHBAY_SECRET_CONNECTOR_MY_NOTES__"),
        "{report}"
    );
    assert!(import_with(&engine_here, &yaml, &given).await.unwrap().is_empty());
    assert!(!report.to_string().contains("another"));
    let bad = |name: &str| {
        name.starts_with("PATCHBAY_SECRET_CONNECTOR_")
            .then(|| "l\u{1}ne".into())
    };
    assert!(problems(import_with(&engine_here, &yaml, &bad).await)[0].starts_with("connectors[1].secret: "));

    let bearer = yaml.replace("X-API-Key", "\"\"");
    let report = import(&engine_here, &bearer).await.unwrap();
    assert!(report.to_string().contains("secret_header: X-API-Key → \n"), "{report}");
    assert!(import(&engine_here, &bearer).await.unwrap().is_empty());

    let elsewhere = "patchbay: 1\nconnectors:\n  - {name: my-notes, mcp_url: 'https://elsewhere.example/mcp'}\n";
    let report = dry_run(&engine_here, elsewhere).await.unwrap();
    assert_eq!(report.warnings[0].path, "connectors[0].mcp_url", "{report}");
    assert!(
        report
            .to_string()
            .contains("the stored secret and what people configured"),
        "{report}"
    );
    sqlx::query("UPDATE mcp_connectors SET secret = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let report = dry_run(&engine_here, elsewhere).await.unwrap();
    assert!(
        report.to_string().contains("with them what people configured"),
        "{report}"
    );

    // Elsewhere nothing is stored: what needs a secret is refused by name, the rest is told.
    let fresh = fresh(&pool).await;
    let other = engine(&fresh).await;
    let problems = problems(import(&other, &yaml).await);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("servers[0].configuration.key: PATCHBAY_SECRET_SERVER_MCP_1_KEY__"),
        "{problems:?}"
    );
    let keys_only = |name: &str| name.contains("_KEY_").then(|| CANARY.into());
    let report = import_with(&other, &yaml, &keys_only).await.unwrap();
    let paths: Vec<&str> = report.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "connectors[1].secret",
            "servers[0].configuration.pin",
            "servers[1].configuration.pin"
        ]
    );
    let denied = other
        .import_as(&root, &Document::parse(yaml.as_bytes(), None).unwrap(), false)
        .await;
    assert!(denied.unwrap().is_empty(), "over the wire what is stored stays");
    drop(other);
    drop_database(&pool, fresh).await;
}

/// What a connector may come to say of its servers' configuration, each time with one that it takes.
fn schemas_that_forget() -> [(Value, Value); 5] {
    let reference = json!({"from_env": "PATCHBAY_SECRET_OF_SOMEBODY"});
    let marked = definitions()["config"].clone();
    let of = |properties: Value| json!({"params": {"type": "object", "properties": properties}});
    [
        (
            of(json!({"notebook": {}, "key": {"type": "string"}, "pin": {"type": "integer"}})),
            json!({"notebook": "other"}),
        ),
        (
            of(json!({"notebook": {}, "token": {"type": "string", "writeOnly": true}})),
            json!({"token": reference, "key": reference}),
        ),
        (of(json!({})), json!({"notebook": "other"})),
        (Value::Null, json!({})),
        (marked, json!({"notebook": "other", "key": reference})),
    ]
}

fn document_with(config: &Value, configuration: &Value) -> String {
    let mut definitions = json!({"tools": definitions()["tools"]});
    if !config.is_null() {
        definitions["config"] = config.clone();
    }
    let mut server = json!({"owner": "ada@example.org", "name": "Mine", "endpoint": "/mcp/1", "connector": "my-notes"});
    if !configuration.is_null() {
        server["configuration"] = configuration.clone();
    }
    json!({"patchbay": 1, "connectors": [{"name": "my-notes", "definitions": definitions}], "servers": [server]})
        .to_string()
}

#[sqlx::test(migrations = false)]
async fn no_report_shows_what_is_stored_whatever_the_document_makes_of_the_schema(pool: PgPool) {
    let engine = engine(&pool).await;
    furnish(&engine).await;
    for (config, configuration) in schemas_that_forget() {
        let report = dry_run(&engine, &document_with(&config, &configuration)).await.unwrap();
        let said = format!("{report} {}", serde_json::to_string(&report).unwrap());
        assert!(said.contains("configuration."), "{config}: {said}");
        assert!(!said.contains(CANARY) && !said.contains("424242"), "{config}: {said}");
    }
}

#[sqlx::test(migrations = false)]
async fn what_was_secret_stays_so_when_the_schema_forgets_it(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, ada) = furnish(&engine).await;
    let server = only_server(&engine, &ada).await.unwrap().id;
    for (config, _) in schemas_that_forget() {
        let text = document_with(&config, &Value::Null);
        engine
            .import_as(&root, &Document::parse(text.as_bytes(), None).unwrap(), false)
            .await
            .unwrap();
        let yaml = export(&engine).await;
        let shown = engine.server(&ada, server).await.unwrap().configuration;
        assert_eq!((&shown["key"], &shown["pin"]), (&json!("********"), &json!("********")));
        assert!(!yaml.contains(CANARY) && !yaml.contains("424242"), "{config}: {yaml}");
        assert!(
            import(&engine, &yaml).await.unwrap().is_empty(),
            "and it comes back: {config}"
        );
    }

    // Neither when a document has it stay in a place that is none for secrets any more.
    let plain = json!({"params": {"properties": {"notebook": {}, "key": {"type": "string"}, "pin": {}}}});
    let reference = json!({"from_env": "PATCHBAY_SECRET_OF_SOMEBODY"});
    let text = document_with(&plain, &json!({"notebook": "other", "key": reference, "pin": 7}));
    let report = import(&engine, &text).await.unwrap();
    let shown = engine.server(&ada, server).await.unwrap().configuration;
    assert_eq!(shown, json!({"notebook": "other", "key": "********", "pin": 7}));
    let yaml = export(&engine).await;
    assert!(!format!("{report}{yaml}").contains(CANARY), "{report}{yaml}");
    assert!(!format!("{report}").contains("424242"), "{report}");
}
