//! The engine's own lock: with PostgreSQL's open, what is another's still isn't there, and stays as it is.

use super::{Owned, Scene, asked_as, foreign, owned_tables, scene::token};
use patchbay_domain::{
    Timestamp,
    account::CreateToken,
    ids::{ServerId, SourceId},
    page::PageRequest,
    server::UpdateServer,
    source::UpdateSource,
    tool::{ToolOrder, UpdateTool},
    usage::UsageQuery,
};
use patchbay_engine::{
    Actor, Engine,
    idempotency::{Answer, Begun, Key},
    servers::ServerFilter,
    sources::SourceFilter,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;
use time::Duration;

/// Lets every user's transaction at all users' rows, in each table that it may use at all.
async fn open(pool: &PgPool, scene: &Scene) {
    let (ada, eve) = (scene.ada.actor.user.to_string(), scene.eve.actor.user.to_string());
    let mut opened = 0;
    for Owned { table, owner } in owned_tables(pool).await {
        sqlx::query(&format!(
            "CREATE POLICY opened ON {table} TO patchbay_app USING (true) WITH CHECK (true)"
        ))
        .execute(pool)
        .await
        .unwrap();
        let all = format!("SELECT count(*) FROM {table} WHERE {owner} = '{ada}'");
        if let Some(found) = asked_as(pool, &eve, &all).await {
            assert!(found > 0, "{table} isn't open");
            opened += 1;
        }
    }
    assert!(opened >= 10, "only {opened} tables could be opened");
}

/// Every row of a user's, by table.
async fn rows_of(pool: &PgPool, actor: &Actor) -> BTreeMap<String, Vec<Value>> {
    let mut rows = BTreeMap::new();
    for Owned { table, owner } in owned_tables(pool).await {
        let own = format!("SELECT to_jsonb(t) FROM {table} t WHERE {owner} = $1 ORDER BY to_jsonb(t)::text");
        let own = sqlx::query_scalar(&own).bind(actor.user.0).fetch_all(pool);
        rows.insert(table, own.await.unwrap());
    }
    rows
}

/// All that somebody finds who names nothing but what is their own.
async fn seen_by(engine: &Engine, actor: &Actor, server: ServerId, source: SourceId) -> Value {
    let page = PageRequest::default();
    let deleted = ServerFilter {
        deleted: true,
        ..ServerFilter::default()
    };
    let now = engine.clock().now();
    let calls = UsageQuery {
        from: Some((now - Duration::hours(1)).into()),
        to: Some((now + Duration::hours(1)).into()),
        by_server: true,
        by_tool: true,
        ..UsageQuery::default()
    };
    json!({
        "servers": engine.servers(actor, &ServerFilter::default(), &page).await.unwrap(),
        "deleted": engine.servers(actor, &deleted, &page).await.unwrap(),
        "server": engine.server(actor, server).await.unwrap(),
        "sources": engine.sources(actor, &SourceFilter::default(), &page).await.unwrap(),
        "source": engine.source(actor, source).await.unwrap(),
        "tools": engine.server_tools(actor, server).await.unwrap(),
        "templates": engine.server_templates(actor, server).await.unwrap(),
        "server tokens": engine.server_tokens(actor, server).await.unwrap(),
        "api tokens": engine.api_tokens(actor).await.unwrap(),
        "sessions": engine.sessions(actor, &page).await.unwrap(),
        "belongings": engine.belongings(actor, actor.user).await.unwrap(),
        "calls": engine.usage(actor, &calls).await.unwrap(),
        "overview": engine.overview(actor).await.unwrap(),
    })
}

fn ending(engine: &Engine) -> CreateToken {
    CreateToken {
        expires_at: Some(Timestamp::from(engine.clock().now() + Duration::days(1))),
        ..token("ends soon")
    }
}

#[sqlx::test(migrations = false)]
async fn the_engine_alone_keeps_what_is_anothers_apart(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    open(&pool, &scene).await;
    let adas = rows_of(&pool, &scene.ada.actor).await;
    foreign::nothing_is_there(&scene).await;
    foreign::nothing_of_it_is_taken(&scene).await;
    foreign::lists_are_ones_own(&scene).await;
    assert_eq!(rows_of(&pool, &scene.ada.actor).await, adas);
}

#[sqlx::test(migrations = false)]
async fn the_engine_alone_shows_each_their_own(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let Scene { engine, ada, eve, .. } = &scene;
    // Ada's could come first everywhere.
    engine.create_api_token(&ada.actor, ending(engine)).await.unwrap();
    let tokens = engine.create_server_token(&ada.actor, ada.server, ending(engine));
    tokens.await.unwrap();
    let before = seen_by(engine, &eve.actor, eve.server, eve.source).await;
    assert_eq!(before["calls"].as_array().unwrap().len(), 1);
    assert_eq!(before["overview"]["usage"]["calls"], 1);
    open(&pool, &scene).await;
    assert_eq!(seen_by(engine, &eve.actor, eve.server, eve.source).await, before);
}

#[sqlx::test(migrations = false)]
async fn what_one_changes_of_ones_own_changes_nothing_of_anothers(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let Scene { engine, ada, eve, .. } = &scene;
    open(&pool, &scene).await;
    let adas = rows_of(&pool, &ada.actor).await;
    let (actor, server, source) = (&eve.actor, eve.server, eve.source);
    let renamed = UpdateServer {
        name: Some("Eve's".into()),
        ..UpdateServer::default()
    };
    engine.update_server(actor, server, renamed, None).await.unwrap();
    let tool = UpdateTool {
        name: Some(Some("found".into())),
        ..UpdateTool::default()
    };
    let listed = engine.server_tools(actor, server).await.unwrap();
    let names: Vec<String> = listed.into_iter().map(|tool| tool.tool.name).collect();
    engine.update_tool(actor, server, "find_all", tool).await.unwrap();
    let order = ToolOrder {
        names: names.into_iter().filter(|name| name != "find_all").rev().collect(),
    };
    engine.order_tools(actor, server, order).await.unwrap();
    engine.delete_tool(actor, server, "found").await.unwrap();
    let copy = engine.duplicate_server(actor, server, None).await.unwrap().server.id;
    engine.delete_server(actor, copy, None).await.unwrap();
    engine.restore_server(actor, copy, None).await.unwrap();
    let theirs = source.to_string();
    engine
        .remove_source_from_server(actor, server, &theirs, None)
        .await
        .unwrap();
    engine.add_source_to_server(actor, server, &theirs, None).await.unwrap();
    let updated = UpdateSource {
        source_metadata: Some(json!({"notebook": "another"})),
        ..UpdateSource::default()
    };
    engine.update_source(actor, source, updated, None).await.unwrap();
    let left = engine.delete_source(actor, source, None).await.unwrap();
    assert!(left.iter().all(|server| server.id != ada.server));
    assert_eq!(engine.revoke_other_sessions(actor).await.unwrap(), 0);
    assert_eq!(rows_of(&pool, &ada.actor).await, adas);
}

#[sqlx::test(migrations = false)]
async fn one_users_key_of_a_request_says_nothing_of_anothers(pool: PgPool) {
    let scene = Scene::set(&pool).await;
    let Scene { engine, ada, eve, .. } = &scene;
    open(&pool, &scene).await;
    let key = Key::parse("again").unwrap();
    let request: [&[u8]; 1] = [b"the same request"];
    let Begun::Now(attempt) = engine.begin_request(&ada.actor, &key, &request).await.unwrap() else {
        panic!("the key is new");
    };
    let answer = |body: &str| Answer {
        status: 201,
        headers: Vec::new(),
        body: body.into(),
    };
    engine.keep_answer(&ada.actor, attempt, &answer("Ada's")).await.unwrap();
    let adas = rows_of(&pool, &ada.actor).await;
    let first = engine.begin_request(&eve.actor, &key, &request).await.unwrap();
    assert!(matches!(first, Begun::Now(_)), "{first:?}");
    let second = engine.begin_request(&eve.actor, &key, &request).await.unwrap();
    assert!(matches!(second, Begun::UnderWay), "{second:?}");
    engine.keep_answer(&eve.actor, attempt, &answer("Eve's")).await.unwrap();
    engine.give_up_attempt(&eve.actor, attempt).await.unwrap();
    assert_eq!(rows_of(&pool, &ada.actor).await, adas);
}
