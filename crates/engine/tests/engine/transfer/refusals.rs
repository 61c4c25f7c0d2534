//! What an import refuses, and how it says so.

use super::*;

#[sqlx::test(migrations = false)]
async fn only_superusers_export_and_import_and_nobody_loses_the_last_one(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, ada) = furnish(&engine).await;
    let document = engine.export(&root).await.unwrap();
    assert!(matches!(
        engine.export(&ada).await,
        Err(Error::Denied(Denied::Superuser))
    ));
    let denied = engine.import_as(&ada, &document, true).await;
    assert!(matches!(denied, Err(Error::Denied(Denied::Superuser))));
    assert!(engine.superuser_named("ada@example.org").await.is_err());

    let nobody = "patchbay: 1\nusers:\n  - email: ROOT@example.org\n    roles: []\n";
    assert_eq!(
        problems(import(&engine, nobody).await),
        ["users[0].roles: Nobody would be superuser any more."]
    );
    let another = format!("{nobody}  - email: ada@example.org\n    roles: [superuser]\n");
    assert_eq!(import(&engine, &another).await.unwrap().users.changed, 2);
}

#[sqlx::test(migrations = false)]
async fn everything_that_is_wrong_is_told_by_its_place(pool: PgPool) {
    let engine = engine(&pool).await;
    let before = everything(&pool).await;
    let text = r#"
patchbay: 1
colour: red
connectors:
  - name: ""
    mode: on
  - name: a
    description: [1]
    url: ftp://h
    secret: hunter2
    logo: {content_type: image/png, base64: YWxlcnQoMSk=}
    definitions:
      tools: [{name: t, inputSchema: {}}, {name: t, inputSchema: {}}]
      templates: 7
      config: {params: {type: wrong}}
  - name: b
    description: B
    secret: {from_env: TOKEN_ENCRYPTION_KEY}
  - {name: b, description: B}
users:
  - email: nobody
    roles: [king]
    password: hunter2
servers:
  - owner: x@example.org
    name: n
    endpoint: mcp
    connector: a
    configuration: []
    deleted: maybe
  - {}
"#;
    let problems_found = problems(import(&engine, text).await);
    let paths: Vec<&str> = problems_found
        .iter()
        .filter_map(|line| line.split(": ").next())
        .collect();
    for path in [
        "colour",
        "connectors[0].name",
        "connectors[0].mode",
        "connectors[1].description",
        "connectors[1].url",
        "connectors[1].secret",
        "connectors[1].logo.base64",
        "connectors[1].definitions.tools",
        "connectors[1].definitions.templates",
        "connectors[1].definitions.config",
        "connectors[2].secret.from_env",
        "users[0].email",
        "users[0].roles[0]",
        "users[0].password",
        "servers[0].endpoint",
        "servers[0].configuration",
        "servers[1].owner",
        "servers[1].name",
        "servers[1].endpoint",
    ] {
        assert!(paths.contains(&path), "{path} is not among {problems_found:#?}");
    }
    assert!(!problems_found.join("\n").contains("hunter2"));

    let text = r"
patchbay: 1
connectors:
  - {name: a, mode: active, url: 'http://h/'}
  - {name: b, description: B, mode: sync}
  - {name: c, description: C}
  - {name: c, description: C}
users: [{email: Ada@example.org}, {email: ada@example.org}]
servers:
  - {owner: x@example.org, name: n, endpoint: /mcp/1, connector: c}
  - {owner: ada@example.org, name: n, endpoint: /mcp/99999, connector: none}
";
    let twice = problems(import(&engine, text).await);
    assert_eq!(twice.len(), 2, "{twice:?}");
    let text = text
        .replacen("  - {name: c, description: C}\n", "", 1)
        .replace(", {email: ada@example.org}", "");
    let paths: Vec<String> = problems(import(&engine, &text).await)
        .iter()
        .filter_map(|line| Some(line.split(": ").next()?.to_owned()))
        .collect();
    assert_eq!(
        paths,
        [
            "connectors[0].description",
            "connectors[0].mode",
            "connectors[1].mode",
            "servers[0].owner",
            "servers[1].connector",
            "servers[1].endpoint"
        ]
    );
    assert_eq!(everything(&pool).await, before, "nothing of it was done");
}

#[sqlx::test(migrations = false)]
async fn an_endpoint_is_the_pools_and_the_owners_own(pool: PgPool) {
    let public = "http://localhost:9000".parse().unwrap();
    let engine = engine_with(&pool, |config| {
        config.pool = parse_pool("https://one.example,https://two.example/a", &public).unwrap();
        config.servers_per_user = 2;
    })
    .await;
    user(&engine, "ada@example.org").await;
    user(&engine, "bob@example.org").await;
    let head = "patchbay: 1\nconnectors: [{name: c, description: C}]\nservers:\n";
    let server = |owner: &str, endpoint: &str| {
        format!("  - {{owner: {owner}@example.org, name: n, endpoint: '{endpoint}', connector: c}}\n")
    };
    let first = format!(
        "{head}{}",
        server("ada", "http://ONE.example:80/").replace("ONE.example:80/", "one.example")
    );
    assert_eq!(import(&engine, &first).await.unwrap().servers.added, 1);
    assert!(
        import(&engine, &first).await.unwrap().is_empty(),
        "the scheme makes no difference"
    );
    let stored: String = sqlx::query_scalar("SELECT endpoint FROM mcp_servers")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored, "https://one.example");

    let wrong = format!(
        "{head}{}{}",
        server("bob", "https://one.example"),
        server("ada", "https://three.example")
    );
    assert_eq!(
        problems(import(&engine, &wrong).await),
        [
            "servers[0].endpoint: This endpoint is held by a server of ada@example.org.",
            "servers[1].endpoint: This endpoint is not in MCP_GATEWAY_URL_POOLS."
        ]
    );
    let other = first
        .replace("name: c", "name: d")
        .replace("connector: c", "connector: d");
    assert!(problems(import(&engine, &other).await)[0].starts_with("servers[0].connector: "));
    let many = format!(
        "{head}{}{}",
        server("ada", "https://two.example/a"),
        server("ada", "https://four.example")
    );
    let many = problems(import(&engine, &many).await);
    assert!(
        many[1].starts_with("servers[1].owner: ada@example.org would have more than 2"),
        "{many:?}"
    );
}

#[sqlx::test(migrations = false)]
async fn hostile_documents_are_refused(pool: PgPool) {
    let engine = engine(&pool).await;
    let bomb = "patchbay: 1\na: &a [x, x]\nb: &b [*a, *a]\n";
    let deep = format!("patchbay: 1\nconnectors: {}", "[".repeat(100_000));
    let deep_json = format!(
        "{{\"patchbay\":1,\"connectors\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let doubled = r#"{"patchbay":1,"users":[],"users":[]}"#;
    for text in [
        "",
        "null",
        "[]",
        "patchbay: 2",
        "connectors: []",
        "patchbay: 1\n---\npatchbay: 1",
        bomb,
        &deep,
        &deep_json,
        doubled,
    ] {
        let found = problems(import(&engine, text).await);
        assert!(!found.is_empty(), "{text:.40}");
    }
    assert!(Document::parse(&vec![b' '; Document::MAX_BYTES + 1], None).is_err());
    assert!(Document::parse(b"patchbay: \xff", None).is_err());
    let many = format!("patchbay: 1\nusers: [{}]", "1, ".repeat(100_000));
    assert!(problems(import(&engine, &many).await).len() <= 501);

    let pinned = RegisterConnector {
        secret: Some(CANARY.into()),
        ..new_connector("pinned")
    };
    let root = superuser(&engine).await;
    engine.register_connector(&root, pinned).await.unwrap();
    // What somebody typed that looks like a reference fetches nothing, neither now nor when it is exported and read again.
    let open = r#"
patchbay: 1
connectors:
  - name: open
    description: Takes anything
    url: http://h/
    mcp_url: http://h/mcp
    mode: active
    definitions: {tools: '[]', config: {params: {type: object}}}
"#;
    import(&engine, open).await.unwrap();
    let connectors = engine
        .connectors(&root, &ConnectorFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    let open = connectors
        .items
        .iter()
        .find(|connector| connector.name == "open")
        .unwrap();
    let sly = CreateServer {
        name: "n".into(),
        source_ids: Vec::new(),
        connector_id: Some(ConnectorRef::Id(open.id)),
        configuration: json!({"stolen": {"from_env": "PATCHBAY_SECRET_CONNECTOR_PINNED"}}),
    };
    engine.create_server(&root, sly).await.unwrap();
    let written = export(&engine).await;
    assert!(
        written.contains("PATCHBAY_SECRET_SERVER_MCP_1_STOLEN__") && written.contains("json: true"),
        "{written}"
    );
    let pinned = |name: &str| (name == "PATCHBAY_SECRET_CONNECTOR_PINNED").then(|| CANARY.into());
    assert!(import_with(&engine, &written, &pinned).await.unwrap().is_empty());
    let key = RouteKey::Endpoint(EndpointKey::path("/mcp/1"));
    let route = engine.load_route(&key).await.unwrap().unwrap();
    assert!(!route.bindings[0].source_meta.as_ref().unwrap().get().contains(CANARY));
}
