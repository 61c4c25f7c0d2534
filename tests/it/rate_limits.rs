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
            "/fn/account/sign-up",
            "[email]=bob%40example.org&password=short",
            [None, None, None],
        ),
        (
            "/fn/account/sign-up",
            "password=short&[[email]=cy%40example.org",
            [None, None, None],
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

#[tokio::test]
async fn signing_in_never_tells_whether_there_is_an_account() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    app.user("bob@example.org").await;
    let off = json!({ "disabled": true });
    root.patch(&format!("/api/users/{}", ada.view.id), off)
        .await
        .expect(200);
    let nobody = app.anonymous();
    // Known with a wrong password, switched off with the right one, unknown, and no address at all.
    let attempts = [
        ("bob@example.org", "wrong password"),
        ("ada@example.org", PASSWORD),
        ("eve@example.org", PASSWORD),
        ("eve", PASSWORD),
    ];
    let mut said = Vec::new();
    for (email, password) in attempts {
        let hashed = app.engine.passwords_hashed();
        let answer = nobody.login(email, password).await;
        // What takes time. What differs beside that is far less.
        assert_eq!(app.engine.passwords_hashed() - hashed, 1, "{email}");
        assert_eq!(answer.header("set-cookie"), "");
        let mut body = answer.expect_error(401, "BAD_CREDENTIALS");
        body["request_id"].take();
        said.push(body);
    }
    assert!(said.iter().all(|body| *body == said[0]), "{said:?}");

    // Nor does the budget: it is the same for whoever there is and whoever there isn't.
    app.clock.advance(Duration::minutes(2));
    for email in ["bob@example.org", "eve@example.org"] {
        for _ in 0..20 {
            nobody.login(email, "wrong password").await.expect(401);
        }
        nobody.login(email, PASSWORD).await.expect_error(429, "RATE_LIMITED");
    }
}

#[tokio::test]
async fn of_a_chain_of_addresses_only_what_trusted_proxies_said_counts() {
    let app = App::with(&[("PATCHBAY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    let ada = app.user("ada@example.org").await;
    let nobody = app.anonymous();
    let login = async |forwarded: &str| {
        let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
        let headers = [("x-forwarded-for", forwarded), ("user-agent", "a script")];
        nobody
            .send("POST", "/api/auth/login", &headers, credentials)
            .await
            .expect(200);
    };
    for (forwarded, address) in [
        ("203.0.113.1", "203.0.113.1"),
        ("198.51.100.9, 203.0.113.2, 10.1.2.3", "203.0.113.2"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.3:4711", "203.0.113.3"),
        ("nonsense", "127.0.0.1"),
        ("203.0.113.4, nonsense", "127.0.0.1"),
    ] {
        login(forwarded).await;
        let list = ada.get("/api/auth/sessions").await.expect(200);
        let addresses: Vec<_> = list["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| &of["address"])
            .collect();
        assert!(addresses.contains(&&json!(address)), "{forwarded}: {addresses:?}");
        assert!(!list.to_string().contains("198.51.100.9"), "{list}");
        ada.delete("/api/auth/sessions").await.expect(200);
    }
}

#[tokio::test]
async fn whoever_shows_a_password_or_asks_services_does_so_a_few_times_a_minute() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (ada, eve) = (app.user("ada@example.org").await, app.user("eve@example.org").await);
    let wrong = json!({ "password": "a wrong one" });
    // All that asks for a password takes from one budget.
    for _ in 0..5 {
        ada.post("/api/auth/second-factor", &wrong).await.expect(422);
        ada.delete_with("/api/auth/me", wrong.clone()).await.expect(422);
    }
    let change = json!({ "current_password": PASSWORD, "new_password": "another good password" });
    ada.put("/api/auth/password", change)
        .await
        .expect_error(429, "RATE_LIMITED");
    eve.post("/api/auth/second-factor", &wrong).await.expect(422);

    let source = ada.post("/api/sources", json!({ "type": "nothing" })).await.expect(201);
    let test = format!("/api/sources/{}/test", source["id"].as_str().unwrap());
    for _ in 0..60 {
        ada.post(&test, json!({})).await.expect(200);
    }
    let mut limited = false;
    for _ in 0..61 {
        limited = ada.post(&test, json!({})).await.status == 429;
    }
    assert!(limited);
    for _ in 0..30 {
        root.post("/api/invitations", json!({})).await.expect(201);
    }
    root.post("/api/invitations", json!({}))
        .await
        .expect_error(429, "RATE_LIMITED");
}
