//! The pool of endpoints: who gets which, who keeps one, and when it is free again.

use crate::{
    engine, engine_with,
    sources::{server_of, source},
    superuser, user,
};
use patchbay_domain::{
    ids::{ServerId, SourceId},
    page::PageRequest,
    server::{CreateServer, CreatedServer},
    user::Role,
};
use patchbay_engine::{
    Actor, Config, Engine, Error,
    endpoint::{EndpointKey, parse_pool},
    error::{Conflict, Denied, NotFound},
    gateway::RouteKey,
    servers::ServerFilter,
};
use serde_json::json;
use sqlx::PgPool;

fn with_pool(text: &'static str) -> impl FnOnce(&mut Config) {
    move |config| config.pool = parse_pool(text, &config.public_url).unwrap()
}

async fn create(engine: &Engine, actor: &Actor) -> Result<CreatedServer, Error> {
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: None,
        configuration: json!({}),
    };
    engine.create_server(actor, new).await
}

/// The endpoints of all servers in the order in which they were given out.
async fn held(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT endpoint FROM mcp_servers ORDER BY created_at, id")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn many_at_once_get_each_endpoint_once_in_order_and_the_rest_get_none(pool: PgPool) {
    let engine = engine_with(
        &pool,
        with_pool("https://c.example,https://a.example/x,https://b.example,https://a.example/y,http://d.example:81"),
    )
    .await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(user(&engine, &format!("user{n}@example.org")).await);
    }
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let (engine, actor) = (engine.clone(), people[n % 4].clone());
            tokio::spawn(async move { create(&engine, &actor).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    let mut made: Vec<_> = results
        .iter()
        .filter_map(|result| Some(result.as_ref().ok()?.server.endpoint.clone()))
        .collect();
    made.sort_unstable();
    let mut whole = [
        "https://c.example",
        "https://a.example/x",
        "https://b.example",
        "https://a.example/y",
        "http://d.example:81",
    ];
    whole.sort_unstable();
    assert_eq!(made, whole);
    let refused: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(refused.len(), 35);
    for error in refused {
        assert!(matches!(error, Error::PoolExhausted), "{error}");
        assert_eq!(error.to_string(), "No available domains in MCP_GATEWAY_URL_POOLS");
    }
    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM mcp_server_tokens")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(total, 5, "nothing is left of those that weren't made");
}

#[sqlx::test(migrations = false)]
async fn endpoints_are_given_out_in_list_order_without_gaps(pool: PgPool) {
    let engine = engine_with(&pool, |config| config.servers_max = 6).await;
    let ada = user(&engine, "ada@example.org").await;
    let made = futures::future::join_all((0..4).map(|_| create(&engine, &ada))).await;
    assert!(made.iter().all(Result::is_ok));
    let mut first = held(&pool).await;
    first.sort_unstable();
    assert_eq!(first, ["/mcp/1", "/mcp/2", "/mcp/3", "/mcp/4"]);
    assert!(create(&engine, &ada).await.unwrap().server.endpoint.ends_with("/mcp/5"));
}

#[sqlx::test(migrations = false)]
async fn a_deleted_server_keeps_its_endpoint_and_a_hard_delete_frees_it(pool: PgPool) {
    let engine = engine_with(&pool, with_pool("https://a.example,https://b.example")).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let first = create(&engine, &ada).await.unwrap().server;
    create(&engine, &ada).await.unwrap();
    engine.delete_server(&ada, first.id, None).await.unwrap();
    assert!(matches!(create(&engine, &ada).await.unwrap_err(), Error::PoolExhausted));
    engine.restore_server(&ada, first.id, None).await.unwrap();
    assert_eq!(
        engine.server(&ada, first.id).await.unwrap().endpoint,
        "https://a.example"
    );
    engine.delete_server(&ada, first.id, None).await.unwrap();
    engine.hard_delete_server(&root, first.id, None).await.unwrap();
    assert_eq!(
        create(&engine, &ada).await.unwrap().server.endpoint,
        "https://a.example"
    );
}

#[sqlx::test(migrations = false)]
async fn a_pool_that_shrinks_leaves_those_alone_that_have_an_endpoint(pool: PgPool) {
    let before = engine_with(&pool, with_pool("https://a.example,https://b.example")).await;
    let ada = user(&before, "ada@example.org").await;
    let kept = create(&before, &ada).await.unwrap().server;
    let after = engine_with(&pool, with_pool("http://b.example")).await;
    assert_eq!(after.server(&ada, kept.id).await.unwrap().endpoint, "https://a.example");
    let key = RouteKey::Endpoint(EndpointKey::host("a.example", "/"));
    assert!(after.load_route(&key).await.unwrap().is_some());
    assert_eq!(create(&after, &ada).await.unwrap().server.endpoint, "http://b.example");
    assert!(matches!(create(&after, &ada).await.unwrap_err(), Error::PoolExhausted));
    assert!(
        matches!(create(&before, &ada).await.unwrap_err(), Error::PoolExhausted),
        "with either scheme it is the same one"
    );
}

#[sqlx::test(migrations = false)]
async fn a_user_has_a_limit_and_deleted_servers_count(pool: PgPool) {
    let engine = engine_with(&pool, |config| config.servers_per_user = 3).await;
    let ada = user(&engine, "ada@example.org").await;
    let made = futures::future::join_all((0..6).map(|_| create(&engine, &ada))).await;
    let made: Vec<_> = made.into_iter().filter_map(Result::ok).collect();
    assert_eq!(made.len(), 3);
    engine.delete_server(&ada, made[0].server.id, None).await.unwrap();
    let refused = create(&engine, &ada).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(Conflict::ServerLimit(3))));
    let refused = engine
        .duplicate_server(&ada, made[1].server.id, None)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Conflict(Conflict::ServerLimit(3))));
}

#[sqlx::test(migrations = false)]
async fn hard_deletion_is_for_admins_takes_any_server_and_leaves_nothing_of_it(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let id = source(&engine, &ada, "notes").await.id;
    let server = server_of(&engine, &ada, &[id]).await;
    for id in [server, ServerId(uuid::Uuid::nil())] {
        let refused = engine.hard_delete_server(&ada, id, None).await.unwrap_err();
        assert!(
            matches!(refused, Error::Denied(Denied::Admin)),
            "whether or not it is there: {refused}"
        );
    }
    let mut admin = user(&engine, "admin@example.org").await;
    admin.roles.push(Role::Admin);
    engine.hard_delete_server(&admin, server, None).await.unwrap();
    let again = engine.hard_delete_server(&root, server, None).await.unwrap_err();
    assert!(matches!(again, Error::NotFound(NotFound::Server)));
    for table in ["mcp_servers", "mcp_server_tokens", "mcp_server_bindings"] {
        let left: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert!(engine.source(&ada, id).await.unwrap().mcp_servers.is_empty());
}

#[sqlx::test(migrations = false)]
async fn a_deleted_server_is_restored_by_its_owner_or_an_admin_and_by_nobody_else(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let (ada, eve) = (
        user(&engine, "ada@example.org").await,
        user(&engine, "eve@example.org").await,
    );
    let server = create(&engine, &ada).await.unwrap().server.id;
    engine.restore_server(&ada, server, None).await.unwrap();
    engine.restore_server(&root, server, None).await.unwrap();
    for by in [&ada, &root] {
        engine.delete_server(&ada, server, None).await.unwrap();
        let gone = engine.delete_server(&ada, server, None).await.unwrap_err();
        assert!(matches!(gone, Error::NotFound(NotFound::Server)));
        let foreign = engine.restore_server(&eve, server, None).await.unwrap_err();
        assert!(matches!(foreign, Error::NotFound(NotFound::Server)));
        assert!(engine.load_route(&RouteKey::Server(server)).await.unwrap().is_none());
        engine.restore_server(by, server, None).await.unwrap();
        assert!(engine.load_route(&RouteKey::Server(server)).await.unwrap().is_some());
    }
    let nil = engine
        .restore_server(&root, ServerId(uuid::Uuid::nil()), None)
        .await
        .unwrap_err();
    assert!(matches!(nil, Error::NotFound(NotFound::Server)));
    let restored: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_events WHERE action = 'server.restore'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(restored, 2, "what isn't deleted isn't restored");
}

#[sqlx::test(migrations = false)]
async fn what_is_restored_or_deleted_for_good_is_the_version_that_was_looked_at(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let server = create(&engine, &ada).await.unwrap().server;
    let (id, stale) = (server.id, Some(server.updated_at));
    engine.delete_server(&ada, id, stale).await.unwrap();
    for by in [&ada, &root] {
        let refused = engine.restore_server(by, id, stale).await;
        assert!(matches!(refused, Err(Error::Edited)), "{refused:?}");
    }
    let refused = engine.hard_delete_server(&root, id, stale).await;
    assert!(matches!(refused, Err(Error::Edited)), "{refused:?}");

    let deleted = ServerFilter {
        deleted: true,
        ..ServerFilter::default()
    };
    let page = PageRequest::default();
    let seen = engine.servers(&ada, &deleted, &page).await.unwrap().items[0].updated_at;
    engine.restore_server(&ada, id, Some(seen)).await.unwrap();
    let gone = engine.restore_server(&ada, id, Some(seen)).await;
    assert!(matches!(gone, Err(Error::Edited)), "it is there, and another: {gone:?}");
    let seen = engine.servers_of_all(&root, &ServerFilter::default(), &page).await;
    let seen = seen.unwrap().items[0].updated_at;
    engine.hard_delete_server(&root, id, Some(seen)).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn admins_see_everybodys_servers_and_nothing_that_was_configured(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let id: SourceId = source(&engine, &ada, "notes").await.id;
    let of_ada = server_of(&engine, &ada, &[id]).await;
    let deleted = create(&engine, &ada).await.unwrap().server.id;
    engine.delete_server(&ada, deleted, None).await.unwrap();
    let of_root = create(&engine, &root).await.unwrap().server.id;
    let find = |q: &str, deleted| ServerFilter {
        q: Some(q.into()),
        deleted,
    };
    for (filter, expected) in [
        (find("", false), vec![of_root, of_ada]),
        (find("ADA@", false), vec![of_ada]),
        (find("http://localhost:9000/mcp/1", false), vec![of_ada]),
        (find("", true), vec![deleted]),
    ] {
        let listed = engine
            .servers_of_all(&root, &filter, &PageRequest::default())
            .await
            .unwrap();
        let ids: Vec<_> = listed.items.iter().map(|server| server.id).collect();
        assert_eq!(
            (ids, listed.total),
            (expected.clone(), expected.len() as u64),
            "{filter:?}"
        );
    }
    let one = PageRequest {
        limit: Some(1),
        cursor: None,
    };
    let first = engine
        .servers_of_all(&root, &ServerFilter::default(), &one)
        .await
        .unwrap();
    let next = PageRequest {
        limit: Some(1),
        cursor: first.next_cursor,
    };
    let second = engine
        .servers_of_all(&root, &ServerFilter::default(), &next)
        .await
        .unwrap();
    assert_eq!((second.items[0].id, second.next_cursor), (of_ada, None));
    assert_eq!(
        (second.items[0].owner.as_str(), second.items[0].sources_count),
        ("ada@example.org", 1)
    );
    let refused = engine
        .servers_of_all(&ada, &ServerFilter::default(), &one)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Denied(Denied::Admin)));
}
