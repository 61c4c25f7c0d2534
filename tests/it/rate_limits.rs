//! Passwords can't be tried, nor services fetched, as often as one likes.

use crate::support::{Answer, App, app::PASSWORD};
use reqwest::Method;
use serde_json::json;
use time::Duration;

#[tokio::test]
async fn an_account_can_be_tried_twenty_times_and_then_a_little_later() {
    let app = App::start().await;
    app.user("ada@example.org").await;
    let nobody = app.anonymous();
    app.clock.advance(Duration::minutes(5));
    for _ in 0..20 {
        nobody
            .login("ada@example.org", "wrong")
            .await
            .expect_error(401, "BAD_CREDENTIALS");
    }
    let answer = nobody.login("ADA@example.org ", PASSWORD).await;
    assert_eq!(answer.header("retry-after"), "3");
    let body = answer.expect_error(429, "RATE_LIMITED");
    assert_eq!(body["detail"], "Too many attempts. Try again in 3 seconds.");
    nobody.login("eve@example.org", "wrong").await.expect(401);
    app.clock.advance(Duration::seconds(3));
    nobody.login("ada@example.org", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_address_has_a_budget_of_its_own_for_making_accounts() {
    let app = App::with(&[("PATCHBAY_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let nobody = app.anonymous();
    let register = |number: u32, from: &'static str| {
        let body = json!({ "email": format!("{number}@example.org"), "password": "short" });
        nobody
            .request(Method::POST, "/api/auth/register")
            .header("x-forwarded-for", from)
            .json(&body)
    };
    for number in 0..60 {
        Answer::of(register(number, "203.0.113.1")).await.expect(422);
    }
    Answer::of(register(60, "203.0.113.1"))
        .await
        .expect_error(429, "RATE_LIMITED");
    Answer::of(register(61, "203.0.113.2")).await.expect(422);
}

#[tokio::test]
async fn a_forwarded_address_is_not_believed_without_a_trusted_proxy() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let register = |number: u32| {
        let body = json!({ "email": format!("{number}@example.org"), "password": "short" });
        let from = format!("203.0.113.{number}");
        nobody
            .request(Method::POST, "/api/auth/register")
            .header("x-forwarded-for", from)
            .json(&body)
    };
    for number in 0..60 {
        Answer::of(register(number)).await.expect(422);
    }
    Answer::of(register(60)).await.expect(429);
}

#[tokio::test]
async fn fetching_is_limited_for_each_superuser_but_sixty_a_minute_are_fine() {
    let app = App::start().await;
    let root = app.superuser().await;
    let activate = json!({ "connector_id": 99, "connector_url": "http://localhost:1/connector.json" });
    // Every way to it takes from the same budget.
    for number in 0..20 {
        root.post("/api/connectors/activate", &activate).await.expect(404);
        root.post("/api/connectors", json!({})).await.expect(422);
        root.post(&format!("/api/connectors/{number}/sync"), json!({}))
            .await
            .expect(404);
    }
    for (path, body) in [
        ("/api/connectors/activate", &activate),
        ("/api/connectors", &json!({})),
        ("/api/connectors/1/sync", &json!({})),
    ] {
        root.post(path, body).await.expect_error(429, "RATE_LIMITED");
    }
    root.get("/api/connectors").await.expect(200);
}

#[tokio::test]
async fn an_account_is_known_whatever_the_body_is_called() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for (path, body, kinds) in [
        (
            "/fn/account/sign-up",
            "email=ada%40example.org&password=short",
            [None, Some("text/plain"), Some("application/json")],
        ),
        (
            "/api/auth/register",
            r#"{"email":"eve@example.org","password":"short"}"#,
            [
                Some("application/json"),
                Some("application/x-www-form-urlencoded+json"),
                Some("a/b+json"),
            ],
        ),
    ] {
        let send = |number: usize| {
            let request = nobody.request(Method::POST, path).body(body);
            Answer::of(match kinds[number % kinds.len()] {
                Some(kind) => request.header("content-type", kind),
                None => request,
            })
        };
        for number in 0..10 {
            assert_eq!(send(number).await.status, 422, "{path}");
        }
        for number in 10..13 {
            assert_eq!(send(number).await.status, 429, "{path}");
        }
    }
}
