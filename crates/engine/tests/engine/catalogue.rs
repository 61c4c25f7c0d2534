use crate::{active_connector, engine, manifest, new_connector, superuser, user};
use patchbay_domain::{
    connector::{ConnectorMode, RegisterConnector},
    ids::ConnectorRef,
    page::PageRequest,
};
use patchbay_engine::{
    Error,
    changes::Change,
    connectors::ConnectorFilter,
    error::{Conflict, Denied},
};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn only_superusers_register_and_activate(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let denied = engine
        .register_connector(&ada, new_connector("notes"))
        .await
        .unwrap_err();
    assert!(matches!(denied, Error::Denied(Denied::Superuser)));
    let denied = engine
        .activate_connector(&ada, ConnectorRef::Number(1), "http://h")
        .await
        .unwrap_err();
    assert!(matches!(denied, Error::Denied(Denied::Superuser)));
}

#[sqlx::test(migrations = false)]
async fn a_registered_connector_is_listed_but_not_active(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = engine
        .register_connector(&root, new_connector(" notes "))
        .await
        .unwrap();
    assert_eq!(
        (
            connector.name.as_str(),
            connector.url.as_str(),
            connector.version.as_str()
        ),
        ("notes", "", "0.0.0")
    );
    assert_eq!(connector.mode, ConnectorMode::Deactive);
    let error = engine
        .register_connector(&root, new_connector("notes"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::ConnectorName(name)) if name == "notes"));
}

#[sqlx::test(migrations = false)]
async fn of_two_registrations_of_one_name_at_once_one_wins(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let (one, two) = tokio::join!(
        engine.register_connector(&root, new_connector("notes")),
        engine.register_connector(&root, new_connector("notes"))
    );
    assert!(one.is_ok() != two.is_ok());
}

#[sqlx::test(migrations = false)]
async fn a_secret_is_stored_sealed(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let new = RegisterConnector {
        secret: Some("hunter2-hunter2".into()),
        ..new_connector("notes")
    };
    assert!(engine.register_connector(&root, new).await.unwrap().has_secret);
    let stored: Vec<u8> = sqlx::query_scalar("SELECT secret FROM mcp_connectors")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!stored.windows(7).any(|window| window == b"hunter2"));
}

#[sqlx::test(migrations = false)]
async fn activation_pins_the_definitions_as_they_were_written(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let tool = json!({"name": "z_first", "inputSchema": {"type": "object"}, "x-unknown": {"b": 1, "a": [1.0, null]}});
    let body = json!({"name": "other", "description": "New words", "version": "2.1", "tools": [tool]});
    let connector = active_connector(&engine, &root, "notes", body).await;
    let found = engine.connector_definitions(&root, connector).await.unwrap();
    assert_eq!(found.tools.get(), json!([tool]).to_string());
    assert_eq!(
        (found.summary.name.as_str(), found.summary.description.as_str()),
        ("notes", "New words")
    );
    assert_eq!((found.summary.version.as_str(), found.summary.tools_count), ("2.1", 1));
    assert_eq!(found.summary.mode, ConnectorMode::Active);
}

#[sqlx::test(migrations = false)]
async fn a_failed_activation_changes_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = active_connector(&engine, &root, "notes", json!({"version": "2.0"})).await;
    let bad = manifest(json!({"tools": "none"})).await;
    assert!(matches!(
        engine.activate_connector(&root, connector, &bad).await.unwrap_err(),
        Error::BadConnector(_)
    ));
    assert!(engine.activate_connector(&root, connector, "nonsense").await.is_err());
    let found = engine.connector(&root, connector).await.unwrap().summary;
    assert_eq!((found.version.as_str(), found.mode), ("2.0", ConnectorMode::Active));
}

#[sqlx::test(migrations = false)]
async fn the_list_is_searched_filtered_and_paged(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    for name in ["alpha", "beta", "al%ha"] {
        engine.register_connector(&root, new_connector(name)).await.unwrap();
    }
    let page = |limit, cursor| PageRequest {
        limit: Some(limit),
        cursor,
    };
    let first = engine
        .connectors(&root, &ConnectorFilter::default(), &page(2, None))
        .await
        .unwrap();
    assert_eq!((first.items.len(), first.total), (2, 3));
    let second = engine
        .connectors(&root, &ConnectorFilter::default(), &page(2, first.next_cursor))
        .await
        .unwrap();
    assert_eq!((second.items.len(), second.next_cursor), (1, None));

    let named = |q: &str| ConnectorFilter {
        q: Some(q.into()),
        ..ConnectorFilter::default()
    };
    let found = engine.connectors(&root, &named("L%H"), &page(9, None)).await.unwrap();
    assert_eq!(
        found.items.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(),
        ["al%ha"]
    );
    let active = ConnectorFilter {
        mode: Some(ConnectorMode::Active),
        ..ConnectorFilter::default()
    };
    assert_eq!(
        engine.connectors(&root, &active, &page(9, None)).await.unwrap().total,
        0
    );
    for (filter, cursor) in [(active, Some("x".into())), (named("\0"), None)] {
        let refused = engine.connectors(&root, &filter, &page(9, cursor)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))));
    }
}

#[sqlx::test(migrations = false)]
async fn a_change_is_heard_once_it_is_committed(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let mut changes = engine.changes();
    let connector = engine.register_connector(&root, new_connector("notes")).await.unwrap();
    loop {
        match changes.recv().await.unwrap() {
            Change::Everything => {}
            change => break assert_eq!(change, Change::Connector(connector.id)),
        }
    }
}
