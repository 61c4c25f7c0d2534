//! Changes of a server's tools while what they come from goes.

use crate::{
    active_connector, engine,
    service::{tool, with_tools},
    sources::{server_of, source},
    superuser, user,
};
use patchbay_domain::{
    field::FieldErrors,
    tool::{CreateTool, ToolOrder},
};
use patchbay_engine::Error;
use serde_json::json;
use sqlx::PgPool;

/// How many others wait for what this connection holds.
async fn wait_for(pool: &PgPool, pid: i32) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))";
    loop {
        let waiting: i64 = sqlx::query_scalar(waiting).bind(pid).fetch_one(pool).await.unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[sqlx::test(migrations = false)]
async fn ordering_tools_waits_for_whoever_deletes_a_source_that_left_the_server(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let mut offer = with_tools(&[tool("list", "")]);
    offer["templates"] = json!([{"name": "find"}]);
    active_connector(&engine, &root, "notes", offer).await;
    let (stays, goes) = (
        source(&engine, &ada, "notes").await.id,
        source(&engine, &ada, "notes").await.id,
    );
    let server = server_of(&engine, &ada, &[stays, goes]).await;
    for name in ["one", "two"] {
        let new = CreateTool {
            name: name.into(),
            description: None,
            template: "find".into(),
            source_id: Some(goes),
            template_args: json!({}),
        };
        engine.create_tool(&ada, server, new).await.unwrap();
    }
    let order = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        engine.order_tools(&ada, server, ToolOrder { names })
    };
    order(&["one"]).await.unwrap();
    engine
        .remove_source_from_server(&ada, server, &goes.to_string(), None)
        .await
        .unwrap();

    let mut deleting = pool.begin().await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid() FROM (SELECT FROM sources WHERE id = $1 FOR UPDATE) s")
        .bind(goes.0)
        .fetch_one(&mut *deleting)
        .await
        .unwrap();
    let delete = async {
        wait_for(&pool, pid).await;
        sqlx::query("DELETE FROM sources WHERE id = $1")
            .bind(goes.0)
            .execute(&mut *deleting)
            .await?;
        deleting.commit().await
    };
    let (ordered, deleted) = tokio::join!(order(&["two", "list", "one"]), delete);
    deleted.unwrap();
    let Err(Error::Invalid(FieldErrors(errors))) = ordered else {
        panic!("{ordered:?}");
    };
    assert!(
        errors.contains_key("names"),
        "the tools went with their source: {errors:?}"
    );
    order(&["list"]).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn a_name_that_is_taken_from_a_tool_which_is_gone_leaves_nothing_behind(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let offer = with_tools(&[tool("list", ""), tool("add", "")]);
    active_connector(&engine, &root, "notes", offer).await;
    let (stays, goes) = (
        source(&engine, &root, "notes").await.id,
        source(&engine, &root, "notes").await.id,
    );
    let server = server_of(&engine, &root, &[stays, goes]).await;
    let named = |name: &str| patchbay_domain::tool::UpdateTool {
        name: Some(Some(name.into())),
        ..Default::default()
    };
    engine
        .update_tool(&root, server, "notes__list", named("mine"))
        .await
        .unwrap();
    engine
        .remove_source_from_server(&root, server, &goes.to_string(), None)
        .await
        .unwrap();
    engine.update_tool(&root, server, "add", named("mine")).await.unwrap();
    let kept: Vec<(Option<uuid::Uuid>, String)> =
        sqlx::query_as("SELECT source_id, tool FROM mcp_server_tool_settings")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(kept, [(Some(stays.0), "add".to_owned())]);
}
