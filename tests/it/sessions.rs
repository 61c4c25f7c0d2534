//! Cookies and access tokens: whom they speak for, and until when.

use crate::support::{
    Answer, App, User,
    app::{PASSWORD, password},
    client::text,
};
use patchbay_engine::audit::Who;
use reqwest::Method;
use serde_json::json;
use time::Duration;

async fn with_bearer(user: &User, token: &str) -> Answer {
    Answer::of(user.request(Method::GET, "/api/auth/me").bearer_auth(token)).await
}

#[tokio::test]
async fn the_cookie_and_the_access_token_both_speak_for_their_user() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    assert_eq!(ada.get("/api/auth/me").await.expect(200)["email"], "ada@example.org");
    let nobody = app.anonymous();
    let me = Answer::of(
        nobody
            .request(Method::GET, "/api/auth/me")
            .bearer_auth(&ada.access_token),
    )
    .await;
    assert_eq!(me.expect(200)["id"], ada.view.id.to_string());
}

#[tokio::test]
async fn without_either_nobody_is_signed_in() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let answer = nobody.get("/api/auth/me").await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.expect_error(401, "SIGNED_OUT");
    let made_up = nobody
        .request(Method::GET, "/api/auth/me")
        .header("cookie", "auth_cookie=AAAAAAAAAAAAAAAAAAAAAA");
    Answer::of(made_up).await.expect_error(401, "SIGNED_OUT");
    let nonsense = nobody
        .request(Method::GET, "/api/auth/me")
        .header("cookie", "auth_cookie=;;=\"x");
    Answer::of(nonsense).await.expect_error(401, "SIGNED_OUT");
}

#[tokio::test]
async fn an_access_token_wins_over_a_cookie_and_a_bad_one_is_never_made_up_for_by_it() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let eve = app.user("eve@example.org").await;
    assert_eq!(
        with_bearer(&eve, &ada.access_token).await.expect(200)["email"],
        "ada@example.org"
    );
    let mut changed = ada.access_token.clone();
    changed.pop();
    for bad in ["", "x", "a.b.c", &changed] {
        with_bearer(&eve, bad).await.expect_error(401, "BAD_TOKEN");
    }
}

#[tokio::test]
async fn signing_in_again_with_a_bad_access_token_at_hand_works() {
    let app = App::start().await;
    app.user("ada@example.org").await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let login = app
        .anonymous()
        .request(Method::POST, "/api/auth/login")
        .bearer_auth("ended")
        .json(&body);
    Answer::of(login).await.expect(200);
}

#[tokio::test]
async fn an_access_token_ends_after_an_hour_and_the_session_behind_it_does_not() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    app.clock.advance(Duration::minutes(59));
    with_bearer(&ada, &ada.access_token).await.expect(200);
    app.clock.advance(Duration::minutes(2));
    with_bearer(&ada, &ada.access_token)
        .await
        .expect_error(401, "BAD_TOKEN");
    ada.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_cookie_and_the_access_token_of_the_session() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let cookie = ada.login("ada@example.org", PASSWORD).await;
    let value = cookie.header("set-cookie").split(';').next().unwrap().to_owned();
    let token = text(&cookie.json(), "access_token");
    let out = ada.post("/api/auth/logout", json!({})).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    out.expect(204);

    with_bearer(&ada, &token).await.expect_error(401, "BAD_TOKEN");
    let replayed = app
        .anonymous()
        .request(Method::GET, "/api/auth/me")
        .header("cookie", value);
    Answer::of(replayed).await.expect_error(401, "SIGNED_OUT");
    ada.post("/api/auth/logout", json!({})).await.expect(204);
}

#[tokio::test]
async fn a_program_signs_out_with_its_access_token_alone() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let out = app
        .anonymous()
        .request(Method::POST, "/api/auth/logout")
        .bearer_auth(&ada.access_token);
    Answer::of(out).await.expect(204);
    with_bearer(&ada, &ada.access_token)
        .await
        .expect_error(401, "BAD_TOKEN");
}

#[tokio::test]
async fn a_cookie_that_somebody_planted_is_worth_nothing_after_signing_in() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let first = ada.login("ada@example.org", PASSWORD).await;
    let planted = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let victim = app.anonymous();
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let login = Answer::of(
        victim
            .request(Method::POST, "/api/auth/login")
            .header("cookie", &planted)
            .json(&body),
    )
    .await;
    let fresh = login.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(planted, fresh);
    Answer::of(victim.request(Method::GET, "/api/auth/me").header("cookie", &planted))
        .await
        .expect(401);
    Answer::of(
        app.anonymous()
            .request(Method::GET, "/api/auth/me")
            .header("cookie", &fresh),
    )
    .await
    .expect(200);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    app.engine
        .set_password(&Who::command_line(), "ada@example.org", &"another good password".into())
        .await
        .unwrap();
    ada.get("/api/auth/me").await.expect(401);
    with_bearer(&ada, &ada.access_token).await.expect(401);
    ada.login("ada@example.org", PASSWORD).await.expect(401);
    ada.login("ada@example.org", "another good password").await.expect(200);
}

#[tokio::test]
async fn roles_are_what_the_database_says_now_and_not_what_it_said_at_sign_in() {
    let app = App::start().await;
    let root = app.superuser().await;
    app.engine
        .create_user(&Who::command_line(), "second@example.org", &password(), true)
        .await
        .unwrap();
    root.register("before").await;
    app.database
        .execute(&format!("DELETE FROM user_roles WHERE user_id = '{}'", root.view.id))
        .await;
    let new = json!({ "name": "after", "description": "x" });
    root.post("/api/connectors/register", &new)
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    let by_token = root
        .request(Method::POST, "/api/connectors/register")
        .bearer_auth(&root.access_token)
        .json(&new);
    Answer::of(by_token).await.expect(403);
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_a_replica_knows_it_too() {
    let app = App::with(&[("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]).await;
    let ada = app.user("ada@example.org").await;
    let token = ada.access_token.clone();
    let again = App::on(
        app.stop().await,
        &[("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")],
    )
    .await;
    let me = again
        .anonymous()
        .request(Method::GET, "/api/auth/me")
        .bearer_auth(token);
    Answer::of(me).await.expect(200);
}

/// The answer of a page, and the lifetime that its cookie is given, if it is given one.
fn lifetime(answer: &Answer) -> Option<&str> {
    let cookie = answer.header("set-cookie");
    let (_, attributes) = cookie.split_once("Max-Age=")?;
    attributes.split(';').next()
}

#[tokio::test]
async fn a_session_is_given_its_two_weeks_again_when_half_of_them_are_over() {
    const TWO_WEEKS: Option<&str> = Some("1209600");
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    assert_eq!(lifetime(&ada.login("ada@example.org", PASSWORD).await), TWO_WEEKS);
    app.clock.advance(Duration::days(6));
    assert_eq!(lifetime(&ada.get("/api/auth/me").await), None, "it is young");
    app.clock.advance(Duration::days(2));
    assert_eq!(lifetime(&ada.get("/api/auth/me").await), TWO_WEEKS);
    assert_eq!(lifetime(&ada.get("/api/auth/me").await), None);
}

#[tokio::test]
async fn a_change_of_the_session_does_not_shorten_the_cookies_life() {
    let app = App::start().await;
    let root = app.superuser().await;
    let form = root
        .request(Method::POST, "/fn/connectors/register")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .body("name=notes&description=For+a+test");
    let sent = Answer::of(form).await;
    assert_eq!((sent.status, lifetime(&sent)), (303, Some("1209600")));
}

#[tokio::test]
async fn nobody_fills_the_database_without_signing_in() {
    let app = App::start().await;
    app.superuser().await;
    let before = app.database.texts("SELECT id::text FROM sessions").await.len();
    let nobody = app.anonymous();
    let send = |path: &'static str, body: String| {
        let form = nobody
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html");
        Answer::of(form.body(body))
    };
    let long = "x".repeat(100_000);
    send("/fn/connectors/register", format!("name=notes&description={long}")).await;
    send("/fn/servers/create", format!("connector_id=1&name={long}")).await;
    assert_eq!(app.database.texts("SELECT id::text FROM sessions").await.len(), before);

    // What was typed into a form for them is kept, but no novel, and not for long.
    send("/fn/account/sign-in", format!("email={long}&password=x")).await;
    let kept = "SELECT length(data)::text FROM sessions WHERE user_id IS NULL";
    let kept = app.database.texts(kept).await;
    assert!(
        kept.len() == 1 && kept[0].parse::<usize>().unwrap() < 20_000,
        "{kept:?}"
    );
    app.clock.advance(Duration::minutes(11));
    app.engine.delete_expired_sessions().await.unwrap();
    assert_eq!(app.database.texts("SELECT id::text FROM sessions").await.len(), before);
}
