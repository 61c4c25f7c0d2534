//! Asking a service: when it counts, what is shown to it, and what a failure leaves.

use super::*;

#[sqlx::test(migrations = false)]
async fn where_calls_go_is_never_followed_and_the_secret_is_shown_to_nobody_new(pool: PgPool) {
    let case = Case::start(&pool).await;
    let known = case.service.authorizations().len();
    let elsewhere = Service::start(json!({})).await;
    let mut said = Case::drifted();
    said["mcp_url"] = json!(elsewhere.mcp_url());
    case.service.says(said);
    for (mode, adopted) in [(ConnectorMode::Active, false), (ConnectorMode::Sync, true)] {
        case.engine
            .set_connector_mode(&case.root, case.connector, mode)
            .await
            .unwrap();
        let synced = case.engine.sync_connector(&case.root, case.connector).await.unwrap();
        assert_eq!(
            (synced.adopted, synced.connector.changes),
            (adopted, Some(ChangesState::Waiting))
        );
        let kept: String = sqlx::query_scalar("SELECT mcp_url FROM mcp_connectors")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(kept, case.service.mcp_url(), "{mode}");
    }
    assert_eq!(keys(&case.changes().await), ["mcp_url"], "the rest was followed");
    assert_eq!(elsewhere.authorizations(), []);
    assert_eq!(case.service.authorizations().len(), known, "a check greets nobody");

    // What is followed meanwhile changes nothing about what waits, nor about what was decided.
    case.refuse(noted("Who is that?")).await.unwrap();
    let mut said = with_tools(&[tool("only", "One")]);
    said["mcp_url"] = json!(elsewhere.mcp_url());
    case.service.says(said);
    case.check().await;
    assert_eq!(case.tools().await, ["only"]);
    let view = case.changes().await;
    assert_eq!(
        (keys(&view), view.state),
        (vec!["mcp_url"], Some(ChangesState::Refused))
    );
    assert_eq!(view.note.as_deref(), Some("Who is that?"));

    case.accept(Decision::default()).await.unwrap();
    let moved: String = sqlx::query_scalar("SELECT mcp_url FROM mcp_connectors")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(moved, elsewhere.mcp_url());
    assert_eq!(case.tools().await, ["only"]);
}

#[sqlx::test(migrations = false)]
async fn a_switched_off_connector_is_not_asked(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.engine
        .set_connector_mode(&case.root, case.connector, ConnectorMode::Deactive)
        .await
        .unwrap();
    let asked = case.service.asked();
    let refused = case.engine.sync_connector(&case.root, case.connector).await;
    assert!(matches!(
        refused,
        Err(Error::Conflict(Conflict::ConnectorDeactive { .. }))
    ));
    case.engine.clock().advance(Duration::hours(1));
    assert_eq!(case.engine.check_due_connectors().await.unwrap(), 0);
    assert_eq!(case.service.asked(), asked);
}

#[sqlx::test(migrations = false)]
async fn a_service_that_fails_is_told_and_changes_nothing(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    case.service.fails();
    let failed = case.engine.sync_connector(&case.root, case.connector).await;
    assert!(matches!(failed, Err(Error::BadConnector(_))));
    let view = case.changes().await;
    assert!(
        view.error.as_deref().is_some_and(|error| error.contains("503")),
        "{view:?}"
    );
    assert_eq!(view.state, Some(ChangesState::Waiting));
    let check = case.engine.connector(&case.root, case.connector).await.unwrap().check;
    assert_eq!(check.unwrap().error, view.error);
    case.service.says(Case::drifted());
    case.check().await;
    assert_eq!(case.changes().await.error, None);
}

#[sqlx::test(migrations = false)]
async fn an_answer_that_comes_late_does_not_win_over_a_newer_one(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.engine.clock().advance(Duration::minutes(6));
    case.service.says(Case::drifted());
    let held_up = case.service.hold_up();
    let asked = case.service.asked();
    let engine = case.engine.clone();
    let late = tokio::spawn(async move { engine.check_due_connectors().await });
    case.service.asked_times(asked + 1).await;
    case.service.go_on();
    case.service.says(Case::approved());
    let url = case.service.url();
    case.engine
        .activate_connector(&case.root, case.connector, &url)
        .await
        .unwrap();
    held_up.add_permits(1);
    assert_eq!(late.await.unwrap().unwrap(), 1);
    assert_eq!(case.changes().await.state, None);
}

#[sqlx::test(migrations = false)]
async fn which_of_two_checks_counts_is_no_matter_of_clocks(pool: PgPool) {
    let case = Case::start(&pool).await;
    let ahead = engine_with(&pool, |config| config.keys = case.engine.config().keys.clone()).await;
    case.engine.clock().advance(Duration::minutes(6));
    ahead.clock().advance(Duration::minutes(10));
    case.service.says(Case::drifted());
    let held_up = case.service.hold_up();
    let asked = case.service.asked();
    let late = tokio::spawn(async move { ahead.check_due_connectors().await });
    case.service.asked_times(asked + 1).await;
    case.service.go_on();
    case.service.says(Case::approved());
    case.check().await;
    held_up.add_permits(1);
    assert_eq!(late.await.unwrap().unwrap(), 1);
    assert_eq!(case.changes().await.state, None, "it began later by its clock only");
}

#[sqlx::test(migrations = false)]
async fn the_secret_is_not_shown_to_a_manifest_host_that_asks_for_it_one_day(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let endpoint = Service::start(json!({})).await;
    let mut said = Case::approved();
    said["mcp_url"] = json!(endpoint.mcp_url());
    let registry = Service::start(said).await;
    let new = RegisterConnector {
        secret: Some("hunter2".into()),
        ..new_connector("notes")
    };
    let connector = ConnectorRef::Id(engine.register_connector(&root, new).await.unwrap().id);
    engine
        .activate_connector(&root, connector, &registry.url())
        .await
        .unwrap();
    let greeted = endpoint.authorizations();
    assert!(
        !greeted.is_empty() && greeted.iter().all(Option::is_none),
        "it was warned of first"
    );
    registry.asks_who_is_there();
    engine.clock().advance(Duration::minutes(6));
    assert_eq!(engine.check_due_connectors().await.unwrap(), 1);
    assert!(registry.manifest_authorizations().iter().all(Option::is_none));
    let error = engine.connector_changes(&root, connector).await.unwrap().error;
    assert!(error.is_some_and(|error| error.contains("It asks for the secret")));
}
