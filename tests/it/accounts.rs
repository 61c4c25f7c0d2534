//! Making accounts and signing in.

use crate::support::{Answer, App, app::PASSWORD};
use secrecy::ExposeSecret as _;
use serde_json::json;

#[tokio::test]
async fn the_set_up_link_makes_the_first_superuser_and_no_second() {
    let app = App::start().await;
    let token = app.engine.issue_set_up_token().await.unwrap().unwrap();
    let nobody = app.anonymous();
    let set_up = |token: &str, email: &str| json!({ "token": token, "email": email, "password": PASSWORD });

    let wrong = nobody
        .post("/api/auth/set-up", set_up("guessed", "eve@example.org"))
        .await;
    wrong.expect_error(403, "BAD_SET_UP_TOKEN");
    let made = nobody
        .post("/api/auth/set-up", set_up(token.expose_secret(), "Ada@example.org"))
        .await
        .expect(201);
    assert_eq!(
        (made["email"].as_str(), &made["roles"]),
        (Some("Ada@example.org"), &json!(["superuser"]))
    );
    let again = nobody
        .post("/api/auth/set-up", set_up(token.expose_secret(), "eve@example.org"))
        .await;
    again.expect_error(403, "SET_UP_DONE");
    assert!(app.engine.issue_set_up_token().await.unwrap().is_none());
}

#[tokio::test]
async fn a_set_up_link_ends_after_an_hour() {
    let app = App::start().await;
    let token = app.engine.issue_set_up_token().await.unwrap().unwrap();
    app.clock.advance(time::Duration::minutes(61));
    let late = json!({ "token": token.expose_secret(), "email": "ada@example.org", "password": PASSWORD });
    app.anonymous()
        .post("/api/auth/set-up", late)
        .await
        .expect_error(403, "BAD_SET_UP_TOKEN");
}

#[tokio::test]
async fn open_sign_up_makes_a_plain_account_and_tells_of_a_known_address() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let new = |email: &str| json!({ "email": email, "password": PASSWORD });
    let made = nobody
        .post("/api/auth/register", new("ada@example.org"))
        .await
        .expect(201);
    assert_eq!(made["roles"], json!([]));
    assert!(made.get("password").is_none() && made.get("hashed_password").is_none());
    nobody
        .post("/api/auth/register", new("ADA@Example.org"))
        .await
        .expect_error(409, "EMAIL_TAKEN");
    nobody.login("ADA@example.ORG", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn where_sign_up_is_by_invitation_or_closed_nobody_makes_an_account() {
    for how in ["invite", "closed"] {
        let app = App::with(&[("PATCHBAY_SIGNUP", how)]).await;
        let new = json!({ "email": "ada@example.org", "password": PASSWORD });
        app.anonymous()
            .post("/api/auth/register", new)
            .await
            .expect_error(403, "SIGN_UP_CLOSED");
    }
}

#[tokio::test]
async fn what_can_not_be_an_account_is_refused_by_field() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for (email, password, field, code) in [
        ("", PASSWORD, "email", "required"),
        ("ada", PASSWORD, "email", "malformed"),
        ("ada@example.org\n@x", PASSWORD, "email", "bad_characters"),
        ("ada@example.org", "1234567", "password", "too_short"),
        ("ada@example.org", "", "password", "required"),
        ("ada@example.org", &"x".repeat(1025), "password", "too_long"),
    ] {
        let answer = nobody
            .post("/api/auth/register", json!({ "email": email, "password": password }))
            .await;
        let body = answer.expect_error(422, "INVALID_FIELDS");
        assert_eq!(body["fields"][field]["code"], code, "{email:?}: {body}");
        assert!(body["fields"][field]["message"].is_string());
    }
}

#[tokio::test]
async fn a_password_of_1024_characters_of_any_kind_works() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let long = "é ".repeat(512);
    nobody
        .post(
            "/api/auth/register",
            json!({ "email": "ada@example.org", "password": long }),
        )
        .await
        .expect(201);
    nobody.login("ada@example.org", &long).await.expect(200);
    nobody
        .login("ada@example.org", long.trim_end())
        .await
        .expect_error(401, "BAD_CREDENTIALS");
}

#[tokio::test]
async fn signing_in_says_the_same_of_a_wrong_password_and_an_unknown_address() {
    let app = App::start().await;
    app.user("ada@example.org").await;
    let nobody = app.anonymous();
    let without_id = |answer: Answer| {
        let mut body = answer.expect_error(401, "BAD_CREDENTIALS");
        body["request_id"].take();
        body
    };
    let wrong = without_id(nobody.login("ada@example.org", "not her password").await);
    let unknown = without_id(nobody.login("eve@example.org", "not her password").await);
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn signing_in_answers_with_a_token_for_programs_and_a_cookie_for_browsers() {
    let app = App::start().await;
    app.user("ada@example.org").await;
    let answer = app.anonymous().login("ada@example.org", PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("auth_cookie=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(
        !cookie.contains("Secure"),
        "a cookie for http must be sent over http: {cookie}"
    );
    let body = answer.expect(200);
    assert_eq!(
        (body["token_type"].as_str(), body["expires_in"].as_u64()),
        (Some("bearer"), Some(3600))
    );
    assert_eq!(body["user"]["email"], "ada@example.org");
    assert_eq!(body["access_token"].as_str().unwrap().split('.').count(), 3);
}

#[tokio::test]
async fn under_https_the_cookie_is_secure_and_browsers_are_told_to_stay_there() {
    let app = App::with(&[("PATCHBAY_PUBLIC_URL", "https://patchbay.example")]).await;
    app.user("ada@example.org").await;
    let answer = app.anonymous().login("ada@example.org", PASSWORD).await;
    assert!(answer.header("set-cookie").contains("Secure"));
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}
