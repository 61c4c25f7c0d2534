//! A name that clients know a tool by stays that tool's when its server gets another source.

use crate::{
    active_connector, engine,
    service::{tool, with_tools},
    sources::{server_of, source},
    superuser,
};
use patchbay_domain::{
    ids::{ServerId, SourceId},
    server::{CreateServer, ServerView},
    tool::{ToolStatus, UpdateTool},
};
use patchbay_engine::{Actor, Engine};
use serde_json::json;
use sqlx::PgPool;

async fn add(engine: &Engine, actor: &Actor, server: ServerId, source: SourceId) -> String {
    let view = engine
        .add_source_to_server(actor, server, &source.to_string(), None)
        .await;
    last_prefix(&view.unwrap())
}

fn last_prefix(server: &ServerView) -> String {
    server.bindings.last().unwrap().prefix.clone()
}

async fn offered(engine: &Engine, actor: &Actor, server: ServerId) -> Vec<String> {
    let tools = engine.server_tools(actor, server).await.unwrap();
    let offered = tools.into_iter().filter(|tool| tool.status == ToolStatus::Offered);
    offered.map(|tool| tool.tool.name).collect()
}

#[sqlx::test(migrations = false)]
async fn a_new_sources_prefix_takes_no_name_from_a_tool_that_is_there(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let first = with_tools(&[tool("notes__list", ""), tool("plain", "")]);
    let first = active_connector(&engine, &root, "first", first).await;
    active_connector(&engine, &root, "notes", with_tools(&[tool("list", "")])).await;
    let box_com = with_tools(&[tool("eu__list", ""), tool("list", "")]);
    active_connector(&engine, &root, "Box.com", box_com).await;

    let new = CreateServer {
        name: "Mine".into(),
        source_ids: Vec::new(),
        connector_id: Some(first),
        configuration: json!({}),
    };
    let server = engine.create_server(&root, new).await.unwrap().server.id;
    let mut expected = vec!["notes__list".to_owned(), "plain".to_owned()];
    for (kind, prefix, names) in [
        ("notes", "notes_2", vec!["notes_2__list"]),
        ("Box.com", "box_com", vec!["box_com__eu__list", "box_com__list"]),
        ("Box.com (EU)", "box_com__eu_2", vec![]),
    ] {
        let source = source(&engine, &root, kind).await.id;
        assert_eq!(add(&engine, &root, server, source).await, prefix);
        expected.extend(names.into_iter().map(str::to_owned));
        assert_eq!(offered(&engine, &root, server).await, expected);
    }
    // What an owner calls a tool is nobody's beginning, either.
    let renamed = UpdateTool {
        name: Some(Some("mail__plain".into())),
        ..UpdateTool::default()
    };
    engine.update_tool(&root, server, "plain", renamed).await.unwrap();
    let mail = source(&engine, &root, "mail").await.id;
    assert_eq!(add(&engine, &root, server, mail).await, "mail_2");
}

#[sqlx::test(migrations = false)]
async fn neither_sources_that_come_together_nor_one_that_is_away_lose_names(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let first = with_tools(&[tool("notes__list", ""), tool("mail__list", "")]);
    active_connector(&engine, &root, "first", first).await;
    let (first, notes, mail) = (
        source(&engine, &root, "first").await.id,
        source(&engine, &root, "notes").await.id,
        source(&engine, &root, "mail").await.id,
    );
    let server = server_of(&engine, &root, &[first, notes]).await;
    assert_eq!(last_prefix(&engine.server(&root, server).await.unwrap()), "notes_2");
    engine
        .remove_source_from_server(&root, server, &first.to_string(), None)
        .await
        .unwrap();
    assert_eq!(add(&engine, &root, server, mail).await, "mail_2");
    assert_eq!(add(&engine, &root, server, first).await, "");
    assert_eq!(offered(&engine, &root, server).await, ["notes__list", "mail__list"]);
}
