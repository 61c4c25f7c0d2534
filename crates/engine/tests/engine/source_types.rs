//! A source that becomes another connector's: what of it stays, and what its servers make of it.

use crate::{
    active_connector, engine, manifest, new_connector,
    service::{tool, with_tools},
    sources::{fields, new_source, server_of},
    superuser, user,
};
use patchbay_domain::{
    field::FieldError,
    ids::{ConnectorRef, ServerId, SourceId},
    source::{SourceView, UpdateSource},
    tool::{CreateTool, UpdateTool},
};
use patchbay_engine::{Actor, Engine, Error, gateway::RouteKey};
use serde_json::{Value, json};
use sqlx::PgPool;

const MASK: &str = "********";

async fn become_of(
    engine: &Engine,
    actor: &Actor,
    id: SourceId,
    kind: &str,
    metadata: Option<Value>,
) -> Result<SourceView, Error> {
    let update = UpdateSource {
        kind: Some(kind.into()),
        source_metadata: metadata,
        ..UpdateSource::default()
    };
    engine.update_source(actor, id, update, None).await
}

/// What the gateway serves: whose tool each name calls.
async fn served(engine: &Engine, server: ServerId) -> Vec<(String, String)> {
    let route = engine.load_route(&RouteKey::Server(server)).await.unwrap().unwrap();
    let kind_of = |binding: usize| route.bindings[binding].connector_name.clone();
    let tools = route.tools.iter();
    tools.map(|tool| (tool.name.clone(), kind_of(tool.binding))).collect()
}

#[sqlx::test(migrations = false)]
async fn another_type_needs_everything_typed_anew(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let params = json!({"config": {"params": {"properties": {"book": {}, "key": {"writeOnly": true}}}}});
    active_connector(&engine, &root, "notes", params).await;
    let typed = json!({"book": "main", "key": "hunter2"});
    let id = engine.create_source(&ada, new_source("notes", typed)).await.unwrap().id;
    for (sent, field) in [
        (None, "source_metadata"),
        (Some(json!({"book": "main", "key": MASK})), "source_metadata.key"),
        (Some(json!({"book": MASK})), "source_metadata.book"),
    ] {
        let refused = fields(become_of(&engine, &ada, id, "nobody", sent).await.unwrap_err());
        assert_eq!(refused.0.keys().collect::<Vec<_>>(), [field]);
    }
    let still = engine.source(&ada, id).await.unwrap();
    assert_eq!(
        (still.kind.as_str(), &still.source_metadata["key"]),
        ("notes", &json!(MASK))
    );
    let same = become_of(&engine, &ada, id, "notes", None).await.unwrap();
    assert_eq!(same, still, "its own type is no change");
    let typed = json!({"key": "typed"});
    let moved = become_of(&engine, &ada, id, "nobody", Some(typed.clone()))
        .await
        .unwrap();
    assert_eq!((moved.kind.as_str(), moved.source_metadata), ("nobody", typed));
}

#[sqlx::test(migrations = false)]
async fn what_a_connector_masks_that_came_later_is_not_uncovered_by_another_type(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let typed = json!({"key": "hunter2"});
    let id = engine.create_source(&ada, new_source("notes", typed)).await.unwrap().id;
    let params = json!({"config": {"params": {"properties": {"key": {"writeOnly": true}}}}});
    active_connector(&engine, &root, "notes", params).await;
    assert_eq!(engine.source(&ada, id).await.unwrap().source_metadata["key"], MASK);
    assert!(become_of(&engine, &ada, id, "nobody", None).await.is_err());
    assert_eq!(engine.source(&ada, id).await.unwrap().source_metadata["key"], MASK);
}

#[sqlx::test(migrations = false)]
async fn a_source_of_another_type_is_a_new_one_to_its_servers(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let offer = json!({
        "name": "notes", "tools": [tool("list", "Theirs"), tool("add", "Theirs")], "templates": [{"name": "find"}]
    });
    active_connector(&engine, &root, "notes", offer).await;
    active_connector(
        &engine,
        &root,
        "mail",
        with_tools(&[tool("list", "Mails"), tool("add", "Mails")]),
    )
    .await;
    let id = engine
        .create_source(&ada, new_source("notes", json!({})))
        .await
        .unwrap()
        .id;
    let other = engine
        .create_source(&ada, new_source("mail", json!({})))
        .await
        .unwrap()
        .id;
    let (first, left) = (
        server_of(&engine, &ada, &[id, other]).await,
        server_of(&engine, &ada, &[other, id]).await,
    );
    engine
        .remove_source_from_server(&ada, left, &id.to_string(), None)
        .await
        .unwrap();
    let rename = UpdateTool {
        name: Some(Some("remember".into())),
        description: Some(Some("Mine".into())),
        ..UpdateTool::default()
    };
    engine.update_tool(&ada, first, "add", rename).await.unwrap();
    let made = CreateTool {
        name: "find_cheese".into(),
        description: None,
        template: "find".into(),
        source_id: Some(id),
        template_args: json!({"query": "{q}"}),
    };
    engine.create_tool(&ada, first, made).await.unwrap();

    become_of(&engine, &ada, id, "mail", Some(json!({}))).await.unwrap();
    let of_mail = |name: &str| (name.to_owned(), "mail".to_owned());
    assert_eq!(
        served(&engine, first).await,
        ["mail_2__list", "mail_2__add", "mail__list", "mail__add"].map(of_mail),
        "no name of before calls anything"
    );
    become_of(&engine, &ada, id, "notes", Some(json!({}))).await.unwrap();
    let names: Vec<_> = served(&engine, first).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["notes__list", "notes__add", "mail__list", "mail__add"],
        "nor do they come back"
    );
    let view = engine
        .add_source_to_server(&ada, left, &id.to_string(), None)
        .await
        .unwrap();
    assert_eq!(view.bindings[1].prefix, "notes_2", "also where it was away");
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT 'setting ' || tool FROM mcp_server_tool_settings UNION ALL SELECT 'tool ' || name FROM mcp_server_tools",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    let log: Vec<String> =
        sqlx::query_scalar("SELECT audit_events::text FROM audit_events WHERE action = 'source.update' ORDER BY seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(
        log[0].contains(&first.to_string()) && log[0].contains("mail_2"),
        "{log:?}"
    );
}

#[sqlx::test(migrations = false)]
async fn a_change_of_type_reaches_servers_that_are_deleted_for_now(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let id = engine
        .create_source(&ada, new_source("notes", json!({})))
        .await
        .unwrap()
        .id;
    let server = server_of(&engine, &ada, &[id]).await;
    engine.delete_server(&ada, server, None).await.unwrap();
    become_of(&engine, &ada, id, "mail", Some(json!({}))).await.unwrap();
    engine.restore_server(&ada, server, None).await.unwrap();
    assert_eq!(engine.server(&ada, server).await.unwrap().bindings[0].prefix, "mail");
}

#[sqlx::test(migrations = false)]
async fn kept_secrets_do_not_make_a_configuration_larger_than_one_may_be(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let half = "x".repeat(40_000);
    let put = |metadata: Value| UpdateSource {
        source_metadata: Some(metadata),
        ..UpdateSource::default()
    };
    let made = engine
        .create_source(&ada, new_source("nobody", json!({"l": [half], "k": half[..10_000]})))
        .await
        .unwrap();
    let repeated = json!({"l": vec![MASK; 3]});
    let refused = fields(
        engine
            .update_source(&ada, made.id, put(repeated), None)
            .await
            .unwrap_err(),
    );
    assert!(
        refused.0.keys().all(|field| field.starts_with("source_metadata.l.")),
        "{refused}"
    );
    let larger = json!({"l": [MASK], "k": half});
    let refused = fields(
        engine
            .update_source(&ada, made.id, put(larger), None)
            .await
            .unwrap_err(),
    );
    assert!(
        matches!(refused.get("source_metadata"), Some(FieldError::Refused { .. })),
        "{refused}"
    );
    assert_eq!(engine.source(&ada, made.id).await.unwrap(), made);
}

#[sqlx::test(migrations = false)]
async fn a_server_gives_out_so_many_prefixes_and_no_more(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let server = server_of(&engine, &ada, &[]).await;
    sqlx::query(
        "INSERT INTO mcp_server_bindings (server_id, user_id, prefix)
         SELECT $1, $2, 'notes_' || n FROM generate_series(1, 999) n",
    )
    .bind(server.0)
    .bind(ada.user.0)
    .execute(&pool)
    .await
    .unwrap();
    let mut ids = Vec::new();
    for kind in ["notes", "notes"] {
        ids.push(
            engine
                .create_source(&ada, new_source(kind, json!({})))
                .await
                .unwrap()
                .id,
        );
    }
    let add = |id: SourceId| {
        let (engine, ada) = (&engine, &ada);
        async move { engine.add_source_to_server(ada, server, &id.to_string(), None).await }
    };
    assert_eq!(add(ids[0]).await.unwrap().bindings[0].prefix, "notes");
    let refused = fields(add(ids[1]).await.unwrap_err());
    assert!(refused.get("source_ids").is_some(), "{refused}");
    let refused = fields(
        become_of(&engine, &ada, ids[0], "mail", Some(json!({})))
            .await
            .unwrap_err(),
    );
    assert!(refused.get("type").is_some(), "{refused}");
    let again = engine
        .remove_source_from_server(&ada, server, &ids[0].to_string(), None)
        .await
        .unwrap();
    assert!(again.bindings.is_empty());
    assert!(add(ids[0]).await.is_ok(), "what has a prefix keeps it");
}

#[sqlx::test(migrations = false)]
async fn a_source_is_tested_though_its_connectors_secret_is_lost(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let mut connector = new_connector("notes");
    connector.secret = Some("s3cret".into());
    let connector = engine.register_connector(&root, connector).await.unwrap();
    let url = manifest(json!({"mcp_url": "http://127.0.0.1:9/mcp"})).await;
    engine
        .activate_connector(&root, ConnectorRef::Id(connector.id), &url)
        .await
        .unwrap();
    let id = engine
        .create_source(&root, new_source("notes", json!({})))
        .await
        .unwrap()
        .id;
    sqlx::query("UPDATE mcp_connectors SET secret = 'lost'")
        .execute(&pool)
        .await
        .unwrap();
    let test = engine.test_source(&root, id).await.unwrap();
    assert_eq!(
        (test.success, test.error_code.as_deref()),
        (false, Some("CONNECTION_FAILED"))
    );
    assert!(test.error_message.unwrap().contains("superuser"));
}
