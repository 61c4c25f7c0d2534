use crate::{
    engine, engine_with,
    service::{Service, tool, with_tools},
    superuser,
};
use futures::future::join_all;
use patchbay_domain::{
    changes::VersionOrigin,
    connector::{AddConnector, ConnectorMode},
    ids::{ConnectorId, ConnectorRef},
    page::PageRequest,
};
use patchbay_engine::{Actor, Engine};
use sqlx::PgPool;
use time::Duration;

async fn added(engine: &Engine, root: &Actor, service: &Service, name: &str, mode: ConnectorMode) -> ConnectorId {
    let new = AddConnector {
        connector_url: service.url(),
        name: Some(name.into()),
        mode: Some(mode),
        secret: None,
        secret_header: None,
    };
    engine.add_connector(root, new).await.unwrap().connector.id
}

/// Another process on the same database.
async fn another(engine: &Engine, pool: &PgPool) -> Engine {
    let other = engine_with(pool, |config| config.keys = engine.config().keys.clone()).await;
    other.clock().advance(engine.clock().now() - other.clock().now());
    other
}

async fn tools(engine: &Engine, root: &Actor, id: ConnectorId) -> Vec<String> {
    let found = engine.connector(root, ConnectorRef::Id(id)).await.unwrap();
    found.tools.into_iter().map(|tool| tool.name).collect()
}

#[sqlx::test(migrations = false)]
async fn a_sync_connector_is_fetched_again_once_a_minute_however_many_ask(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    service.says(with_tools(&[tool("add", "Adds"), tool("list", "Lists")]));
    let asked = service.asked();
    assert!(!engine.follow_connector(id).await.unwrap());
    assert_eq!(service.asked(), asked, "what was just fetched is fresh");

    engine.clock().advance(Duration::seconds(61));
    let all = join_all((0..20).map(|_| engine.follow_connector(id))).await;
    assert!(all.into_iter().all(Result::unwrap), "all of them hear that it changed");
    assert_eq!(service.asked(), asked + 1);
    assert_eq!(tools(&engine, &root, id).await, ["add", "list"]);
    assert!(!engine.follow_connector(id).await.unwrap());

    engine.clock().advance(Duration::seconds(61));
    assert!(!engine.follow_connector(id).await.unwrap(), "nothing changed");
    assert_eq!(service.asked(), asked + 2);
    let versions = engine
        .connector_versions(&root, ConnectorRef::Id(id), &PageRequest::default())
        .await
        .unwrap();
    let told: Vec<_> = versions
        .items
        .iter()
        .map(|version| (version.origin, version.created_by.is_some()))
        .collect();
    assert_eq!(told, [(VersionOrigin::Synced, false), (VersionOrigin::Activated, true)]);
}

#[sqlx::test(migrations = false)]
async fn two_processes_fetch_once(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    let asked = service.asked();
    engine.clock().advance(Duration::seconds(61));
    let other = another(&engine, &pool).await;
    let (one, two) = tokio::join!(engine.follow_connector(id), other.follow_connector(id));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(service.asked(), asked + 1);
}

#[sqlx::test(migrations = false)]
async fn whoever_asked_first_may_hang_up(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    engine.clock().advance(Duration::seconds(61));
    service.says(with_tools(&[tool("list", "Lists")]));
    let held_up = service.hold_up();
    let asked = service.asked();
    let first = engine.clone();
    let first = tokio::spawn(async move { first.follow_connector(id).await });
    service.asked_times(asked + 1).await;
    let second = engine.follow_connector(id);
    first.abort();
    held_up.add_permits(1);
    assert!(second.await.unwrap());
    assert_eq!(service.asked(), asked + 1);
}

#[sqlx::test(migrations = false)]
async fn a_failed_fetch_leaves_the_last_good_definitions_and_counts_as_a_try(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    service.fails();
    engine.clock().advance(Duration::seconds(61));
    let asked = service.asked();
    assert!(!engine.follow_connector(id).await.unwrap());
    let once = service.asked();
    assert!(once > asked);
    assert!(!engine.follow_connector(id).await.unwrap());
    assert_eq!(service.asked(), once, "a service that fails is left alone for a minute");
    let found = engine.connector(&root, ConnectorRef::Id(id)).await.unwrap();
    assert_eq!((found.summary.mode, found.tools.len()), (ConnectorMode::Sync, 1));
    assert!(found.check.unwrap().error.is_some());
}

#[sqlx::test(migrations = false)]
async fn connectors_of_other_modes_follow_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let mut ids = vec![uuid::Uuid::nil().into()];
    for mode in [ConnectorMode::Active, ConnectorMode::Deactive] {
        ids.push(added(&engine, &root, &service, mode.as_str(), mode).await);
    }
    engine.clock().advance(Duration::hours(1));
    let asked = service.asked();
    for id in ids {
        assert!(!engine.follow_connector(id).await.unwrap());
    }
    assert_eq!(service.asked(), asked);
}

#[sqlx::test(migrations = false)]
async fn a_page_about_a_sync_connector_shows_what_its_service_says_now(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    service.says(serde_json::json!({"tools": [], "templates": [{"name": "daily"}]}));
    engine.clock().advance(Duration::seconds(61));
    let templates = engine.connector_templates(&root, ConnectorRef::Id(id)).await.unwrap();
    assert_eq!(templates.len(), 1);
    assert_eq!(tools(&engine, &root, id).await, [""; 0]);
}

#[sqlx::test(migrations = false)]
async fn of_versions_that_nobody_looked_at_the_newest_fifty_are_kept(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    for n in 0..52 {
        service.says(with_tools(&[tool(&format!("tool_{n}"), "")]));
        let synced = engine.sync_connector(&root, ConnectorRef::Id(id)).await.unwrap();
        assert!(synced.adopted && synced.changes.iter().all(|change| !change.blocked));
    }
    let page = PageRequest {
        limit: Some(200),
        cursor: None,
    };
    let versions = engine
        .connector_versions(&root, ConnectorRef::Id(id), &page)
        .await
        .unwrap();
    let numbers: Vec<_> = versions.items.iter().map(|version| version.number).collect();
    let expected: Vec<_> = (4..=53).rev().chain([1]).collect();
    assert_eq!(numbers, expected);
    assert!(versions.items[0].current);
}

#[sqlx::test(migrations = false)]
async fn processes_share_the_checks_of_active_connectors(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    for n in 0..20 {
        added(&engine, &root, &service, &format!("c{n}"), ConnectorMode::Active).await;
    }
    assert_eq!(
        engine.check_due_connectors().await.unwrap(),
        0,
        "activation was a check"
    );
    let asked = service.asked();
    engine.clock().advance(Duration::minutes(5));
    let other = another(&engine, &pool).await;
    let (one, two) = tokio::join!(engine.check_due_connectors(), other.check_due_connectors());
    assert_eq!(one.unwrap() + two.unwrap(), 20);
    assert_eq!(service.asked(), asked + 20, "each was checked once");
    assert_eq!(engine.check_due_connectors().await.unwrap(), 0);
}

#[sqlx::test(migrations = false)]
async fn a_secret_that_cannot_be_opened_keeps_nobody_else_from_being_checked(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let broken = added(&engine, &root, &service, "broken", ConnectorMode::Active).await;
    added(&engine, &root, &service, "fine", ConnectorMode::Active).await;
    sqlx::query("UPDATE mcp_connectors SET secret = 'nonsense' WHERE name = 'broken'")
        .execute(&pool)
        .await
        .unwrap();
    engine.clock().advance(Duration::minutes(5));
    assert_eq!(engine.check_due_connectors().await.unwrap(), 2);
    let check = engine.connector(&root, ConnectorRef::Id(broken)).await.unwrap().check;
    let error = check.unwrap().error;
    assert!(error.is_some_and(|error| error.contains("secret can't be opened")));
}
