use crate::{active_connector, engine, new_connector, sources::fields, superuser, user};
use patchbay_domain::{
    account::CreateToken,
    field::FieldError,
    ids::{ConnectorRef, ServerId},
    page::PageRequest,
    server::{CreateServer, CreatedServer, UpdateServer},
};
use patchbay_engine::{
    Actor, Engine, Error,
    endpoint::EndpointKey,
    error::{Conflict, NotFound},
    gateway::{RouteKey, UsageRecord},
    servers::ServerFilter,
    tokens::token_hash,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

fn schema() -> Value {
    json!({"config": {"params": {
        "type": "object",
        "required": ["notebook"],
        "properties": {"notebook": {"type": "string"}, "key": {"type": "string", "writeOnly": true}}
    }}, "tools": [{"name": "add", "inputSchema": {}}]})
}

fn token(name: &str) -> CreateToken {
    CreateToken {
        name: name.into(),
        expires_at: None,
    }
}

async fn create(engine: &Engine, actor: &Actor, connector: ConnectorRef) -> Result<CreatedServer, Error> {
    let configuration = json!({"notebook": "main", "key": "hunter2"});
    engine
        .create_server(
            actor,
            CreateServer {
                name: "Mine".into(),
                source_ids: Vec::new(),
                connector_id: Some(connector),
                configuration,
            },
        )
        .await
}

#[sqlx::test(migrations = false)]
async fn a_server_has_an_endpoint_a_token_and_its_configuration_for_the_upstream_only(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let ada = user(&engine, "ada@example.org").await;
    let created = create(&engine, &ada, connector).await.unwrap();
    assert_eq!(created.server.endpoint, "http://localhost:9000/mcp/1");
    assert!(created.token.starts_with("mcp_token_"));
    assert_eq!(
        created.server.configuration,
        json!({"notebook": "main", "key": "********"})
    );

    let grant = engine.load_token(&token_hash(&created.token)).await.unwrap().unwrap();
    assert_eq!((grant.server, grant.user), (created.server.id, ada.user));
    let key = RouteKey::Endpoint(EndpointKey::path("/mcp/1"));
    let route = engine.load_route(&key).await.unwrap().unwrap();
    let meta: Value = serde_json::from_str(route.bindings[0].source_meta.as_ref().unwrap().get()).unwrap();
    assert_eq!(
        meta,
        json!({"id": created.server.id, "type": "notes", "metadata": {"notebook": "main", "key": "hunter2"}})
    );
    let stored: String = sqlx::query_scalar("SELECT mcp_servers::text FROM mcp_servers")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!stored.contains("hunter2") && !stored.contains(&created.token));
}

#[sqlx::test(migrations = false)]
async fn a_configuration_that_breaks_the_schema_is_refused_by_field(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", schema()).await;
    let new = CreateServer {
        name: " ".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({"key": 1}),
    };
    let Error::Invalid(fields) = engine.create_server(&root, new).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(fields.get("name"), Some(&FieldError::Required));
    assert_eq!(fields.get("configuration.notebook"), Some(&FieldError::Required));
    assert!(fields.get("configuration.key").is_some());
}

#[sqlx::test(migrations = false)]
async fn what_was_typed_as_a_secret_is_never_shown_again(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", schema()).await;
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: json!({"notebook": "main", "key": "hunter2", "more\u{0}": {"deep": "hunter2"}}),
    };
    let id = engine.create_server(&root, new).await.unwrap().server.id;
    for config in [
        json!({"params": {"properties": {"notebook": {}, "key": {"type": "string"}}}}),
        json!({"params": {"properties": {"notebook": {}, "token": {"writeOnly": true}}}}),
        json!({"params": {"additionalProperties": {"additionalProperties": {}}}}),
    ] {
        sqlx::query("UPDATE mcp_connectors SET config = $1::text::json")
            .bind(config.to_string())
            .execute(&pool)
            .await
            .unwrap();
        let shown = engine.server(&root, id).await.unwrap().configuration;
        let expected = json!({"notebook": "main", "key": "********", "more\u{0}": "********"});
        assert_eq!(shown, expected, "{config}");
    }
    sqlx::query("UPDATE mcp_connectors SET config = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let shown = engine.server(&root, id).await.unwrap().configuration;
    assert!(
        !shown.to_string().contains("main"),
        "nothing says what is in it: {shown}"
    );

    // Sealed by a process that didn't note yet what is secret.
    sqlx::query("UPDATE mcp_servers SET secret_places = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let shown = engine.server(&root, id).await.unwrap().configuration;
    assert!(!shown.to_string().contains("hunter2"), "{shown}");
}

#[sqlx::test(migrations = false)]
async fn any_json_string_can_be_configured(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector_id = active_connector(&engine, &root, "notes", schema()).await;
    let configuration = json!({"notebook": "a\u{0}b \u{1f4d3}"});
    let new = CreateServer {
        name: "Odd".into(),
        source_ids: Vec::new(),
        connector_id: Some(connector_id),
        configuration: configuration.clone(),
    };
    assert_eq!(
        engine.create_server(&root, new).await.unwrap().server.configuration,
        configuration
    );
}

#[sqlx::test(migrations = false)]
async fn servers_are_made_from_active_connectors_only(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let registered = engine.register_connector(&root, new_connector("notes")).await.unwrap();
    let error = create(&engine, &root, ConnectorRef::Id(registered.id))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::ConnectorNotActive { .. })));
    let error = create(&engine, &root, ConnectorRef::Number(99)).await.unwrap_err();
    assert_eq!(error.to_string(), "Connector with ID 99 not found");
}

#[sqlx::test(migrations = false)]
async fn tokens_are_several_and_each_can_be_revoked(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let server = create(&engine, &root, connector).await.unwrap().server.id;
    let token = engine
        .create_server_token(&root, server, token("laptop"))
        .await
        .unwrap();
    assert_eq!(engine.server_tokens(&root, server).await.unwrap().len(), 2);
    assert!(token.token.starts_with(&token.view.prefix));
    engine.revoke_server_token(&root, server, token.view.id).await.unwrap();
    assert!(engine.load_token(&token_hash(&token.token)).await.unwrap().is_none());
    let again = engine
        .revoke_server_token(&root, server, token.view.id)
        .await
        .unwrap_err();
    assert!(matches!(again, Error::NotFound(NotFound::Token)));
}

#[sqlx::test(migrations = false)]
async fn what_is_not_yours_is_not_there(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let created = create(&engine, &root, connector).await.unwrap();
    let (server, first) = (
        created.server.id,
        engine.server_tokens(&root, created.server.id).await.unwrap()[0].id,
    );
    let eve = user(&engine, "eve@example.org").await;
    let theirs = crate::sources::source(&engine, &eve, "Box").await.id.to_string();
    let answers = [
        engine.server(&eve, server).await.unwrap_err(),
        engine.server_tools(&eve, server).await.unwrap_err(),
        engine.server_tokens(&eve, server).await.unwrap_err(),
        engine
            .create_server_token(&eve, server, token("mine"))
            .await
            .unwrap_err(),
        engine.revoke_server_token(&eve, server, first).await.unwrap_err(),
        engine.delete_server(&eve, server, None).await.unwrap_err(),
        engine.restore_server(&eve, server, None).await.unwrap_err(),
        engine
            .update_server(&eve, server, UpdateServer::default(), None)
            .await
            .unwrap_err(),
        engine
            .add_source_to_server(&eve, server, &theirs, None)
            .await
            .unwrap_err(),
        engine
            .remove_source_from_server(&eve, server, &theirs, None)
            .await
            .unwrap_err(),
        engine.server(&root, ServerId(uuid::Uuid::nil())).await.unwrap_err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Error::NotFound(NotFound::Server)), "{answer}");
    }
    assert_eq!(
        engine
            .servers(&eve, &ServerFilter::default(), &PageRequest::default())
            .await
            .unwrap()
            .total,
        0
    );
}

#[sqlx::test(migrations = false)]
async fn usage_adds_up_by_server_and_for_a_day(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let created = create(&engine, &root, connector).await.unwrap();
    let token = engine.server_tokens(&root, created.server.id).await.unwrap()[0].id;
    let minute = engine.clock().now();
    let record = |errors| UsageRecord {
        server: created.server.id,
        token: Some(token),
        tool: "add".into(),
        minute,
        calls: 2,
        errors,
        total_micros: 6000,
        bytes: 10,
    };
    engine.record_usage(&[record(1), record(0)]).await.unwrap();
    let usage = engine.server(&root, created.server.id).await.unwrap().usage;
    assert_eq!((usage.calls, usage.errors, usage.mean_ms), (4, 1, 3));
    assert_eq!(engine.overview(&root).await.unwrap().usage, usage);
    let used = engine.server_tokens(&root, created.server.id).await.unwrap()[0].last_used_at;
    assert_eq!(used, Some(minute.into()));
    engine.clock().advance(Duration::hours(25));
    assert_eq!(engine.overview(&root).await.unwrap().usage.calls, 0);
}

#[sqlx::test(migrations = false)]
async fn a_token_ends_when_its_owner_said(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let server = create(&engine, &root, connector).await.unwrap().server.id;
    let now = engine.clock().now();
    let until = |at: time::OffsetDateTime| CreateToken {
        expires_at: Some(at.into()),
        ..token("laptop")
    };
    for over in [now, now - Duration::days(1)] {
        let refused = engine
            .create_server_token(&root, server, until(over))
            .await
            .unwrap_err();
        assert!(fields(refused).get("expires_at").is_some());
    }
    let end = now + Duration::hours(1);
    let created = engine.create_server_token(&root, server, until(end)).await.unwrap();
    assert_eq!(created.view.expires_at, Some(end.into()));
    assert_eq!(engine.server_tokens(&root, server).await.unwrap()[0], created.view);
    let grant = engine.load_token(&token_hash(&created.token)).await.unwrap().unwrap();
    assert_eq!(grant.expires_at, Some(end));
}

#[sqlx::test(migrations = false)]
async fn a_servers_name_and_configuration_can_be_changed_and_its_endpoint_can_not(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let made = create(&engine, &root, connector).await.unwrap().server;
    let put = |json: Value| {
        let (engine, root) = (&engine, &root);
        let update: UpdateServer = serde_json::from_value(json).unwrap();
        async move { engine.update_server(root, made.id, update, None).await }
    };
    let as_read = json!({"name": made.name, "configuration": made.configuration, "endpoint": "https://evil.example"});
    assert_eq!(
        put(as_read).await.unwrap(),
        made,
        "sent back as it was read it stays as it is"
    );
    let changed = put(json!({"name": " Other ", "configuration": {"notebook": "b", "key": "********"}}))
        .await
        .unwrap();
    assert_eq!((changed.name.as_str(), changed.endpoint), ("Other", made.endpoint));
    let key = RouteKey::Server(made.id);
    let opened = || async {
        let route = engine.load_route(&key).await.unwrap().unwrap();
        serde_json::from_str::<Value>(route.bindings[0].source_meta.as_ref().unwrap().get()).unwrap()["metadata"]
            .clone()
    };
    assert_eq!(opened().await, json!({"notebook": "b", "key": "hunter2"}));
    put(json!({"configuration": {"notebook": "b", "key": "other"}}))
        .await
        .unwrap();
    assert_eq!(opened().await, json!({"notebook": "b", "key": "other"}));

    let refused = put(json!({"name": "", "configuration": {"notebook": "********", "more": "********"}})).await;
    let refused = fields(refused.unwrap_err());
    assert_eq!(refused.0.keys().collect::<Vec<_>>(), ["configuration.more", "name"]);
    let refused = fields(put(json!({"name": "Third", "configuration": {}})).await.unwrap_err());
    assert_eq!(refused.get("configuration.notebook"), Some(&FieldError::Required));
    assert_eq!(
        engine.server(&root, made.id).await.unwrap().name,
        "Other",
        "all of it or nothing"
    );
    let unknown = serde_json::from_value::<UpdateServer>(json!({"connector_id": 1}));
    assert!(unknown.unwrap_err().to_string().contains("connector_id"));
    let bare = crate::sources::server_of(&engine, &root, &[]).await;
    let update = |configuration| UpdateServer {
        configuration: Some(configuration),
        ..UpdateServer::default()
    };
    engine
        .update_server(&root, bare, update(json!({})), None)
        .await
        .unwrap();
    for bad in [json!({"a": 1}), json!([])] {
        let refused = engine.update_server(&root, bare, update(bad), None).await.unwrap_err();
        assert!(fields(refused).get("configuration").is_some());
    }
}

#[sqlx::test(migrations = false)]
async fn deleted_servers_have_a_list_of_their_own_and_lists_are_searched(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let mut ids = Vec::new();
    for name in ["One", "Zwölf", "Three"] {
        let new = CreateServer {
            name: name.into(),
            source_ids: Vec::new(),
            connector_id: None,
            configuration: json!({}),
        };
        ids.push(engine.create_server(&ada, new).await.unwrap().server.id);
    }
    engine.delete_server(&ada, ids[0], None).await.unwrap();
    for (q, deleted, expected) in [
        (None, false, vec![ids[2], ids[1]]),
        (None, true, vec![ids[0]]),
        (Some("ZWÖ"), false, vec![ids[1]]),
        (Some("http://localhost:9000/mcp/3"), false, vec![ids[2]]),
        (Some("one"), false, vec![]),
        (Some("%"), true, vec![]),
    ] {
        let filter = ServerFilter {
            q: q.map(str::to_owned),
            deleted,
        };
        let listed = engine.servers(&ada, &filter, &PageRequest::default()).await.unwrap();
        assert_eq!(
            listed.items.iter().map(|server| server.id).collect::<Vec<_>>(),
            expected,
            "{filter:?}"
        );
        assert_eq!(listed.total, expected.len() as u64);
        assert!(listed.items.iter().all(|server| server.deleted_at.is_some() == deleted));
    }
    assert!(matches!(
        engine.server(&ada, ids[0]).await,
        Err(Error::NotFound(NotFound::Server))
    ));
}
