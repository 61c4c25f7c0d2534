use crate::{engine, engine_with, password, superuser, who};
use patchbay_domain::{
    field::FieldError,
    user::{Role, SignUp},
};
use patchbay_engine::{
    Error,
    error::{Conflict, Denied, Unauthenticated},
};
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;
use tower_sessions::Session;

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

    let user = engine
        .set_up(&who(), &token, "root@example.org", &password())
        .await
        .unwrap();
    assert_eq!(user.roles, [Role::Superuser]);
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

#[sqlx::test(migrations = false)]
async fn an_address_is_one_account_whatever_its_case(pool: PgPool) {
    let engine = engine(&pool).await;
    engine.sign_up(&who(), "Ada@Example.org", &password()).await.unwrap();
    let taken = engine
        .sign_up(&who(), "ada@example.ORG", &password())
        .await
        .unwrap_err();
    assert!(matches!(taken, Error::Conflict(Conflict::Email)));
    assert_eq!(
        engine.sign_in(" ADA@example.org ", &password()).await.unwrap().email,
        "Ada@Example.org"
    );
}

#[sqlx::test(migrations = false)]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(pool: PgPool) {
    let engine = engine(&pool).await;
    engine.sign_up(&who(), "ada@example.org", &password()).await.unwrap();
    for (email, password) in [
        ("ada@example.org", "wrong password"),
        ("bob@example.org", "wrong password"),
        ("", ""),
        ("a\0@b", "\0"),
    ] {
        let error = engine.sign_in(email, &password.into()).await.unwrap_err();
        assert!(
            matches!(error, Error::Unauthenticated(Unauthenticated::BadCredentials)),
            "{email}: {error}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn nobody_signs_up_where_it_is_closed(pool: PgPool) {
    let engine = engine_with(&pool, |config| config.sign_up = SignUp::Invite).await;
    let error = engine
        .sign_up(&who(), "ada@example.org", &password())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Denied(Denied::SignUpClosed)));
}

#[sqlx::test(migrations = false)]
async fn a_new_password_replaces_the_old_one(pool: PgPool) {
    let engine = engine(&pool).await;
    superuser(&engine).await;
    engine
        .set_password(&who(), "ROOT@example.org", &"another password".into())
        .await
        .unwrap();
    assert!(engine.sign_in("root@example.org", &password()).await.is_err());
    assert!(
        engine
            .sign_in("root@example.org", &"another password".into())
            .await
            .is_ok()
    );
}

#[sqlx::test(migrations = false)]
async fn a_session_that_was_ended_while_a_request_had_it_stays_ended(pool: PgPool) {
    let engine = engine(&pool).await;
    let user = engine
        .create_user(&who(), "ada@example.org", &password(), false)
        .await
        .unwrap();
    let store = Arc::new(engine.session_store());
    let session = Session::new(None, store.clone(), None);
    engine
        .begin_session(&who(), &session, &user, "a browser")
        .await
        .unwrap();
    assert!(engine.actor_of_session(&session).await.unwrap().is_some());

    let in_hand = Session::new(session.id(), store.clone(), None);
    in_hand.load().await.unwrap();
    engine
        .set_password(&who(), "ada@example.org", &"another password".into())
        .await
        .unwrap();
    in_hand.insert("notice", "late").await.unwrap();
    in_hand.save().await.unwrap();

    let again = Session::new(session.id(), store, None);
    assert!(engine.actor_of_session(&again).await.unwrap().is_none());
}
