//! Addresses and passwords: signing up and in with them, changing them, and getting in again without.

use super::{fields, sign_in, superuser_here};
use crate::{engine, engine_with, password, superuser, user, who};
use patchbay_domain::{field::FieldError, user::SignUp};
use patchbay_engine::{
    Error,
    error::{Conflict, Denied, NotFound, Unauthenticated},
};
use secrecy::SecretString;
use sqlx::PgPool;
use time::Duration;

#[sqlx::test(migrations = false)]
async fn an_address_is_one_account_whatever_its_case(pool: PgPool) {
    let engine = engine(&pool).await;
    engine
        .sign_up(&who(), "Ada@Example.org", &password(), None)
        .await
        .unwrap();
    let taken = engine
        .sign_up(&who(), "ada@example.ORG", &password(), None)
        .await
        .unwrap_err();
    assert!(matches!(taken, Error::Conflict(Conflict::Email)));
    assert_eq!(
        engine
            .sign_in(" ADA@example.org ", &password(), None)
            .await
            .unwrap()
            .user
            .email,
        "Ada@Example.org"
    );
}

#[sqlx::test(migrations = false)]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(pool: PgPool) {
    let engine = engine(&pool).await;
    engine
        .sign_up(&who(), "ada@example.org", &password(), None)
        .await
        .unwrap();
    for (email, password) in [
        ("ada@example.org", "wrong password"),
        ("bob@example.org", "wrong password"),
        ("", ""),
        ("a\0@b", "\0"),
    ] {
        let error = engine.sign_in(email, &password.into(), None).await.unwrap_err();
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
        .sign_up(&who(), "ada@example.org", &password(), None)
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
    assert!(engine.sign_in("root@example.org", &password(), None).await.is_err());
    assert!(
        engine
            .sign_in("root@example.org", &"another password".into(), None)
            .await
            .is_ok()
    );
}

#[sqlx::test(migrations = false)]
async fn unknown_wrong_disabled_and_no_address_at_all_cost_one_hash_and_look_alike(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    user(&engine, "off@example.org").await;
    engine.set_user_disabled(&who(), "off@example.org", true).await.unwrap();
    for (email, password) in [
        ("ada@example.org", "wrong password".into()),
        ("eve@example.org", password()),
        ("off@example.org", password()),
        ("off@example.org", "wrong password".into()),
        ("nobody", password()),
    ] {
        let before = engine.passwords_hashed();
        let error = engine.sign_in(email, &password, None).await.unwrap_err();
        assert!(
            matches!(error, Error::Unauthenticated(Unauthenticated::BadCredentials)),
            "{email}: {error}"
        );
        assert_eq!(engine.passwords_hashed() - before, 1, "{email}");
    }
    let before = engine.passwords_hashed();
    let endless = SecretString::from("x".repeat(5000));
    engine.sign_in("ada@example.org", &endless, None).await.unwrap_err();
    assert_eq!(engine.passwords_hashed(), before, "nothing that long is hashed");
}

#[sqlx::test(migrations = false)]
async fn a_changed_password_ends_the_other_sessions_and_a_waiting_link(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let id = user(&engine, "ada@example.org").await.user;
    let (here, browser) = sign_in(&engine, "ada@example.org").await;
    let (_, elsewhere) = sign_in(&engine, "ada@example.org").await;
    let (_, roots) = sign_in(&engine, "root@example.org").await;
    let link = engine.create_reset_link(&root, id).await.unwrap();

    let new = SecretString::from("another password");
    assert_eq!(engine.change_password(&here, &password(), &new).await.unwrap(), 1);
    assert!(engine.actor_of_session(&browser).await.unwrap().is_some());
    assert!(engine.actor_of_session(&elsewhere).await.unwrap().is_none());
    assert!(engine.actor_of_session(&roots).await.unwrap().is_some());
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_err());
    assert!(engine.sign_in("ada@example.org", &new, None).await.is_ok());
    let late = engine.reset_password(&who(), &link.token.into(), &password()).await;
    assert!(matches!(late, Err(Error::Denied(Denied::BadResetLink))));
}

#[sqlx::test(migrations = false)]
async fn a_password_is_changed_only_by_who_knows_it_and_in_a_session(pool: PgPool) {
    let engine = engine(&pool).await;
    let by_token = user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let new = SecretString::from("another password");
    let wrong = fields(engine.change_password(&ada, &"guess".into(), &new).await);
    assert!(wrong.get("current_password").is_some());
    let short = fields(engine.change_password(&ada, &password(), &"short".into()).await);
    assert_eq!(short.get("new_password"), Some(&FieldError::TooShort { min: 8 }));
    let endless = SecretString::from("x".repeat(5000));
    assert!(
        fields(engine.change_password(&ada, &endless, &new).await)
            .get("current_password")
            .is_some()
    );
    let refused = engine.change_password(&by_token, &password(), &new).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::SessionNeeded))));
    assert!(engine.sign_in("ada@example.org", &password(), None).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn of_two_changes_of_a_password_at_once_one_wins(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let (current, first, second) = (password(), "first password".into(), "second password".into());
    let (one, two) = tokio::join!(
        engine.change_password(&ada, &current, &first),
        engine.change_password(&ada, &current, &second),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let won = if one.is_ok() { first } else { second };
    assert!(engine.sign_in("ada@example.org", &won, None).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn a_link_for_a_lost_password_sets_it_once_and_ends_every_session(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let id = user(&engine, "ada@example.org").await.user;
    let (_, browser) = sign_in(&engine, "ada@example.org").await;
    let link = engine.create_reset_link(&root, id).await.unwrap();
    assert_eq!(
        link.link,
        format!("http://localhost:9000/reset-password#token={}", link.token)
    );
    let token = SecretString::from(link.token);
    let new = SecretString::from("another password");

    let short = fields(engine.reset_password(&who(), &token, &"short".into()).await);
    assert!(short.get("password").is_some(), "and the link is as it was");
    let who = who();
    let (one, two) = tokio::join!(
        engine.reset_password(&who, &token, &new),
        engine.reset_password(&who, &token, &new),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    for again in [token, "guess".into(), "".into()] {
        let before = engine.passwords_hashed();
        let refused = engine.reset_password(&who, &again, &new).await;
        assert!(matches!(refused, Err(Error::Denied(Denied::BadResetLink))));
        assert_eq!(engine.passwords_hashed(), before, "only a valid link causes work");
    }
    assert!(engine.actor_of_session(&browser).await.unwrap().is_none());
    assert!(engine.sign_in("ada@example.org", &new, None).await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn a_link_for_a_lost_password_ends_after_a_day_and_with_the_next_one(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser_here(&engine, "root@example.org").await;
    let id = user(&engine, "ada@example.org").await.user;
    let first = engine.create_reset_link(&root, id).await.unwrap();
    let second = engine.create_reset_link(&root, id).await.unwrap();
    let try_out = |token: String| {
        let engine = engine.clone();
        async move { engine.reset_password(&who(), &token.into(), &password()).await }
    };
    let replaced = try_out(first.token).await;
    assert!(matches!(replaced, Err(Error::Denied(Denied::BadResetLink))));
    engine.clock().advance(Duration::hours(24));
    let late = try_out(second.token).await;
    assert!(matches!(late, Err(Error::Denied(Denied::BadResetLink))));
}

#[sqlx::test(migrations = false)]
async fn only_a_superuser_in_a_session_makes_links_for_lost_passwords(pool: PgPool) {
    let engine = engine(&pool).await;
    let by_token = superuser(&engine).await;
    let (root, _) = sign_in(&engine, "root@example.org").await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    let refused = engine.create_reset_link(&ada, root.user).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::Superuser))));
    let refused = engine.create_reset_link(&by_token, ada.user).await;
    assert!(matches!(refused, Err(Error::Denied(Denied::SessionNeeded))));
    let nobody = uuid::Uuid::from_u128(7).into();
    let missing = engine.create_reset_link(&root, nobody).await;
    assert!(matches!(missing, Err(Error::NotFound(NotFound::User))));
}
