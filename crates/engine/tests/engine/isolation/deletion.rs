//! What is left of somebody who is gone: the audit log's rows, without a word of who that was.

use super::{Scene, scene::Person};
use crate::{password, who};
use patchbay_domain::page::PageRequest;
use patchbay_engine::{
    Engine, Error, endpoint::EndpointKey, error::NotFound, gateway::RouteKey, servers::ServerFilter,
};
use sqlx::PgPool;

/// A column of any table.
#[derive(Debug, sqlx::FromRow)]
struct Column {
    table: String,
    name: String,
    is_bytes: bool,
}

async fn columns(pool: &PgPool) -> Vec<Column> {
    sqlx::query_as(
        r#"SELECT c.relname::text AS "table", a.attname::text AS name, a.atttypid = 'bytea'::regtype AS is_bytes
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace = 'public'::regnamespace ORDER BY 1, a.attnum"#,
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// The columns of all tables in which this text stands, whatever their type and whatever its case.
async fn found(pool: &PgPool, text: &str) -> Vec<String> {
    let mut places = Vec::new();
    for Column { table, name, is_bytes } in columns(pool).await {
        let query = if is_bytes {
            format!(r#"SELECT count(*) FROM {table} WHERE position(convert_to($1, 'UTF8') IN "{name}") > 0"#)
        } else {
            format!(r#"SELECT count(*) FROM {table} WHERE strpos(lower("{name}"::text), lower($1)) > 0"#)
        };
        let rows: i64 = sqlx::query_scalar(&query).bind(text).fetch_one(pool).await.unwrap();
        if rows > 0 {
            places.push(format!("{table}.{name}"));
        }
    }
    places
}

/// Nothing tells of them but the ids of the log's rows.
async fn assert_nothing_is_left(pool: &PgPool, person: &Person, email: &str) {
    assert_eq!(found(pool, email).await, [""; 0], "{email}");
    let id = person.actor.user.to_string();
    let places = found(pool, &id).await;
    let known = ["audit_events.actor_id", "audit_events.subject_id"];
    assert!(places.iter().all(|place| known.contains(&place.as_str())), "{places:?}");
    for id in [
        person.server.to_string(),
        person.deleted_server.to_string(),
        person.source.to_string(),
        person.session.to_string(),
        person.api_token.to_string(),
        person.server_token.to_string(),
    ] {
        let places = found(pool, &id).await;
        assert!(
            places.iter().all(|place| place.starts_with("audit_events.")),
            "{places:?}"
        );
    }
}

async fn assert_gone(engine: &Engine, person: &Person, email: &str) {
    assert!(engine.sign_in(email, &password(), None).await.is_err());
    assert!(matches!(
        engine.me(&person.actor).await,
        Err(Error::NotFound(NotFound::User) | Error::Unauthenticated(_))
    ));
    assert!(
        engine
            .load_route(&RouteKey::Server(person.server))
            .await
            .unwrap()
            .is_none()
    );
}

#[sqlx::test(migrations = false)]
async fn of_a_deleted_user_no_column_of_any_table_tells(pool: PgPool) {
    let Scene { engine, root, ada, eve } = Scene::set(&pool).await;
    let own = engine.belongings(&root, ada.actor.user).await.unwrap();
    assert_eq!((own.mcp_servers, own.sources, own.api_tokens), (2, 2, 1));
    assert!(
        !found(&pool, "ada@example.org").await.is_empty(),
        "there was something to be found"
    );
    let others = found(&pool, "eve@example.org").await;

    let open = "INSERT INTO invitations (token_hash, email, expires_at) VALUES ('hash', 'Ada@Example.org', now() + interval '1 day')";
    sqlx::query(open).execute(&pool).await.unwrap();

    assert_eq!(engine.delete_user(&root, ada.actor.user).await.unwrap(), own);
    assert_nothing_is_left(&pool, &ada, "ada@example.org").await;
    assert_gone(&engine, &ada, "ada@example.org").await;
    // Their endpoints are free again, and the log is whole.
    let route = engine
        .load_route(&RouteKey::Endpoint(EndpointKey::path("/mcp/1")))
        .await;
    assert!(route.unwrap().is_none());
    assert!(engine.verify_audit(None, |_| ()).await.unwrap().is_whole());

    assert_eq!(
        found(&pool, "eve@example.org").await,
        others,
        "nobody else lost anything"
    );
    let page = PageRequest::default();
    let servers = engine
        .servers(&eve.actor, &ServerFilter::default(), &page)
        .await
        .unwrap();
    assert_eq!(servers.total, 1);
    assert!(matches!(
        engine.delete_user(&root, ada.actor.user).await,
        Err(Error::NotFound(NotFound::User))
    ));
}

#[sqlx::test(migrations = false)]
async fn whoever_deletes_their_own_account_is_gone_as_completely(pool: PgPool) {
    let Scene { engine, ada, .. } = Scene::set(&pool).await;
    assert!(engine.delete_account(&ada.actor, &"a wrong one".into()).await.is_err());
    engine.delete_account(&ada.actor, &password()).await.unwrap();
    assert_nothing_is_left(&pool, &ada, "ada@example.org").await;
    assert_gone(&engine, &ada, "ada@example.org").await;
    // The address is free for somebody who has nothing to do with them.
    let again = engine
        .create_user(&who(), "ada@example.org", &password(), false)
        .await
        .unwrap();
    assert_ne!(again.id, ada.actor.user);
    assert!(again.roles.is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_deleted_source_leaves_every_server(pool: PgPool) {
    let Scene { engine, ada, .. } = Scene::set(&pool).await;
    let left = engine.delete_source(&ada.actor, ada.source, None).await.unwrap();
    assert_eq!(left.iter().map(|server| server.id).collect::<Vec<_>>(), [ada.server]);
    let places = found(&pool, &ada.source.to_string()).await;
    assert!(
        places.iter().all(|place| place.starts_with("audit_events.")),
        "{places:?}"
    );
    engine
        .restore_server(&ada.actor, ada.deleted_server, None)
        .await
        .unwrap();
    let restored = engine.server(&ada.actor, ada.deleted_server).await.unwrap();
    assert!(
        restored.source_ids.is_empty(),
        "also servers that were deleted at the time"
    );
}
