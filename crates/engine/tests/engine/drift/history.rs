//! The versions that were in force, and going back to one.

use super::*;

#[sqlx::test(migrations = false)]
async fn going_back_makes_an_old_version_the_newest_and_refuses_what_the_service_says(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    case.accept(Decision::default()).await.unwrap();
    let detail = case
        .engine
        .connector_version(&case.root, case.connector, 1)
        .await
        .unwrap();
    assert!(!detail.version.current && detail.version.created_by.as_deref() == Some("root@example.org"));
    assert_eq!(detail.changes.len(), 3);

    let restored = case
        .engine
        .restore_version(&case.root, case.connector, 1, Some("Too early".into()))
        .await
        .unwrap();
    assert_eq!(
        (restored.definitions_version, restored.changes),
        (3, Some(ChangesState::Refused))
    );
    assert_eq!(case.tools().await, ["add", "list"]);
    assert_eq!(
        case.versions().await[0],
        (3, VersionOrigin::Restored, Some("Too early".into()))
    );
    let view = case.changes().await;
    assert_eq!(view.note.as_deref(), Some("Went back to version 1"));
    assert_eq!(view.changes.len(), 3);
    case.check().await;
    assert_eq!(case.changes().await.state, Some(ChangesState::Refused), "it is no news");
    case.service.says(with_tools(&[tool("add", "Another one")]));
    case.check().await;
    assert_eq!(case.changes().await.state, Some(ChangesState::Waiting));
}

#[sqlx::test(migrations = false)]
async fn going_back_to_what_the_service_says_leaves_nothing_to_decide(pool: PgPool) {
    let case = Case::start(&pool).await;
    case.drift().await;
    case.accept(Decision::default()).await.unwrap();
    case.service.says(Case::approved());
    case.check().await;
    assert_eq!(case.changes().await.state, Some(ChangesState::Waiting));
    case.engine
        .restore_version(&case.root, case.connector, 1, None)
        .await
        .unwrap();
    assert_eq!(case.changes().await.state, None);
    let same = case.engine.restore_version(&case.root, case.connector, 3, None).await;
    assert_eq!(
        same.unwrap().definitions_version,
        3,
        "what is in force needs no going back"
    );
}

#[sqlx::test(migrations = false)]
async fn going_back_needs_a_version_and_a_connector_that_stays(pool: PgPool) {
    let case = Case::start(&pool).await;
    let none = case.engine.restore_version(&case.root, case.connector, 9, None).await;
    assert!(matches!(none, Err(Error::NotFound(NotFound::Version))));
    let none = case
        .engine
        .connector_version(&case.root, case.connector, u32::MAX)
        .await;
    assert!(matches!(none, Err(Error::NotFound(NotFound::Version))));
    case.engine
        .set_connector_mode(&case.root, case.connector, ConnectorMode::Sync)
        .await
        .unwrap();
    let follows = case.engine.restore_version(&case.root, case.connector, 1, None).await;
    assert!(matches!(
        follows,
        Err(Error::Conflict(Conflict::ConnectorFollows { .. }))
    ));
}

#[sqlx::test(migrations = false)]
async fn the_history_comes_a_page_at_a_time(pool: PgPool) {
    let case = Case::start(&pool).await;
    for _ in 0..3 {
        case.engine
            .activate_connector(&case.root, case.connector, &case.service.url())
            .await
            .unwrap();
    }
    let page = async |cursor| {
        let page = PageRequest { limit: Some(3), cursor };
        case.engine.connector_versions(&case.root, case.connector, &page).await
    };
    let first = page(None).await.unwrap();
    assert_eq!((first.items.len(), first.total), (3, 4));
    assert!(first.items[0].current && !first.items[1].current);
    let second = page(first.next_cursor).await.unwrap();
    assert_eq!((second.items[0].number, second.next_cursor), (1, None));
    assert!(matches!(page(Some("x".into())).await, Err(Error::Invalid(_))));
}
