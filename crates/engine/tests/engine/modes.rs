use crate::{
    engine, new_connector,
    service::{Service, tool, with_tools},
    superuser, user,
};
use patchbay_domain::{
    changes::{Decision, VersionOrigin},
    connector::{AddConnector, ChangesState, ConnectorMode, ConnectorSummary, RegisterConnector, UpdateConnector},
    field::FieldError,
    ids::ConnectorRef,
    page::PageRequest,
};
use patchbay_engine::{
    Actor, Engine, Error,
    error::{Conflict, Denied},
};
use serde_json::json;
use sqlx::PgPool;

async fn registered(engine: &Engine, root: &Actor) -> ConnectorSummary {
    engine.register_connector(root, new_connector("notes")).await.unwrap()
}

async fn actions(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT action FROM audit_events WHERE action LIKE 'connector.%' ORDER BY seq")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_registered_connector_becomes_active_by_activation_only(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = ConnectorRef::Id(registered(&engine, &root).await.id);
    for (mode, reason) in [
        (ConnectorMode::Active, "activate it with its URL instead"),
        (ConnectorMode::Sync, "it has no URL to follow yet, so activate it first"),
    ] {
        let error = engine.set_connector_mode(&root, connector, mode).await.unwrap_err();
        let expected = format!("Connector 'notes' can't go from deactive to {mode}: {reason}");
        assert_eq!((error.to_string(), error.status()), (expected, 409));
        assert_eq!(error.code(), "MODE_CHANGE_REFUSED");
    }
    let same = engine
        .set_connector_mode(&root, connector, ConnectorMode::Deactive)
        .await;
    assert_eq!(same.unwrap().mode, ConnectorMode::Deactive);
    assert_eq!(actions(&pool).await, ["connector.register"]);
}

#[sqlx::test(migrations = false)]
async fn what_was_activated_goes_where_the_table_says(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let connector = ConnectorRef::Id(registered(&engine, &root).await.id);
    let activated = engine
        .activate_connector(&root, connector, &service.url())
        .await
        .unwrap();
    assert_eq!(activated.connector.definitions_version, 1);
    let set = async |mode| engine.set_connector_mode(&root, connector, mode).await;

    let same = set(ConnectorMode::Active).await.unwrap();
    assert_eq!(
        same.updated_at, activated.connector.updated_at,
        "the same mode changes nothing"
    );
    assert_eq!(set(ConnectorMode::Sync).await.unwrap().mode, ConnectorMode::Sync);
    let pinned = set(ConnectorMode::Active).await.unwrap();
    assert_eq!((pinned.mode, pinned.definitions_version), (ConnectorMode::Active, 2));
    assert_eq!(
        set(ConnectorMode::Deactive).await.unwrap().mode,
        ConnectorMode::Deactive
    );
    let refused = set(ConnectorMode::Active).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(Conflict::ModeChange { .. })));
    assert_eq!(set(ConnectorMode::Sync).await.unwrap().mode, ConnectorMode::Sync);
    assert_eq!(
        set(ConnectorMode::Deactive).await.unwrap().mode,
        ConnectorMode::Deactive
    );
    engine
        .activate_connector(&root, connector, &service.url())
        .await
        .unwrap();

    let versions = engine
        .connector_versions(&root, connector, &PageRequest::default())
        .await
        .unwrap();
    let origins: Vec<_> = versions.items.iter().map(|version| version.origin).collect();
    assert_eq!(
        origins,
        [
            VersionOrigin::Activated,
            VersionOrigin::Pinned,
            VersionOrigin::Activated
        ]
    );
    let mut expected = vec!["connector.register", "connector.activate"];
    expected.extend(["connector.mode"; 5]);
    expected.push("connector.activate");
    assert_eq!(actions(&pool).await, expected);
}

#[sqlx::test(migrations = false)]
async fn a_sync_connector_that_never_had_definitions_has_nothing_to_pin(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = registered(&engine, &root).await;
    // As a catalogue from before modes was migrated.
    sqlx::query("UPDATE mcp_connectors SET mode = 'sync', url = 'http://127.0.0.1:9/connector.json'")
        .execute(&pool)
        .await
        .unwrap();
    let refused = engine
        .set_connector_mode(&root, ConnectorRef::Id(connector.id), ConnectorMode::Active)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("there are no definitions to pin yet"),
        "{refused}"
    );
}

#[sqlx::test(migrations = false)]
async fn an_update_is_all_or_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = ConnectorRef::Id(registered(&engine, &root).await.id);
    let update = UpdateConnector {
        mode: Some(ConnectorMode::Active),
        description: Some("New words".into()),
        secret: Some("hunter2".into()),
        secret_header: None,
    };
    assert!(engine.update_connector(&root, connector, update).await.is_err());
    let update = UpdateConnector {
        description: Some("  ".into()),
        secret: Some("a\nb".into()),
        ..UpdateConnector::default()
    };
    let Err(Error::Invalid(errors)) = engine.update_connector(&root, connector, update).await else {
        panic!("nonsense was taken")
    };
    assert_eq!(errors.get("description"), Some(&FieldError::Required));
    assert!(errors.get("secret").is_some());
    let found = engine.connector(&root, connector).await.unwrap().summary;
    assert_eq!((found.description.as_str(), found.has_secret), ("Keeps notes", false));
    assert_eq!(actions(&pool).await, ["connector.register"]);
}

#[sqlx::test(migrations = false)]
async fn a_secret_is_replaced_and_removed_and_never_written_down(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let new = RegisterConnector {
        secret: Some("hunter2-one".into()),
        ..new_connector("notes")
    };
    let connector = ConnectorRef::Id(engine.register_connector(&root, new).await.unwrap().id);
    let secret = async |secret: &str| {
        let update = UpdateConnector {
            secret: Some(secret.into()),
            ..UpdateConnector::default()
        };
        engine
            .update_connector(&root, connector, update)
            .await
            .unwrap()
            .has_secret
    };
    assert!(secret("hunter2-two").await);
    assert!(!secret("").await);
    assert!(!secret("").await);
    assert!(secret("hunter2-three").await);
    let rows: Vec<(Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT before::text, after::text FROM audit_events WHERE action = 'connector.secret' ORDER BY seq",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let row = |before: &str, after: &str| (Some(before.to_owned()), Some(after.to_owned()));
    assert_eq!(
        rows,
        [
            row(r#"{"has_secret":true}"#, r#"{"has_secret":true,"secret":"replaced"}"#),
            row(r#"{"has_secret":true}"#, r#"{"has_secret":false}"#),
            row(r#"{"has_secret":false}"#, r#"{"has_secret":true,"secret":"replaced"}"#),
        ]
    );
    let whole: String = sqlx::query_scalar("SELECT string_agg(e::text, ' ') FROM audit_events e")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!whole.contains("hunter2"));
}

#[sqlx::test(migrations = false)]
async fn the_single_step_registers_and_reads_at_once(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let new = |name: Option<&str>, mode| AddConnector {
        connector_url: service.url(),
        name: name.map(Into::into),
        mode,
        secret: None,
        secret_header: None,
    };
    let added = engine.add_connector(&root, new(None, None)).await.unwrap().connector;
    assert_eq!((added.name.as_str(), added.mode), ("notes", ConnectorMode::Sync));
    assert_eq!((added.tools_count, added.definitions_version), (1, 1));
    let taken = engine.add_connector(&root, new(Some(" notes "), None)).await;
    assert!(matches!(taken, Err(Error::Conflict(Conflict::ConnectorName(_)))));
    for mode in [ConnectorMode::Deactive, ConnectorMode::Active] {
        let added = engine
            .add_connector(&root, new(Some(mode.as_str()), Some(mode)))
            .await
            .unwrap();
        assert_eq!(
            (added.connector.name.as_str(), added.connector.mode),
            (mode.as_str(), mode)
        );
    }
    service.says(json!({"tools": []}));
    let Err(Error::Invalid(errors)) = engine.add_connector(&root, new(None, None)).await else {
        panic!("a connector without a name was taken")
    };
    assert_eq!(errors.get("name"), Some(&FieldError::Required));
    service.says(json!({"tools": "none"}));
    let bad = engine.add_connector(&root, new(Some("bad"), None)).await;
    assert!(matches!(bad, Err(Error::BadConnector(_))));
    assert_eq!(actions(&pool).await, ["connector.add"; 3]);
}

#[sqlx::test(migrations = false)]
async fn only_superusers_keep_the_catalogue(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let connector = ConnectorRef::Number(1);
    let add = AddConnector {
        connector_url: "http://h".into(),
        name: None,
        mode: None,
        secret: None,
        secret_header: None,
    };
    let denied = [
        engine.add_connector(&ada, add).await.err(),
        engine
            .update_connector(&ada, connector, UpdateConnector::default())
            .await
            .err(),
        engine
            .set_connector_mode(&ada, connector, ConnectorMode::Sync)
            .await
            .err(),
        engine.sync_connector(&ada, connector).await.err(),
        engine.connector_changes(&ada, connector).await.err(),
        engine.accept_changes(&ada, connector, Decision::default()).await.err(),
        engine.refuse_changes(&ada, connector, Decision::default()).await.err(),
        engine
            .connector_versions(&ada, connector, &PageRequest::default())
            .await
            .err(),
        engine.connector_version(&ada, connector, 1).await.err(),
        engine.restore_version(&ada, connector, 1, None).await.err(),
        engine.connector_impact(&ada, connector).await.err(),
        engine.delete_connector(&ada, connector, true).await.err(),
    ];
    for (nth, denied) in denied.into_iter().enumerate() {
        assert!(
            matches!(denied, Some(Error::Denied(Denied::Superuser))),
            "the {nth}th was let through"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn a_secret_travels_in_the_header_that_its_service_wants(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let connector = |header: &str| RegisterConnector {
        secret: Some("s3cret".into()),
        secret_header: Some(header.into()),
        ..new_connector(&format!("of {header}"))
    };
    let registered = engine
        .register_connector(&root, connector(" X-API-Key "))
        .await
        .unwrap();
    assert_eq!(registered.secret_header.as_deref(), Some("X-API-Key"));
    let usual = UpdateConnector {
        secret_header: Some(String::new()),
        ..UpdateConnector::default()
    };
    let updated = engine
        .update_connector(&root, ConnectorRef::Id(registered.id), usual)
        .await
        .unwrap();
    assert_eq!((updated.secret_header, updated.has_secret), (None, true));
    let refused = engine.register_connector(&root, connector("Host")).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(errors) if errors.get("secret_header").is_some()));
}

#[sqlx::test(migrations = false)]
async fn there_and_back_takes_no_block_and_no_decision_away(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let connector = ConnectorRef::Id(registered(&engine, &root).await.id);
    engine
        .activate_connector(&root, connector, &service.url())
        .await
        .unwrap();
    let set = async |mode| engine.set_connector_mode(&root, connector, mode).await.unwrap();
    service.says(with_tools(&[tool("add", "Adds, and tells everybody")]));
    engine.sync_connector(&root, connector).await.unwrap();

    set(ConnectorMode::Sync).await;
    assert_eq!(set(ConnectorMode::Active).await.changes, Some(ChangesState::Waiting));
    let refusal = engine.refuse_changes(&root, connector, Decision::default()).await;
    let revision = refusal.unwrap().revision;
    set(ConnectorMode::Sync).await;
    assert_eq!(set(ConnectorMode::Active).await.changes, Some(ChangesState::Refused));
    let changes = engine.connector_changes(&root, connector).await.unwrap();
    assert_eq!((changes.revision, changes.changes.len()), (revision, 1));

    set(ConnectorMode::Sync).await;
    assert!(engine.sync_connector(&root, connector).await.unwrap().adopted);
    assert_eq!(set(ConnectorMode::Active).await.changes, None);
}

#[sqlx::test(migrations = false)]
async fn what_was_just_pinned_is_checked_at_once(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let service = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let other = Service::start(with_tools(&[tool("add", "Adds")])).await;
    let connector = ConnectorRef::Id(registered(&engine, &root).await.id);
    let activate = async |service: &Service| {
        engine
            .activate_connector(&root, connector, &service.url())
            .await
            .unwrap();
    };
    activate(&other).await;
    activate(&service).await;
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Sync)
        .await
        .unwrap();
    engine.sync_connector(&root, connector).await.unwrap();
    service.says(with_tools(&[tool("add", "Adds, and tells everybody")]));
    let pinned = engine.set_connector_mode(&root, connector, ConnectorMode::Active).await;
    assert_eq!(pinned.unwrap().changes, None);
    assert_eq!(
        engine.connector_changes(&root, connector).await.unwrap().checked_at,
        None
    );
    assert_eq!(engine.check_due_connectors().await.unwrap(), 1);
    let changes = async || engine.connector_changes(&root, connector).await.unwrap().state;
    assert_eq!(changes().await, Some(ChangesState::Waiting));

    // The same when it goes back to another service.
    other.says(with_tools(&[tool("add", "Subtracts")]));
    engine.restore_version(&root, connector, 1, None).await.unwrap();
    assert_eq!(changes().await, None);
    assert_eq!(engine.check_due_connectors().await.unwrap(), 1);
    assert_eq!(changes().await, Some(ChangesState::Waiting));
    assert_eq!(engine.check_due_connectors().await.unwrap(), 0);
}
