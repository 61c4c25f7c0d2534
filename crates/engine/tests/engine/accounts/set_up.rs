//! The first superuser.

use crate::{engine, password, who};
use patchbay_domain::{field::FieldError, user::Role};
use patchbay_engine::{Error, error::Denied};
use sqlx::PgPool;
use time::Duration;

#[sqlx::test(migrations = false)]
async fn a_set_up_link_makes_one_superuser_and_is_then_worth_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    assert!(engine.needs_set_up().await.unwrap());
    let token = engine.issue_set_up_token().await.unwrap().unwrap();
    let other = engine.issue_set_up_token().await.unwrap().unwrap();

    let refused = engine
        .set_up(&who(), &token, "no address", &"short".into())
        .await
        .unwrap_err();
    let Error::Invalid(fields) = refused else {
        panic!("{refused}")
    };
    assert_eq!(fields.get("password"), Some(&FieldError::TooShort { min: 8 }));
    assert!(fields.get("email").is_some());

    let root = engine
        .set_up(&who(), &token, "root@example.org", &password())
        .await
        .unwrap();
    assert_eq!(root.user.roles, [Role::Superuser]);
    for token in [token, other] {
        let error = engine
            .set_up(&who(), &token, "two@example.org", &password())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Denied(Denied::SetUpDone)), "{error}");
    }
    assert!(engine.issue_set_up_token().await.unwrap().is_none());
    assert!(!engine.needs_set_up().await.unwrap());
}

#[sqlx::test(migrations = false)]
async fn a_set_up_link_ends_after_an_hour_and_cannot_be_guessed(pool: PgPool) {
    let engine = engine(&pool).await;
    let token = engine.issue_set_up_token().await.unwrap().unwrap();
    let guessed = engine
        .set_up(&who(), &"guess".into(), "root@example.org", &password())
        .await
        .unwrap_err();
    assert!(matches!(guessed, Error::Denied(Denied::BadSetUpToken)));
    engine.clock().advance(Duration::hours(1));
    let late = engine
        .set_up(&who(), &token, "root@example.org", &password())
        .await
        .unwrap_err();
    assert!(matches!(late, Error::Denied(Denied::BadSetUpToken)));
}

#[sqlx::test(migrations = false)]
async fn of_many_set_ups_at_once_one_wins(pool: PgPool) {
    let engine = engine(&pool).await;
    let token = engine.issue_set_up_token().await.unwrap().unwrap();
    let attempts = (0..4).map(|n| {
        let (engine, token) = (engine.clone(), token.clone());
        async move {
            engine
                .set_up(&who(), &token, &format!("root{n}@example.org"), &password())
                .await
        }
    });
    let results = futures::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
}
