//! `Idempotency-Key`: a request that is sent again makes nothing twice.

use crate::support::{
    Answer, App, User,
    app::PASSWORD,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

async fn keyed(user: &User, key: &str, path: &str, body: Value) -> Answer {
    user.send("POST", path, &[("idempotency-key", key)], body).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

async fn total(user: &User, path: &str) -> u64 {
    user.get(path).await.expect(200)["total"].as_u64().unwrap()
}

#[tokio::test]
async fn the_same_key_and_request_make_one_thing_and_get_one_answer() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("add")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let new = json!({ "name": "Mine", "connector_id": 1 });
    let first = keyed(&ada, "one", "/api/mcp-servers", new.clone()).await;
    let again = keyed(&ada, "one", "/api/mcp-servers", new.clone()).await;
    assert!(!is_replayed(&first) && is_replayed(&again));
    assert_eq!(
        (first.header("etag"), first.header("content-type")),
        (again.header("etag"), again.header("content-type"))
    );
    assert_ne!(
        first.header("x-request-id"),
        again.header("x-request-id"),
        "each has its own line in the log"
    );
    let (first, again) = (first.expect(201), again.expect(201));
    assert_eq!(first, again, "with the token, too");
    assert_eq!(total(&ada, "/api/mcp-servers").await, 1);

    // By the access token it is the same person.
    let bearer = format!("Bearer {}", ada.access_token);
    let headers = [("idempotency-key", "one"), ("authorization", bearer.as_str())];
    let by_token = ada.send("POST", "/api/mcp-servers", &headers, new.clone()).await;
    assert!(is_replayed(&by_token));

    for (path, body) in [
        ("/api/mcp-servers", json!({ "name": "Other", "connector_id": 1 })),
        ("/api/sources", new.clone()),
    ] {
        let other = keyed(&ada, "one", path, body).await;
        other.expect_error(422, "IDEMPOTENCY_KEY_REUSED");
    }
    let of_eve = keyed(
        &app.user("eve@example.org").await,
        "one",
        "/api/mcp-servers",
        new.clone(),
    )
    .await;
    assert!(!is_replayed(&of_eve));
    assert_ne!(text(&of_eve.expect(201), "token"), text(&first, "token"));
    keyed(&ada, "two", "/api/mcp-servers", new.clone()).await.expect(201);
    ada.post("/api/mcp-servers", new).await.expect(201);
    assert_eq!(total(&ada, "/api/mcp-servers").await, 3);

    // Nothing of it can be read where it waits, and not for long.
    let stored = "SELECT idempotency_keys::text || encode(coalesce(answer, ''), 'escape') FROM idempotency_keys";
    let stored = app.database.texts(stored).await.join("");
    assert!(!stored.contains("mcp_token_") && !stored.contains(&text(&first, "endpoint")));
}

#[tokio::test]
async fn whoever_asks_again_too_early_or_too_late_is_told_so() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let new = json!({ "type": "notes" });
    keyed(&ada, "k", "/api/sources", new.clone()).await.expect(201);
    app.clock.advance(Duration::minutes(8));
    assert!(is_replayed(&keyed(&ada, "k", "/api/sources", new.clone()).await));
    app.clock.advance(Duration::minutes(1));
    for _ in 0..2 {
        let late = keyed(&ada, "k", "/api/sources", new.clone()).await;
        late.expect_error(409, "ANSWER_FORGOTTEN");
        app.engine.forget_answers().await.unwrap();
    }
    let kept = "SELECT 'kept' FROM idempotency_keys WHERE answer IS NOT NULL";
    assert!(app.database.texts(kept).await.is_empty());
    assert_eq!(total(&ada, "/api/sources").await, 1);

    // As if a process had been killed in the middle.
    app.database
        .execute("UPDATE idempotency_keys SET done_at = NULL, answered_at = NULL")
        .await;
    app.database
        .execute("UPDATE idempotency_keys SET begun_at = begun_at + interval '9 minutes'")
        .await;
    let early = keyed(&ada, "k", "/api/sources", new.clone()).await;
    assert_eq!(early.header("retry-after"), "1");
    early.expect_error(409, "REQUEST_UNDER_WAY");
    app.clock.advance(Duration::minutes(1));
    let taken_over = keyed(&ada, "k", "/api/sources", new.clone()).await;
    assert!(!is_replayed(&taken_over));
    taken_over.expect(201);

    app.clock.advance(Duration::hours(24));
    let next_day = keyed(&ada, "k", "/api/sources", new).await;
    assert!(!is_replayed(&next_day));
    next_day.expect(201);
}

#[tokio::test]
async fn of_many_at_once_one_makes_something() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let new = json!({ "type": "notes" });
    let answers = join_all((0..8).map(|_| keyed(&ada, "k", "/api/sources", new.clone()))).await;
    let made = answers
        .iter()
        .filter(|answer| answer.status == 201 && !is_replayed(answer));
    assert_eq!(made.count(), 1);
    for other in answers.into_iter().filter(|answer| answer.status != 201) {
        other.expect_error(409, "REQUEST_UNDER_WAY");
    }
    assert_eq!(total(&ada, "/api/sources").await, 1);
}

#[tokio::test]
async fn what_was_refused_is_not_kept_and_a_key_must_be_one() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    keyed(&ada, "k", "/api/sources", json!({ "type": "mcp" }))
        .await
        .expect(422);
    let made = keyed(&ada, "k", "/api/sources", json!({ "type": "notes" })).await;
    assert!(
        !is_replayed(&made),
        "the key was given back, and may come with another request"
    );
    made.expect(201);
    keyed(&ada, &"k".repeat(255), "/api/sources", json!({ "type": "notes" }))
        .await
        .expect(201);
    for bad in ["", " ", &"k".repeat(256)] {
        let refused = keyed(&ada, bad, "/api/sources", json!({ "type": "notes" })).await;
        let refused = refused.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"]["Idempotency-Key"].is_object(), "{refused}");
    }
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    ada.send("POST", "/api/sources", &two, json!({ "type": "notes" }))
        .await
        .expect(422);
    assert_eq!(total(&ada, "/api/sources").await, 2);

    // Nobody has keys who isn't somebody, and signing in is not something that is made once.
    let nobody = app.anonymous();
    let key = [("idempotency-key", "k")];
    nobody
        .send("POST", "/api/sources", &key, json!({ "type": "notes" }))
        .await
        .expect_error(401, "SIGNED_OUT");
    let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
    for _ in 0..2 {
        let login = nobody.send("POST", "/api/auth/login", &key, credentials.clone()).await;
        assert!(!is_replayed(&login));
        login.expect(200);
    }
}

#[tokio::test]
async fn an_answer_is_there_for_whoever_went_away_before_it_came() {
    let app = App::start().await;
    let root = app.superuser().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let waits = gate.clone();
    let routes = axum::Router::new().route(
        "/connector.json",
        axum::routing::get(move || async move {
            waits.acquire().await.unwrap().forget();
            axum::Json(manifest(json!([])))
        }),
    );
    let service = Upstream::serve(routes).await;
    let new = json!({ "connector_url": service.manifest_url() });
    let request = keyed(&root, "k", "/api/connectors", new.clone());
    let impatient = tokio::time::timeout(std::time::Duration::from_millis(300), request).await;
    assert!(impatient.is_err(), "it takes its time");
    keyed(&root, "k", "/api/connectors", new.clone())
        .await
        .expect_error(409, "REQUEST_UNDER_WAY");
    gate.add_permits(10);
    crate::support::eventually(|| async {
        let answer = keyed(&root, "k", "/api/connectors", new.clone()).await;
        answer.status == 201 && is_replayed(&answer)
    })
    .await;
    assert_eq!(total(&root, "/api/connectors").await, 1);
}
