//! Requests with a key: what happens when they are sent again, at the same time, too late, or after something broke.

use crate::{engine, engine_with, new_connector, superuser, user};
use futures::future::join_all;
use patchbay_domain::ids::SessionId;
use patchbay_engine::{
    Actor, Engine, Error,
    actor::Origin,
    error::Conflict,
    idempotency::{Answer, Attempt, Begun, Key},
    vault::KeyRing,
};
use secrecy::ExposeSecret;
use sqlx::PgPool;
use time::Duration;
use uuid::Uuid;

const REQUEST: [&[u8]; 3] = [b"POST", b"/api/things", b"{\"name\":\"one\"}"];

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn answer(body: &str) -> Answer {
    Answer {
        status: 201,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    }
}

/// Begins a request that is to be carried out.
async fn begin(engine: &Engine, actor: &Actor, text: &str) -> Attempt {
    match again(engine, actor, text).await {
        Begun::Now(attempt) => attempt,
        other => panic!("{other:?}"),
    }
}

async fn again(engine: &Engine, actor: &Actor, text: &str) -> Begun {
    engine.begin_request(actor, &key(text), &REQUEST).await.unwrap()
}

/// The same person, carrying out that request.
fn under(actor: &Actor, attempt: Attempt) -> Actor {
    Actor {
        origin: Origin {
            attempt: Some(attempt),
            ..Origin::SYSTEM
        },
        ..actor.clone()
    }
}

async fn make(engine: &Engine, actor: &Actor, name: &str) -> Result<(), Error> {
    engine.register_connector(actor, new_connector(name)).await.map(drop)
}

async fn count(pool: &PgPool, what: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {what}"))
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrations = false)]
async fn an_answer_is_given_again_to_the_same_request_of_the_same_user_only(pool: PgPool) {
    let engine = engine(&pool).await;
    let (root, ada) = (superuser(&engine).await, user(&engine, "ada@example.org").await);
    let attempt = begin(&engine, &root, "k").await;
    assert!(matches!(again(&engine, &root, "k").await, Begun::UnderWay));
    engine.keep_answer(&root, attempt, &answer("made")).await.unwrap();

    match again(&engine, &root, "k").await {
        Begun::Before(before) => assert_eq!(before, answer("made")),
        other => panic!("{other:?}"),
    }
    for other in [
        [REQUEST[0], REQUEST[1], b"{}"],
        [b"PUT", REQUEST[1], REQUEST[2]],
        [REQUEST[0], b"/api/things{", b"\"name\":\"one\"}"],
    ] {
        let begun = engine.begin_request(&root, &key("k"), &other).await.unwrap();
        assert!(matches!(begun, Begun::OtherRequest), "{begun:?}");
    }
    begin(&engine, &root, "another").await;
    begin(&engine, &ada, "k").await;
}

#[sqlx::test(migrations = false)]
async fn whoever_comes_with_less_than_the_first_time_is_given_nothing_again(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = Actor {
        session: Some(SessionId(Uuid::new_v4())),
        ..superuser(&engine).await
    };
    let attempt = begin(&engine, &root, "k").await;
    engine.keep_answer(&root, attempt, &answer("made")).await.unwrap();
    let signed_in_again = Actor {
        session: Some(SessionId(Uuid::new_v4())),
        ..root.clone()
    };
    assert!(matches!(again(&engine, &signed_in_again, "k").await, Begun::Before(_)));
    let by_token = Actor {
        session: None,
        ..root.clone()
    };
    let demoted = Actor {
        roles: Vec::new(),
        ..root.clone()
    };
    for less in [by_token, demoted] {
        let begun = again(&engine, &less, "k").await;
        assert!(matches!(begun, Begun::OtherRequest), "{begun:?}");
    }
}

#[sqlx::test(migrations = false)]
async fn of_many_at_once_one_is_carried_out(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let begun = join_all((0..10).map(|_| again(&engine, &root, "k"))).await;
    let now = begun.iter().filter(|begun| matches!(begun, Begun::Now(_))).count();
    let under_way = begun.iter().filter(|begun| matches!(begun, Begun::UnderWay)).count();
    assert_eq!((now, under_way), (1, 9));
}

#[sqlx::test(migrations = false)]
async fn what_came_to_nothing_may_be_tried_again(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let attempt = begin(&engine, &root, "k").await;
    engine.give_up_attempt(&root, attempt).await.unwrap();
    let attempt = begin(&engine, &root, "k").await;

    // Unless something did come of it, and only what followed failed.
    make(&engine, &under(&root, attempt), "notes").await.unwrap();
    engine.give_up_attempt(&root, attempt).await.unwrap();
    assert!(matches!(again(&engine, &root, "k").await, Begun::Forgotten));
}

#[sqlx::test(migrations = false)]
async fn an_attempt_that_broke_off_before_it_did_anything_holds_its_key_for_a_minute(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let first = begin(&engine, &root, "k").await;
    engine.clock().advance(Duration::seconds(59));
    assert!(matches!(again(&engine, &root, "k").await, Begun::UnderWay));
    engine.clock().advance(Duration::seconds(1));
    let second = begin(&engine, &root, "k").await;

    // It was only slow: what it does is undone, and what it says doesn't count.
    let late = make(&engine, &under(&root, first), "late").await.unwrap_err();
    assert!(matches!(late, Error::Conflict(Conflict::TakenOver)), "{late:?}");
    engine.keep_answer(&root, first, &answer("late")).await.unwrap();
    engine.give_up_attempt(&root, first).await.unwrap();
    make(&engine, &under(&root, second), "in time").await.unwrap();
    engine.keep_answer(&root, second, &answer("in time")).await.unwrap();
    assert_eq!(count(&pool, "mcp_connectors").await, 1);
    assert_eq!(
        count(&pool, "audit_events WHERE action = 'connector.register'").await,
        1
    );
    assert!(matches!(again(&engine, &root, "k").await, Begun::Before(before) if before == answer("in time")));
}

#[sqlx::test(migrations = false)]
async fn what_was_done_before_it_broke_off_is_not_done_again(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let attempt = begin(&engine, &root, "k").await;
    make(&engine, &under(&root, attempt), "notes").await.unwrap();
    assert!(matches!(again(&engine, &root, "k").await, Begun::UnderWay));
    engine.clock().advance(Duration::hours(1));
    assert!(matches!(again(&engine, &root, "k").await, Begun::Forgotten));
    engine.clock().advance(Duration::hours(23));
    begin(&engine, &root, "k").await;
}

#[sqlx::test(migrations = false)]
async fn an_answer_is_kept_sealed_and_not_for_long(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let attempt = begin(&engine, &root, "k").await;
    engine
        .keep_answer(&root, attempt, &answer("hunter2hunter2"))
        .await
        .unwrap();
    let stored: String = sqlx::query_scalar("SELECT encode(answer, 'escape') || request_mac FROM idempotency_keys")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!stored.contains("hunter2"), "{stored}");

    engine.clock().advance(Duration::minutes(8));
    assert_eq!(engine.forget_answers().await.unwrap(), 0);
    assert!(matches!(again(&engine, &root, "k").await, Begun::Before(_)));
    engine.clock().advance(Duration::minutes(1));
    assert!(
        matches!(again(&engine, &root, "k").await, Begun::Forgotten),
        "nobody has cleaned up yet"
    );
    assert_eq!(engine.forget_answers().await.unwrap(), 1);
    assert_eq!(count(&pool, "idempotency_keys WHERE answer IS NOT NULL").await, 0);
    assert!(matches!(again(&engine, &root, "k").await, Begun::Forgotten));
    engine.clock().advance(Duration::hours(24));
    engine.forget_answers().await.unwrap();
    assert_eq!(count(&pool, "idempotency_keys").await, 0);
}

#[sqlx::test(migrations = false)]
async fn a_request_is_known_again_with_a_new_key_of_the_vault_in_front(pool: PgPool) {
    let (old, new) = (KeyRing::generate_key(), KeyRing::generate_key());
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let before = engine_with(&pool, |config| {
        config.keys = KeyRing::parse(old.expose_secret()).unwrap();
    })
    .await;
    let root = superuser(&before).await;
    let attempt = begin(&before, &root, "k").await;
    before.keep_answer(&root, attempt, &answer("made")).await.unwrap();
    let after = engine_with(&pool, |config| {
        config.keys = KeyRing::parse(&both).unwrap();
    })
    .await;
    assert!(matches!(again(&after, &root, "k").await, Begun::Before(_)));
}
