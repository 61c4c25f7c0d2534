//! What is secret in sources: sealed, masked, kept.

use crate::{
    active_connector, engine, manifest,
    sources::{fields, new_source},
    superuser, user,
};
use patchbay_domain::{
    ids::{ConnectorRef, SourceId},
    source::{SourceView, UpdateSource},
};
use patchbay_engine::{Actor, Engine, Error};
use serde_json::{Value, json};
use sqlx::PgPool;

const MASK: &str = "********";

fn params(properties: &Value) -> Value {
    json!({"config": {"params": {"type": "object", "properties": properties}}})
}

async fn put(engine: &Engine, actor: &Actor, id: SourceId, metadata: Value) -> Result<SourceView, Error> {
    let update = UpdateSource {
        source_metadata: Some(metadata),
        ..UpdateSource::default()
    };
    engine.update_source(actor, id, update, None).await
}

/// What would be sent to the connector's service, which is the one place where secrets come out.
async fn opened(engine: &Engine, actor: &Actor, id: SourceId) -> Value {
    let server = crate::sources::server_of(engine, actor, &[id]).await;
    let key = patchbay_engine::gateway::RouteKey::Server(server);
    let route = engine.load_route(&key).await.unwrap().unwrap();
    let meta: Value = serde_json::from_str(route.bindings[0].source_meta.as_ref().unwrap().get()).unwrap();
    assert_eq!(meta["id"], json!(id));
    engine.delete_server(actor, server, None).await.unwrap();
    meta["metadata"].clone()
}

#[sqlx::test(migrations = false)]
async fn secrets_are_sealed_masked_kept_changed_and_never_made_up(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let schema = params(&json!({"book": {}, "key": {"writeOnly": true}, "pin": {"format": "password"}}));
    active_connector(&engine, &root, "notes", schema).await;
    let new = new_source("notes", json!({"book": "main", "key": "hunter2"}));
    let made = engine.create_source(&ada, new).await.unwrap();
    assert_eq!(made.source_metadata, json!({"book": "main", "key": MASK}));
    let row: String = sqlx::query_scalar("SELECT sources::text FROM sources")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(row.contains("main") && !row.contains("hunter2"), "{row}");

    let kept = put(&engine, &ada, made.id, json!({"book": "other", "key": MASK}))
        .await
        .unwrap();
    assert_eq!(kept.source_metadata, json!({"book": "other", "key": MASK}));
    assert_eq!(
        opened(&engine, &ada, made.id).await,
        json!({"book": "other", "key": "hunter2"})
    );
    let missing = put(&engine, &ada, made.id, json!({"key": MASK, "pin": MASK}))
        .await
        .unwrap_err();
    let missing = fields(missing);
    assert_eq!(missing.0.keys().collect::<Vec<_>>(), ["source_metadata.pin"]);
    put(&engine, &ada, made.id, json!({"key": "changed", "pin": "1"}))
        .await
        .unwrap();
    assert_eq!(
        opened(&engine, &ada, made.id).await,
        json!({"key": "changed", "pin": "1"})
    );
    put(&engine, &ada, made.id, json!({"key": MASK})).await.unwrap();
    assert_eq!(opened(&engine, &ada, made.id).await, json!({"key": "changed"}));
    let log: Vec<String> = sqlx::query_scalar("SELECT audit_events::text FROM audit_events")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(
        !log.iter()
            .any(|row| row.contains("hunter2") || row.contains("changed\"}")),
        "{log:?}"
    );
}

#[sqlx::test(migrations = false)]
async fn what_nobody_calls_secret_is_shown_to_its_owner_and_to_nobody_else(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let typed = json!({"book": "main", "key": "hunter2", "more\u{0}": {"deep": "hunter2\u{0}"}});
    let made = engine
        .create_source(&ada, new_source("notes", typed.clone()))
        .await
        .unwrap();
    assert_eq!(made.source_metadata, typed);
    let row: String = sqlx::query_scalar("SELECT sources::text FROM sources")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!row.contains("hunter2") && !row.contains("main"), "{row}");

    let schema = params(&json!({"book": {}, "key": {"writeOnly": true}}));
    active_connector(&engine, &root, "notes", schema).await;
    let shown = engine.source(&ada, made.id).await.unwrap().source_metadata;
    assert_eq!(
        shown,
        json!({"book": "main", "key": MASK, "more\u{0}": MASK}),
        "by the schema that there is now"
    );
    let kept = put(&engine, &ada, made.id, shown).await.unwrap();
    assert_eq!(kept.updated_at, made.updated_at, "nothing is another");
    assert_eq!(opened(&engine, &ada, made.id).await, typed);
}

#[sqlx::test(migrations = false)]
async fn what_was_secret_once_stays_so_whatever_becomes_of_its_connector(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let schema = params(&json!({"book": {}, "key": {"writeOnly": true}, "list": {"items": {"writeOnly": true}}}));
    let notes = active_connector(&engine, &root, "notes", schema).await;
    let typed = json!({"book": "main", "key": "hunter2", "list": ["a", "b"]});
    let made = engine.create_source(&ada, new_source("notes", typed)).await.unwrap();
    let shown = json!({"book": "main", "key": MASK, "list": [MASK, MASK]});
    assert_eq!(made.source_metadata, shown);

    let open = params(&json!({"book": {}, "key": {"type": "string"}, "list": {"items": {"type": "string"}}}));
    engine
        .activate_connector(&root, notes, &manifest(open).await)
        .await
        .unwrap();
    assert_eq!(engine.source(&ada, made.id).await.unwrap().source_metadata, shown);
    let kept = put(
        &engine,
        &ada,
        made.id,
        json!({"book": "b", "key": MASK, "list": [MASK, MASK], "new": "typed"}),
    )
    .await
    .unwrap();
    assert_eq!(
        opened(&engine, &ada, made.id).await,
        json!({"book": "b", "key": "hunter2", "list": ["a", "b"], "new": "typed"})
    );
    let doubtful = put(&engine, &ada, made.id, json!({"list": [MASK, "c"]})).await;
    assert!(doubtful.is_err(), "which of them?");

    engine.delete_connector(&root, notes, true).await.unwrap();
    assert_eq!(
        engine.source(&ada, made.id).await.unwrap().source_metadata,
        kept.source_metadata
    );
}

#[sqlx::test(migrations = false)]
async fn a_source_that_can_not_be_opened_is_shown_and_can_be_put_right(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", params(&json!({"key": {"writeOnly": true}}))).await;
    assert!(matches!(connector, ConnectorRef::Id(_)));
    let made = engine
        .create_source(&root, new_source("notes", json!({"key": "hunter2"})))
        .await
        .unwrap();
    sqlx::query("UPDATE sources SET sealed_metadata = 'lost'")
        .execute(&pool)
        .await
        .unwrap();
    let lost = engine.source(&root, made.id).await.unwrap();
    assert_eq!(lost.source_metadata, Value::Null);
    assert!(lost.notice.unwrap().contains("enter it again"));
    assert!(put(&engine, &root, made.id, json!({"key": MASK})).await.is_err());
    let right = put(&engine, &root, made.id, json!({"key": "new"})).await.unwrap();
    assert_eq!((right.source_metadata, right.notice), (json!({"key": MASK}), None));
}
