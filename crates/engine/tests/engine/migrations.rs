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
async fn definitions_from_before_there_were_versions_become_the_first_one(pool: PgPool) {
    let db = Db::from(pool.clone());
    db.migrate().await.unwrap();
    let steps_after_the_servers = db.migrations().await.unwrap().len() - 4;
    db.migrate_down(steps_after_the_servers).await.unwrap();
    sqlx::query(
        "INSERT INTO mcp_connectors (name, description, url, mode, tools, tools_count, definitions_sha256)
         VALUES ('notes', 'd', 'http://h', 'active', '[ {\"name\": \"a\",  \"n\": 1.0} ]', 1, '\\x01'),
                ('waiting', 'd', '', 'deactive', '[]', 0, NULL)",
    )
    .execute(&pool)
    .await
    .unwrap();

    db.migrate().await.unwrap();
    let versions: Vec<(String, i32, i32, String, String)> = sqlx::query_as(
        "SELECT c.name::text, c.definitions_version, v.number, v.origin::text, v.tools::text
         FROM connector_versions v JOIN mcp_connectors c ON c.id = v.connector_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let tools = r#"[ {"name": "a",  "n": 1.0} ]"#.to_owned();
    assert_eq!(versions, [("notes".to_owned(), 1, 1, "activated".to_owned(), tools)]);
    let waiting: i32 = sqlx::query_scalar("SELECT definitions_version FROM mcp_connectors WHERE name = 'waiting'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "nothing was in force yet");
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
