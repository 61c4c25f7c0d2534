use crate::{active_connector, engine, new_connector, superuser, user};
use patchbay_domain::{
    ids::{ConnectorRef, ServerId},
    server::CreateServer,
    source::{BindingState, CreateSource},
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, NotFound},
    gateway::UsageRecord,
};
use serde_json::{Value, json};
use sqlx::PgPool;

async fn server(engine: &Engine, actor: &Actor, connector: ConnectorRef, name: &str) -> ServerId {
    let new = CreateServer {
        name: name.into(),
        source_ids: Vec::new(),
        connector_id: Some(connector),
        configuration: Value::Object(serde_json::Map::new()),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

async fn rows(pool: &PgPool, table: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn impact_names_whose_servers_are_affected_and_counts_the_rest(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let notes = active_connector(
        &engine,
        &root,
        "notes",
        json!({"tools": [{"name": "add", "inputSchema": {}}]}),
    )
    .await;
    let other = active_connector(&engine, &root, "other", json!({})).await;
    assert_eq!(
        engine.connector_impact(&root, notes).await.unwrap(),
        patchbay_domain::changes::Impact::default()
    );
    let (ada, bob) = (
        user(&engine, "ada@example.org").await,
        user(&engine, "bob@example.org").await,
    );
    let mine = server(&engine, &ada, notes, "Zebra").await;
    server(&engine, &bob, notes, "apple").await;
    let gone = server(&engine, &bob, notes, "Gone").await;
    engine.delete_server(&bob, gone, None).await.unwrap();
    server(&engine, &bob, other, "Not this one").await;
    let now = engine.clock().now();
    let record = |minute, calls| UsageRecord {
        server: mine,
        token: None,
        tool: "add".into(),
        minute,
        calls,
        errors: 0,
        total_micros: 0,
        bytes: 0,
    };
    let records = [record(now, 3), record(now - time::Duration::hours(25), 5)];
    engine.record_usage(&records).await.unwrap();

    let impact = engine.connector_impact(&root, notes).await.unwrap();
    let servers: Vec<_> = impact
        .servers
        .items
        .iter()
        .map(|server| (server.name.as_str(), server.owner.as_str()))
        .collect();
    assert_eq!(servers, [("apple", "bob@example.org"), ("Zebra", "ada@example.org")]);
    assert_eq!(impact.users.items, ["ada@example.org", "bob@example.org"]);
    assert_eq!((impact.servers.total, impact.users.total), (2, 2));
    assert_eq!((impact.deleted_servers, impact.calls_today), (1, 3));
}

#[sqlx::test(migrations = false)]
async fn a_connector_in_use_goes_only_when_forced_and_takes_its_servers_along(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let notes = active_connector(&engine, &root, "notes", json!({})).await;
    let other = active_connector(&engine, &root, "other", json!({})).await;
    let ada = user(&engine, "ada@example.org").await;
    server(&engine, &ada, notes, "Mine").await;
    let gone = server(&engine, &ada, notes, "Gone").await;
    engine.delete_server(&ada, gone, None).await.unwrap();
    server(&engine, &ada, other, "Stays").await;

    let refused = engine.delete_connector(&root, notes, false).await.unwrap_err();
    assert!(matches!(
        &refused,
        Error::Conflict(Conflict::ConnectorInUse { servers: 1, .. })
    ));
    assert_eq!(
        refused.to_string(),
        "Connector 'notes' is used by 1 MCP server: delete it first, or force it"
    );
    assert_eq!(rows(&pool, "mcp_servers").await, 3);

    let deleted = engine.delete_connector(&root, notes, true).await.unwrap();
    assert_eq!(deleted.name, "notes");
    assert_eq!(
        (deleted.took_along.servers.total, deleted.took_along.deleted_servers),
        (1, 1)
    );
    assert_eq!(
        (rows(&pool, "mcp_servers").await, rows(&pool, "mcp_connectors").await),
        (1, 1)
    );
    assert_eq!(
        (
            rows(&pool, "connector_versions").await,
            rows(&pool, "connector_checks").await
        ),
        (1, 1)
    );
    let again = engine.delete_connector(&root, notes, true).await;
    assert!(matches!(again, Err(Error::NotFound(NotFound::Connector(_)))));
    let log: Vec<String> =
        sqlx::query_scalar("SELECT action || ' ' || subject_name FROM audit_events ORDER BY seq DESC LIMIT 3")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(log[0], "connector.delete notes");
    assert!(log.contains(&"server.delete Mine".to_owned()) && log.contains(&"server.delete Gone".to_owned()));
}

/// A source of that type on a server without a connector of its own.
async fn server_with_source(engine: &Engine, actor: &Actor, kind: &str, name: &str) -> ServerId {
    let source = CreateSource {
        kind: kind.into(),
        name: None,
        source_metadata: json!({}),
    };
    let source = engine.create_source(actor, source).await.unwrap();
    let new = CreateServer {
        name: name.into(),
        source_ids: vec![source.id.to_string()],
        connector_id: None,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await.unwrap().server.id
}

#[sqlx::test(migrations = false)]
async fn servers_that_use_a_connector_by_their_sources_hold_it_up_and_stay(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let notes = active_connector(&engine, &root, "notes", json!({})).await;
    let (ada, bob) = (
        user(&engine, "ada@example.org").await,
        user(&engine, "bob@example.org").await,
    );
    let mixed = server_with_source(&engine, &bob, "notes", "By source").await;
    server_with_source(&engine, &bob, "others", "Not this one").await;
    let gone = server_with_source(&engine, &bob, "notes", "Gone").await;
    engine.delete_server(&bob, gone, None).await.unwrap();
    let impact = engine.connector_impact(&root, notes).await.unwrap();
    assert_eq!((impact.servers.total, impact.servers_with_sources.total), (0, 1));
    assert_eq!((impact.sources, impact.deleted_servers), (2, 0));
    assert_eq!(impact.servers_with_sources.items[0].name, "By source");
    assert_eq!(impact.users.items, ["bob@example.org"]);

    let refused = engine.delete_connector(&root, notes, false).await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Conflict(Conflict::ConnectorInUse { servers: 1, .. })
    ));
    server(&engine, &ada, notes, "Made from it").await;
    let impact = engine.connector_impact(&root, notes).await.unwrap();
    assert_eq!((impact.using(), impact.users.total), (2, 2));

    let deleted = engine.delete_connector(&root, notes, true).await.unwrap();
    assert_eq!(deleted.took_along.servers.total, 1);
    assert_eq!(
        (
            deleted.took_along.servers_with_sources.total,
            deleted.took_along.sources
        ),
        (0, 0)
    );
    assert_eq!((deleted.sources_left, deleted.servers_left), (2, 1));
    assert_eq!((rows(&pool, "mcp_servers").await, rows(&pool, "sources").await), (3, 3));
    let left = engine.server(&bob, mixed).await.unwrap();
    assert_eq!(
        (left.source_ids.len(), left.bindings[0].state),
        (1, BindingState::NoConnector)
    );

    // Sources that no live server uses hold nobody up.
    engine.hard_delete_server(&root, mixed, None).await.unwrap();
    let again = active_connector(&engine, &root, "notes", json!({})).await;
    let deleted = engine.delete_connector(&root, again, false).await.unwrap();
    assert_eq!((deleted.sources_left, deleted.servers_left), (2, 0));
}

#[sqlx::test(migrations = false)]
async fn servers_that_were_deleted_already_hold_nobody_up(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let notes = active_connector(&engine, &root, "notes", json!({})).await;
    let gone = server(&engine, &root, notes, "Gone").await;
    engine.delete_server(&root, gone, None).await.unwrap();
    let deleted = engine.delete_connector(&root, notes, false).await.unwrap();
    assert_eq!(
        (deleted.took_along.servers.total, deleted.took_along.deleted_servers),
        (0, 1)
    );
    assert_eq!(rows(&pool, "mcp_servers").await, 0);
    engine.register_connector(&root, new_connector("notes")).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn no_server_is_left_without_its_connector(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let notes = active_connector(&engine, &root, "notes", json!({})).await;
    let create = |n: usize| {
        let new = CreateServer {
            name: format!("Mine {n}"),
            source_ids: Vec::new(),
            connector_id: Some(notes),
            configuration: json!({}),
        };
        engine.create_server(&root, new)
    };
    let (created, deleted) = tokio::join!(
        futures::future::join_all((0..8).map(create)),
        engine.delete_connector(&root, notes, true)
    );
    deleted.unwrap();
    for refused in created.into_iter().filter_map(Result::err) {
        assert!(
            matches!(refused, Error::NotFound(NotFound::Connector(_))),
            "{refused:?}"
        );
    }
    assert_eq!(rows(&pool, "mcp_servers").await, 0);
}
