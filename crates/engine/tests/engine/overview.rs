//! What a person sees first, and what it takes to find that.

use crate::{
    active_connector, engine, new_connector,
    sources::{new_source, server_of},
    superuser, user,
};
use patchbay_domain::{ids::SourceId, overview::Attention, source::BindingState};
use patchbay_engine::{Actor, Engine};
use serde_json::{Value, json};
use sqlx::PgPool;

fn asking(field: &str) -> Value {
    json!({"config": {"params": {"type": "object", "required": [field]}}})
}

async fn source(engine: &Engine, actor: &Actor, kind: &str, metadata: Value) -> SourceId {
    engine
        .create_source(actor, new_source(kind, metadata))
        .await
        .unwrap()
        .id
}

/// The sources to look at.
async fn odd(engine: &Engine, actor: &Actor) -> Vec<(SourceId, BindingState)> {
    let attention = engine.overview(actor).await.unwrap().attention;
    let odd = attention.into_iter().filter_map(|attention| match attention {
        Attention::Source { source_id, state, .. } => Some((source_id, state)),
        _ => None,
    });
    odd.collect()
}

#[sqlx::test(migrations = false)]
async fn what_contributes_nothing_or_does_not_fit_is_told(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let misfit = source(&engine, &ada, "notes", json!({})).await;
    active_connector(&engine, &root, "notes", asking("book")).await;
    engine.register_connector(&root, new_connector("off")).await.unwrap();
    let fine = source(&engine, &ada, "notes", json!({"book": "main"})).await;
    let waiting = source(&engine, &ada, "nobody", json!({})).await;
    let off = source(&engine, &ada, "off", json!({})).await;
    let idle = server_of(&engine, &ada, &[waiting, off]).await;
    server_of(&engine, &ada, &[off, misfit]).await;
    server_of(&engine, &ada, &[fine]).await;
    let overview = engine.overview(&ada).await.unwrap();
    assert_eq!((overview.mcp_servers, overview.sources), (3, 4));
    let servers: Vec<_> = overview
        .attention
        .iter()
        .filter_map(|attention| match attention {
            Attention::ServerWithoutTools { mcp_server_id, .. } => Some(*mcp_server_id),
            _ => None,
        })
        .collect();
    assert_eq!(servers, [idle]);
    assert_eq!(
        odd(&engine, &ada).await,
        [
            (off, BindingState::SwitchedOff),
            (waiting, BindingState::NoConnector),
            (misfit, BindingState::Misfit)
        ]
    );
    assert!(engine.overview(&root).await.unwrap().attention.is_empty());
}

#[sqlx::test(migrations = false)]
async fn so_many_sources_are_opened_and_those_of_servers_first(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let oldest = source(&engine, &ada, "notes", json!({})).await;
    active_connector(&engine, &root, "notes", asking("book")).await;
    for _ in 0..32 {
        source(&engine, &ada, "notes", json!({"book": "main"})).await;
    }
    assert!(odd(&engine, &ada).await.is_empty(), "nobody opens them all");
    server_of(&engine, &ada, &[oldest]).await;
    assert_eq!(odd(&engine, &ada).await, [(oldest, BindingState::Misfit)]);
    let names: Vec<_> = engine.source_names(&ada).await.unwrap();
    assert_eq!((names.len(), names.last().unwrap().id), (33, oldest));
}
