//! Where somebody is signed in.

use super::{rows, sign_in};
use crate::{engine, password, user, who};
use patchbay_domain::{audit::Door, page::PageRequest};
use patchbay_engine::{
    Error,
    actor::Origin,
    audit::Who,
    error::{NotFound, Unauthenticated},
};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;
use tower_sessions::Session;

#[sqlx::test(migrations = false)]
async fn a_session_that_was_ended_while_a_request_had_it_stays_ended(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (_, session) = sign_in(&engine, "ada@example.org").await;
    let store = Arc::new(engine.session_store());
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
    // Nor does it come back under another id.
    in_hand.cycle_id().await.unwrap();
    in_hand.save().await.unwrap();
    assert!(engine.actor_of_session(&in_hand).await.unwrap().is_none());
}

#[sqlx::test(migrations = false)]
async fn a_session_begins_only_with_the_password_that_there_is(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = super::superuser_here(&engine, "root@example.org").await;
    for end in ["replaced", "disabled", "deleted"] {
        let email = format!("{end}@example.org");
        let ada = user(&engine, &email).await.user;
        let proven = engine.sign_in(&email, &password(), None).await.unwrap();
        match end {
            "replaced" => engine.set_password(&who(), &email, &"another one".into()).await,
            "disabled" => engine.set_user_disabled(&who(), &email, true).await.map(drop),
            _ => engine.delete_user(&root, ada).await.map(drop),
        }
        .unwrap();
        let session = Session::new(None, Arc::new(engine.session_store()), None);
        let refused = engine.begin_session(&who(), &session, &proven, "a browser").await;
        assert!(
            matches!(refused, Err(Error::Unauthenticated(Unauthenticated::BadCredentials))),
            "{end}: {refused:?}"
        );
        assert!(engine.actor_of_session(&session).await.unwrap().is_none());
    }
}

#[sqlx::test(migrations = false)]
async fn somebody_sees_where_they_are_signed_in_and_nobody_else_does(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    user(&engine, "eve@example.org").await;
    let (here, _) = sign_in(&engine, "ada@example.org").await;
    engine.clock().advance(Duration::minutes(1));
    let from = Who::from_origin(Origin {
        door: Door::Dashboard,
        address: Some("192.0.2.7".parse().unwrap()),
        ..Origin::SYSTEM
    });
    let elsewhere = Session::new(None, Arc::new(engine.session_store()), None);
    let proven = engine.sign_in("ada@example.org", &password(), None).await.unwrap();
    let id = engine
        .begin_session(&from, &elsewhere, &proven, "Firefox on Linux")
        .await
        .unwrap();

    let sessions = engine.sessions(&here, &PageRequest::default()).await.unwrap().items;
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].id, id, "what was used last comes first");
    assert_eq!(sessions[0].device, "Firefox on Linux");
    assert_eq!(sessions[0].address.as_deref(), Some("192.0.2.7"));
    assert!(!sessions[0].current && sessions[1].current);
    assert_eq!(Some(sessions[1].id), here.session);

    let (eve, _) = sign_in(&engine, "eve@example.org").await;
    assert_eq!(
        engine
            .sessions(&eve, &PageRequest::default())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    let refused = engine.revoke_session(&eve, id).await;
    assert!(matches!(refused, Err(Error::NotFound(NotFound::Session))));
    assert!(engine.actor_of_session(&elsewhere).await.unwrap().is_some());

    engine.revoke_session(&here, id).await.unwrap();
    assert!(engine.actor_of_session(&elsewhere).await.unwrap().is_none());
    let again = engine.revoke_session(&here, id).await;
    assert!(matches!(again, Err(Error::NotFound(NotFound::Session))));
}

#[sqlx::test(migrations = false)]
async fn sessions_are_counted_and_come_a_page_at_a_time(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, _) = sign_in(&engine, "ada@example.org").await;
    for _ in 0..4 {
        engine.clock().advance(Duration::minutes(1));
        sign_in(&engine, "ada@example.org").await;
    }
    let mut page = PageRequest {
        limit: Some(2),
        cursor: None,
    };
    let mut found = Vec::new();
    loop {
        let sessions = engine.sessions(&ada, &page).await.unwrap();
        assert_eq!(sessions.total, 5);
        found.extend(sessions.items);
        page.cursor = sessions.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 5);
    assert!(found.is_sorted_by(|one, next| one.last_used_at > next.last_used_at));
    assert!(found[4].current, "which was used first");
}

#[sqlx::test(migrations = false)]
async fn all_other_sessions_end_at_once_and_the_access_tokens_with_them(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, browser) = sign_in(&engine, "ada@example.org").await;
    let (other, _) = sign_in(&engine, "ada@example.org").await;
    sign_in(&engine, "ada@example.org").await;
    let view = engine.me(&other).await.unwrap();
    let token = engine.access_token(&view, other.session.unwrap()).unwrap().token;
    assert_eq!(engine.revoke_other_sessions(&ada).await.unwrap(), 2);
    assert_eq!(engine.revoke_other_sessions(&ada).await.unwrap(), 0);
    assert!(engine.actor_of_session(&browser).await.unwrap().is_some());
    let ended = engine.actor_of_bearer(token.expose_secret()).await;
    assert!(matches!(ended, Err(Error::Unauthenticated(Unauthenticated::BadToken))));
    assert_eq!(
        rows(&engine, "session.end").await.len(),
        1,
        "nothing ended the second time"
    );
}

#[sqlx::test(migrations = false)]
async fn when_a_session_was_used_is_written_down_every_few_minutes(pool: PgPool) {
    let engine = engine(&pool).await;
    user(&engine, "ada@example.org").await;
    let (ada, session) = sign_in(&engine, "ada@example.org").await;
    let begun = engine.clock().now();
    for (after, noted) in [(1, 0), (4, 0), (5, 5), (9, 5), (10, 10)] {
        engine
            .clock()
            .advance(begun + Duration::minutes(after) - engine.clock().now());
        engine.actor_of_session(&session).await.unwrap().unwrap();
        let seen = engine
            .sessions(&ada, &PageRequest::default())
            .await
            .unwrap()
            .items
            .remove(0)
            .last_used_at;
        assert_eq!(seen.0, begun + Duration::minutes(noted), "after {after} minutes");
    }
}

#[sqlx::test(migrations = false)]
async fn a_session_keeps_its_device_and_address_when_what_it_carries_changes(pool: PgPool) {
    let engine = engine(&pool).await;
    let ada = user(&engine, "ada@example.org").await;
    let proven = engine.sign_in("ada@example.org", &password(), None).await.unwrap();
    let session = Session::new(None, Arc::new(engine.session_store()), None);
    let from = Who::from_origin(Origin {
        door: Door::Dashboard,
        address: Some("2001:db8::7".parse().unwrap()),
        ..Origin::SYSTEM
    });
    engine.begin_session(&from, &session, &proven, "a phone").await.unwrap();
    session.insert("notice", "saved").await.unwrap();
    session.save().await.unwrap();
    let shown = engine
        .sessions(&ada, &PageRequest::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(
        (shown.device.as_str(), shown.address.as_deref()),
        ("a phone", Some("2001:db8::7"))
    );
}

#[sqlx::test(migrations = false)]
async fn what_has_ended_is_cleared_away(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = super::superuser_here(&engine, "root@example.org").await;
    engine.create_invitation(&root, Default::default()).await.unwrap();
    let ada = user(&engine, "ada@example.org").await.user;
    engine.create_reset_link(&root, ada).await.unwrap();
    engine.offer_second_factor(&root, &password()).await.unwrap();
    let left = async || -> Vec<i64> {
        let tables = ["sessions", "invitations", "password_resets", "second_factors"];
        let mut left = Vec::new();
        for table in tables {
            let count = format!("SELECT count(*) FROM {table}");
            left.push(sqlx::query_scalar(&count).fetch_one(&pool).await.unwrap());
        }
        left
    };
    engine.delete_expired_sessions().await.unwrap();
    assert_eq!(left().await, [1, 1, 1, 1]);
    engine.clock().advance(Duration::days(1));
    engine.delete_expired_sessions().await.unwrap();
    assert_eq!(left().await, [1, 1, 0, 0]);
    // The lifetime of a session is counted by the real clock, which is some time ahead of this one.
    engine.clock().advance(Duration::days(36_500));
    assert_eq!(engine.delete_expired_sessions().await.unwrap(), 1);
    assert_eq!(left().await, [0, 0, 0, 0]);
}
