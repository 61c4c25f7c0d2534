use crate::{active_connector, engine, engine_with, new_connector, superuser, user};
use patchbay_domain::{
    field::FieldError,
    ids::{ConnectorRef, ServerId},
    page::PageRequest,
    server::{CreateServer, CreatedServer},
};
use patchbay_engine::{
    Actor, Engine, Error,
    endpoint::{EndpointKey, parse_pool},
    error::{Conflict, NotFound},
    gateway::{RouteKey, UsageRecord},
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
async fn the_pool_is_given_out_in_order_once_each_and_then_refused(pool: PgPool) {
    let engine = engine_with(&pool, |config| {
        config.pool = parse_pool("https://b.example, https://a.example/x", &config.public_url).unwrap();
    })
    .await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let attempts = (0..6).map(|_| create(&engine, &root, connector));
    let results = futures::future::join_all(attempts).await;
    let mut endpoints: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().ok())
        .map(|made| made.server.endpoint.as_str())
        .collect();
    endpoints.sort_unstable();
    assert_eq!(endpoints, ["https://a.example/x", "https://b.example"]);
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.to_string(), "No available domains in MCP_GATEWAY_URL_POOLS");
    }
    assert_eq!(engine.servers(&root, &PageRequest::default()).await.unwrap().total, 2);
    let route = engine
        .load_route(&RouteKey::Endpoint(EndpointKey::host("A.example", "/x")))
        .await
        .unwrap();
    assert!(route.is_some());
}

#[sqlx::test(migrations = false)]
async fn a_user_has_a_limit_and_deleted_servers_count(pool: PgPool) {
    let engine = engine_with(&pool, |config| config.servers_per_user = 1).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let created = create(&engine, &root, connector).await.unwrap();
    engine.delete_server(&root, created.server.id).await.unwrap();
    let error = create(&engine, &root, connector).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::ServerLimit(1))));
    assert!(
        engine
            .load_route(&RouteKey::Server(created.server.id))
            .await
            .unwrap()
            .is_none()
    );
}

#[sqlx::test(migrations = false)]
async fn tokens_are_several_and_each_can_be_revoked(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", schema()).await;
    let server = create(&engine, &root, connector).await.unwrap().server.id;
    let token = engine.create_server_token(&root, server, "laptop").await.unwrap();
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
    let (server, token) = (
        created.server.id,
        engine.server_tokens(&root, created.server.id).await.unwrap()[0].id,
    );
    let eve = user(&engine, "eve@example.org").await;
    let answers = [
        engine.server(&eve, server).await.unwrap_err(),
        engine.server_tools(&eve, server).await.unwrap_err(),
        engine.server_tokens(&eve, server).await.unwrap_err(),
        engine.create_server_token(&eve, server, "mine").await.unwrap_err(),
        engine.revoke_server_token(&eve, server, token).await.unwrap_err(),
        engine.delete_server(&eve, server).await.unwrap_err(),
        engine.server(&root, ServerId(uuid::Uuid::nil())).await.unwrap_err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Error::NotFound(NotFound::Server)), "{answer}");
    }
    assert_eq!(engine.servers(&eve, &PageRequest::default()).await.unwrap().total, 0);
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
