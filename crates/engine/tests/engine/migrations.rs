use patchbay_engine::storage::Db;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn connectors_from_before_modes_are_kept_and_follow_their_upstream(pool: PgPool) {
    let db = Db::from(pool.clone());
    db.migrate().await.unwrap();
    let steps_after_the_table = db.migrations().await.unwrap().len() - 2;
    db.migrate_down(steps_after_the_table).await.unwrap();
    assert!(
        db.connector_statuses().await.unwrap().is_empty(),
        "there is no mode yet"
    );
    for name in ["one", "two", "three"] {
        sqlx::query(
            "INSERT INTO mcp_connectors (name, description, url, tools) VALUES ($1, 'd', 'http://h', '[ 1.0 ]')",
        )
        .bind(name)
        .execute(&pool)
        .await
        .unwrap();
    }

    db.migrate().await.unwrap();
    let after: Vec<(String, String, String, String, bool)> = sqlx::query_as(
        "SELECT name::text, url, mode::text, tools::text, secret IS NULL FROM mcp_connectors ORDER BY number",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let row = |name: &str| {
        (
            name.to_owned(),
            "http://h".to_owned(),
            "sync".to_owned(),
            "[ 1.0 ]".to_owned(),
            true,
        )
    };
    assert_eq!(after, [row("one"), row("two"), row("three")]);
    let modes: Vec<_> = db
        .connector_statuses()
        .await
        .unwrap()
        .into_iter()
        .map(|status| status.mode)
        .collect();
    assert_eq!(modes, ["sync", "sync", "sync"]);
}

#[sqlx::test(migrations = false)]
async fn everything_goes_down_and_up_again(pool: PgPool) {
    let db = Db::from(pool.clone());
    assert!(
        db.migrations()
            .await
            .unwrap()
            .iter()
            .all(|migration| migration.applied_at.is_none())
    );
    db.migrate().await.unwrap();
    db.migrate_down(usize::MAX).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(left.is_empty(), "left behind: {left:?}");
    db.migrate().await.unwrap();
    assert!(
        db.migrations()
            .await
            .unwrap()
            .iter()
            .all(|migration| migration.applied_at.is_some())
    );
}

#[sqlx::test(migrations = false)]
async fn several_processes_may_start_at_once(pool: PgPool) {
    let starts = (0..4).map(|_| {
        let db = Db::from(pool.clone());
        async move { db.migrate().await }
    });
    for result in futures::future::join_all(starts).await {
        result.unwrap();
    }
}
