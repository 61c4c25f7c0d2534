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
async fn whoever_is_second_waits_for_the_process_that_fetches_and_then_asks_nobody_for_a_minute(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    engine.clock().advance(Duration::seconds(61));
    let other = another(&engine, &pool).await;
    service.says(with_tools(&[tool("list", "Lists")]));
    let held_up = service.hold_up();
    let asked = service.asked();
    let first = engine.clone();
    let first = tokio::spawn(async move { first.follow_connector(id).await });
    service.asked_times(asked + 1).await;
    let second = async {
        other.follow_connector(id).await.unwrap();
        tools(&other, &root, id).await
    };
    let (listed, ()) = tokio::join!(second, async { held_up.add_permits(1) });
    assert_eq!(listed, ["list"]);
    assert!(first.await.unwrap().unwrap());

    service.go_on();
    sqlx::query("UPDATE connector_checks SET checked_at = 'epoch'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(!other.follow_connector(id).await.unwrap());
    assert_eq!(service.asked(), asked + 1, "it knows when the other one fetched");
}

#[sqlx::test(migrations = false)]
async fn a_process_that_came_down_is_not_waited_for_for_ever(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let id = added(&engine, &root, &service, "notes", ConnectorMode::Sync).await;
    sqlx::query("UPDATE connector_checks SET begun = begun + 1")
        .execute(&pool)
        .await
        .unwrap();
    let asked = service.asked();
    assert!(engine.follow_connector(id).await.unwrap());
    assert_eq!(service.asked(), asked);
}

#[sqlx::test(migrations = false)]
async fn clocks_that_disagree_keep_nothing_from_being_checked(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let ahead = another(&engine, &pool).await;
    ahead.clock().advance(Duration::seconds(30));
    let follows = added(&ahead, &root, &service, "follows", ConnectorMode::Sync).await;
    added(&ahead, &root, &service, "stays", ConnectorMode::Active).await;
    let asked = service.asked();
    engine.follow_connector(follows).await.unwrap();
    assert_eq!(engine.check_due_connectors().await.unwrap(), 0);
    assert_eq!(service.asked(), asked, "half a minute is nothing");

    ahead.clock().advance(Duration::days(1));
    ahead.follow_connector(follows).await.unwrap();
    assert_eq!(ahead.check_due_connectors().await.unwrap(), 1);
    engine.clock().advance(Duration::seconds(61));
    engine.follow_connector(follows).await.unwrap();
    assert_eq!(engine.check_due_connectors().await.unwrap(), 1);
    assert_eq!(service.asked(), asked + 4, "a time that is still to come says nothing");
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

#[sqlx::test(migrations = false)]
async fn one_check_that_the_database_fails_keeps_no_other_from_being_made(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    for n in 0..20 {
        added(&engine, &root, &service, &format!("c{n}"), ConnectorMode::Active).await;
    }
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
         CREATE TRIGGER refuse BEFORE UPDATE OF error ON connector_checks FOR EACH ROW
         WHEN (NEW.error IS NOT NULL AND NEW.connector_id::text < '4') EXECUTE FUNCTION refuse()",
    )
    .execute(&pool)
    .await
    .unwrap();
    service.fails();
    engine.clock().advance(Duration::minutes(5));
    let refused: i64 = sqlx::query_scalar("SELECT count(*) FROM connector_checks WHERE connector_id::text < '4'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let checked = engine.check_due_connectors().await;
    assert_eq!(checked.is_err(), refused > 0, "whoever runs the checks hears of it");
    let failed: i64 = sqlx::query_scalar("SELECT count(*) FROM connector_checks WHERE error IS NOT NULL")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(failed, 20 - refused);
}

#[sqlx::test(migrations = false)]
async fn checks_that_begin_for_the_first_time_at_once_do_not_wait_for_each_other_in_a_circle(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(added(&engine, &root, &service, &format!("c{n}"), ConnectorMode::Active).await);
    }
    let other = another(&engine, &pool).await;
    for _ in 0..5 {
        // As after an upgrade, or an import.
        sqlx::query("DELETE FROM connector_checks")
            .execute(&pool)
            .await
            .unwrap();
        let syncs = ids
            .iter()
            .rev()
            .map(|id| engine.sync_connector(&root, ConnectorRef::Id(*id)));
        let (synced, one, two) = tokio::join!(
            join_all(syncs),
            engine.check_due_connectors(),
            other.check_due_connectors()
        );
        one.unwrap();
        two.unwrap();
        synced.into_iter().for_each(|synced| drop(synced.unwrap()));
    }
}
