//! What the gateway gets of servers that are made from sources: whose configuration goes where, and to whom nothing is served.

use crate::{
    active_connector, engine, new_connector,
    service::tool,
    sources::{new_source, server_of},
    superuser, user,
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ConnectorRef, ServerId},
    server::CreateServer,
    source::UpdateSource,
    user::UpdateUser,
};
use patchbay_engine::{
    Engine,
    gateway::{Binding, RouteKey, ServerRoute, ToolState},
    tokens::token_hash,
};
use serde_json::{Value, json};
use sqlx::PgPool;

fn offer() -> Value {
    json!({
        "tools": [tool("list", "")],
        "config": {"params": {"type": "object", "properties": {
            "notebook": {"type": "string"},
            "key": {"type": "string", "writeOnly": true},
        }}},
    })
}

async fn route(engine: &Engine, server: ServerId) -> ServerRoute {
    engine.load_route(&RouteKey::Server(server)).await.unwrap().unwrap()
}

fn meta(binding: &Binding) -> Value {
    serde_json::from_str(binding.source_meta.as_ref().unwrap().get()).unwrap()
}

#[sqlx::test(migrations = false)]
async fn each_source_brings_its_own_configuration_with_its_secrets_opened(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", offer()).await;
    let (ada, eve) = (
        user(&engine, "ada@example.org").await,
        user(&engine, "eve@example.org").await,
    );
    let of = async |actor, notebook: &str| {
        let metadata = json!({"notebook": notebook, "key": format!("k-{notebook}")});
        engine
            .create_source(actor, new_source("notes", metadata))
            .await
            .unwrap()
            .id
    };
    let (one, two, hers) = (of(&ada, "one").await, of(&ada, "two").await, of(&eve, "hers").await);
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: vec![two.to_string(), one.to_string()],
        connector_id: Some(connector),
        configuration: json!({"notebook": "own"}),
    };
    let server = engine.create_server(&ada, new).await.unwrap().server.id;
    let served = route(&engine, server).await;
    let metas: Vec<Value> = served.bindings.iter().map(meta).collect();
    let expected = |id: String, notebook: &str| json!({"id": id, "type": "notes", "metadata": {"notebook": notebook, "key": format!("k-{notebook}")}});
    assert_eq!(
        metas,
        [
            json!({"id": server, "type": "notes", "metadata": {"notebook": "own"}}),
            expected(two.to_string(), "two"),
            expected(one.to_string(), "one"),
        ]
    );
    let names: Vec<_> = served
        .tools
        .iter()
        .map(|tool| (tool.binding, tool.name.as_str()))
        .collect();
    assert_eq!(names, [(0, "list"), (1, "notes__list"), (2, "notes_2__list")]);

    let other = server_of(&engine, &eve, &[hers]).await;
    let served = route(&engine, other).await;
    assert_eq!(served.bindings.len(), 1);
    assert_eq!(meta(&served.bindings[0]), expected(hers.to_string(), "hers"));

    let update = UpdateSource {
        source_metadata: Some(json!({"notebook": "three", "key": "********"})),
        ..UpdateSource::default()
    };
    engine.update_source(&ada, two, update, None).await.unwrap();
    let metadata = meta(&route(&engine, server).await.bindings[1])["metadata"].clone();
    assert_eq!(metadata, json!({"notebook": "three", "key": "k-two"}));
}

#[sqlx::test(migrations = false)]
async fn configurations_go_only_to_connectors_that_ask_for_one(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    active_connector(&engine, &root, "notes", json!({"tools": [tool("list", "")]})).await;
    let source = engine
        .create_source(&root, new_source("notes", json!({"key": "secret"})))
        .await
        .unwrap();
    let server = server_of(&engine, &root, &[source.id]).await;
    let served = route(&engine, server).await;
    assert_eq!(served.tools.len(), 1);
    assert!(served.bindings[0].source_meta.is_none());
}

#[sqlx::test(migrations = false)]
async fn a_source_waits_for_its_connector_and_takes_no_other_along(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    active_connector(&engine, &root, "notes", offer()).await;
    let of = async |kind: &str| {
        engine
            .create_source(&root, new_source(kind, json!({})))
            .await
            .unwrap()
            .id
    };
    let (early, notes) = (of("mail").await, of("notes").await);
    let server = server_of(&engine, &root, &[early, notes]).await;
    let names = async || -> Vec<String> {
        let served = route(&engine, server).await;
        assert_eq!(served.bindings.len(), 2);
        served.tools.into_iter().map(|tool| tool.name).collect()
    };
    assert_eq!(names().await, ["notes__list"]);
    assert_eq!(route(&engine, server).await.bindings[0].connector, None);
    let registered = engine.register_connector(&root, new_connector("mail")).await.unwrap();
    assert_eq!(names().await, ["notes__list"]);
    let url = crate::manifest(json!({"tools": [tool("send", "")]})).await;
    engine
        .activate_connector(&root, ConnectorRef::Id(registered.id), &url)
        .await
        .unwrap();
    assert_eq!(
        names().await,
        ["send", "notes__list"],
        "the first source's tools need no prefix"
    );
    engine
        .set_connector_mode(&root, ConnectorRef::Id(registered.id), ConnectorMode::Deactive)
        .await
        .unwrap();
    assert_eq!(route(&engine, server).await.bindings[0].mode, ConnectorMode::Deactive);
    engine
        .delete_connector(&root, ConnectorRef::Id(registered.id), true)
        .await
        .unwrap();
    assert_eq!(names().await, ["notes__list"]);
}

#[sqlx::test(migrations = false)]
async fn what_can_not_be_opened_is_not_called_and_takes_no_other_along(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    active_connector(&engine, &root, "notes", offer()).await;
    let mut sources = Vec::new();
    for _ in 0..2 {
        let source = engine
            .create_source(&root, new_source("notes", json!({})))
            .await
            .unwrap();
        sources.push(source.id);
    }
    let server = server_of(&engine, &root, &sources).await;
    sqlx::query("UPDATE sources SET sealed_metadata = 'x' WHERE id = $1")
        .bind(sources[0].0)
        .execute(&pool)
        .await
        .unwrap();
    let served = route(&engine, server).await;
    let states: Vec<_> = served.tools.iter().map(|tool| tool.state).collect();
    assert_eq!(states, [ToolState::Sealed, ToolState::Callable]);
    assert!(served.bindings[0].upstream.is_none() && served.bindings[1].upstream.is_some());
}

#[sqlx::test(migrations = false)]
async fn a_connector_of_which_nothing_can_be_read_takes_no_other_along(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let mut sources = Vec::new();
    for name in ["broken", "lost", "notes"] {
        active_connector(&engine, &root, name, offer()).await;
        let source = engine.create_source(&root, new_source(name, json!({}))).await.unwrap();
        sources.push(source.id);
    }
    let server = server_of(&engine, &root, &sources).await;
    for change in [
        "UPDATE mcp_connectors SET tools = '{}' WHERE name = 'broken'",
        "UPDATE mcp_connectors SET mcp_url = 'nowhere' WHERE name = 'lost'",
    ] {
        sqlx::query(change).execute(&pool).await.unwrap();
    }
    let served = route(&engine, server).await;
    let tools: Vec<_> = served.tools.iter().map(|tool| (&*tool.name, tool.state)).collect();
    assert_eq!(
        tools,
        [("lost__list", ToolState::Sealed), ("notes__list", ToolState::Callable)]
    );
    assert_eq!(served.bindings.len(), 3);
}

#[sqlx::test(migrations = false)]
async fn a_disabled_accounts_servers_and_tokens_are_not_there(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    active_connector(&engine, &root, "notes", offer()).await;
    let source = engine
        .create_source(&ada, new_source("notes", json!({})))
        .await
        .unwrap();
    let new = CreateServer {
        name: "Mine".into(),
        source_ids: vec![source.id.to_string()],
        connector_id: None,
        configuration: json!({}),
    };
    let created = engine.create_server(&ada, new).await.unwrap();
    let hash = token_hash(&created.token);
    let key = RouteKey::Server(created.server.id);
    for (disabled, served) in [(false, true), (true, false), (false, true)] {
        let update = UpdateUser {
            disabled: Some(disabled),
            ..UpdateUser::default()
        };
        engine.update_user(&root, ada.user, update).await.unwrap();
        assert_eq!(engine.load_token(&hash).await.unwrap().is_some(), served);
        assert_eq!(engine.load_route(&key).await.unwrap().is_some(), served);
    }
}
