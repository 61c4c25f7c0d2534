//! What people do with their own account: password, sessions, second factor, API tokens, and its end.

use crate::support::{
    Answer, App, User,
    app::PASSWORD,
    client::text,
    totp,
    upstream::{Upstream, manifest, tool},
};
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

const OTHER_PASSWORD: &str = "another good password";

async fn sessions(user: &User) -> Vec<Value> {
    let list = user.get("/api/auth/sessions").await.expect(200);
    let sessions = list["sessions"].as_array().unwrap().clone();
    assert_eq!(
        (&list["total"], &list["next_cursor"]),
        (&json!(sessions.len()), &Value::Null)
    );
    sessions
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_a_wrong_one_changes_nothing() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let elsewhere = User::sign_in(app.url.clone(), ada.view.clone()).await;
    for (current, new, field) in [
        ("wrong", OTHER_PASSWORD, "current_password"),
        ("", OTHER_PASSWORD, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, &"x".repeat(1025), "new_password"),
    ] {
        let change = json!({ "current_password": current, "new_password": new });
        let refused = ada
            .put("/api/auth/password", change)
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{refused}");
    }
    elsewhere.get("/api/auth/me").await.expect(200);

    let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
    let changed = ada.put("/api/auth/password", change).await.expect(200);
    assert_eq!(changed, json!({ "sessions_ended": 1 }));
    ada.get("/api/auth/me").await.expect(200);
    elsewhere.get("/api/auth/me").await.expect(401);
    let nobody = app.anonymous();
    nobody.login("ada@example.org", PASSWORD).await.expect(401);
    nobody.login("ada@example.org", OTHER_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_or_all_others() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    let browser = app.anonymous();
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let credentials = json!({ "email": "ada@example.org", "password": PASSWORD });
    browser
        .send("POST", "/api/auth/login", &[("user-agent", firefox)], credentials)
        .await
        .expect(200);
    let third = User::sign_in(app.url.clone(), ada.view.clone()).await;
    let eve = app.user("eve@example.org").await;

    let list = sessions(&ada).await;
    assert_eq!(list.len(), 3);
    assert_eq!(list.iter().filter(|session| session["current"] == true).count(), 1);
    let of_browser = list
        .iter()
        .find(|session| session["device"] == "Firefox on Linux")
        .unwrap();
    assert_eq!(
        (&of_browser["address"], &of_browser["current"]),
        (&json!("127.0.0.1"), &json!(false))
    );
    let path = format!("/api/auth/sessions/{}", text(of_browser, "id"));
    eve.delete(&path).await.expect_error(404, "SESSION_NOT_FOUND");
    browser.get("/api/auth/me").await.expect(200);
    ada.delete(&path).await.expect(204);
    browser.get("/api/auth/me").await.expect(401);
    for path in [path.as_str(), "/api/auth/sessions/x"] {
        ada.delete(path).await.expect_error(404, "SESSION_NOT_FOUND");
    }

    assert_eq!(
        ada.delete("/api/auth/sessions").await.expect(200),
        json!({ "sessions_ended": 1 })
    );
    third.get("/api/auth/me").await.expect(401);
    let only = sessions(&ada).await;
    assert_eq!((only.len(), &only[0]["current"]), (1, &json!(true)));
    // The last one, too; the browser is told to forget it.
    let ended = ada
        .delete(&format!("/api/auth/sessions/{}", text(&only[0], "id")))
        .await;
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    ended.expect(204);
    ada.get("/api/auth/me").await.expect_error(401, "SIGNED_OUT");
    eve.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn who_signs_in_as_somebody_else_is_signed_out_before_the_code_is_asked_for() {
    let app = App::start().await;
    let (ada, bob) = (app.user("ada@example.org").await, app.user("bob@example.org").await);
    let path = "/api/auth/second-factor";
    let offer = bob.post(path, json!({ "password": PASSWORD })).await.expect(200);
    let code = || totp::code(&text(&offer, "secret"), app.clock.now());
    bob.post(&format!("{path}/confirm"), json!({ "code": code() }))
        .await
        .expect(200);
    app.clock.advance(Duration::minutes(2));

    let browser = app.anonymous();
    browser.login("ada@example.org", PASSWORD).await.expect(200);
    assert_eq!(sessions(&ada).await.len(), 2);
    let form = async |action: &str, body: String| {
        let request = browser.request(Method::POST, action).header("accept", "text/html");
        let sent = Answer::of(request.body(body)).await;
        sent.header("location").to_owned()
    };
    let email = "email=bob%40example.org";
    let next = form(
        "/fn/account/sign-in",
        format!("{email}&password={}", PASSWORD.replace(' ', "+")),
    )
    .await;
    assert_eq!(next, "/sign-in/code");
    assert_eq!(
        sessions(&ada).await.len(),
        1,
        "what a revoked session had can't come back"
    );
    browser.get("/api/auth/me").await.expect(401);
    assert_eq!(browser.get(&next).await.status, 200);
    form("/fn/account/sign-in-code", format!("{email}&code={}", code())).await;
    assert_eq!(
        browser.get("/api/auth/me").await.expect(200)["email"],
        "bob@example.org"
    );
}

#[tokio::test]
async fn a_second_factor_is_confirmed_asked_for_stood_in_for_and_taken_away() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    let password = json!({ "password": PASSWORD });
    let path = "/api/auth/second-factor";
    let wrong = ada.post(path, json!({ "password": "wrong" })).await;
    assert!(wrong.expect_error(422, "INVALID_FIELDS")["fields"]["password"].is_object());
    ada.post(&format!("{path}/confirm"), json!({ "code": "123456" }))
        .await
        .expect_error(409, "NO_SECOND_FACTOR");

    let offer = ada.post(path, &password).await.expect(200);
    let secret = text(&offer, "secret");
    assert!(text(&offer, "uri").starts_with("otpauth://totp/") && text(&offer, "qr_svg").contains("<svg"));
    let now = || app.clock.now();
    let wrong = ada.post(&format!("{path}/confirm"), json!({ "code": "000000x" })).await;
    assert!(wrong.expect_error(422, "INVALID_FIELDS")["fields"]["code"].is_object());
    let nobody = app.anonymous();
    nobody.login("ada@example.org", PASSWORD).await.expect(200);

    // Whose answer was lost on the way asks again with the same key.
    let confirm = json!({ "code": totp::code(&secret, now()) });
    let key = [("idempotency-key", "k")];
    let confirmed = ada
        .send("POST", &format!("{path}/confirm"), &key, confirm.clone())
        .await
        .expect(200);
    let again = ada
        .send("POST", &format!("{path}/confirm"), &key, confirm)
        .await
        .expect(200);
    assert_eq!(confirmed, again);
    let recovery = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(recovery.len(), 10);
    ada.post(path, &password).await.expect_error(409, "SECOND_FACTOR_ON");
    assert_eq!(ada.get("/api/auth/me").await.expect(200)["second_factor"], true);

    app.clock.advance(Duration::minutes(2));
    let login = async |code: Value, status: u16, error: &str| {
        let body = json!({ "email": "ada@example.org", "password": PASSWORD, "code": code });
        let answer = nobody.post("/api/auth/login", body).await;
        match status {
            200 => answer.expect(200),
            status => answer.expect_error(status, error),
        }
    };
    login(Value::Null, 401, "SECOND_FACTOR_REQUIRED").await;
    login(json!(""), 401, "SECOND_FACTOR_REQUIRED").await;
    login(json!("000000"), 401, "BAD_CODE").await;
    let code = totp::code(&secret, now());
    login(json!(code), 200, "").await;
    login(json!(code), 401, "BAD_CODE").await;
    login(recovery[0].clone(), 200, "").await;
    login(recovery[0].clone(), 401, "BAD_CODE").await;
    // Without the password nobody learns that there is one.
    let without = json!({ "email": "ada@example.org", "password": "wrong", "code": code });
    nobody
        .post("/api/auth/login", without)
        .await
        .expect_error(401, "BAD_CREDENTIALS");

    let renewed = ada.post(&format!("{path}/recovery-codes"), &password).await.expect(200);
    login(recovery[1].clone(), 401, "BAD_CODE").await;
    login(renewed["recovery_codes"][0].clone(), 200, "").await;
    ada.delete_with(path, json!({ "password": "wrong" })).await.expect(422);
    ada.delete_with(path, password.clone()).await.expect(204);
    ada.delete_with(path, password.clone())
        .await
        .expect_error(409, "NO_SECOND_FACTOR");
    login(Value::Null, 200, "").await;

    // Who lost all of it is helped by a superuser.
    app.clock.advance(Duration::minutes(2));
    let secret = text(&ada.post(path, &password).await.expect(200), "secret");
    let confirm = json!({ "code": totp::code(&secret, now()) });
    ada.post(&format!("{path}/confirm"), confirm).await.expect(200);
    let of_ada = format!("/api/users/{}/second-factor", ada.view.id);
    ada.delete(&of_ada).await.expect_error(403, "SUPERUSER_REQUIRED");
    root.delete(&of_ada).await.expect(204);
    root.delete(&of_ada).await.expect_error(409, "NO_SECOND_FACTOR");
    login(Value::Null, 200, "").await;
}

#[tokio::test]
async fn an_api_token_speaks_for_its_owner_everywhere_but_where_it_could_make_itself_at_home() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("add")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let made = ada.post("/api/tokens", json!({ "name": "laptop" })).await.expect(201);
    let token = text(&made, "token");
    assert!(
        token.starts_with("pb_") && token.starts_with(&text(&made, "prefix")),
        "{made}"
    );
    let list = ada.get("/api/tokens").await;
    assert!(!String::from_utf8_lossy(&list.body).contains(&token));
    assert_eq!(list.json()["tokens"][0]["last_used_at"], Value::Null);
    let stored = app
        .database
        .texts("SELECT api_tokens::text FROM api_tokens")
        .await
        .join("");
    assert!(!stored.contains(&token["pb_".len()..]));

    let program = app.anonymous();
    let send = |method: &'static str, path: &str, body: Value| {
        let path = path.to_owned();
        let (program, token) = (&program, &token);
        async move { program.with_token(token, method, &path, body).await }
    };
    assert_eq!(
        send("GET", "/api/auth/me", Value::Null).await.expect(200)["id"],
        ada.view.id.to_string()
    );
    let source = send("POST", "/api/sources", json!({ "type": "notes" }))
        .await
        .expect(201);
    let new = json!({ "name": "Mine", "source_ids": [source["id"]] });
    let server = send("POST", "/api/mcp-servers", new).await.expect(201);
    let server = format!("/api/mcp-servers/{}", text(&server, "id"));
    assert_eq!(ada.get(&server).await.expect(200)["name"], "Mine");
    for path in [
        "/api/connectors",
        "/api/sources",
        "/api/mcp-servers",
        "/api/tokens",
        "/api/auth/sessions",
        "/api/usage",
    ] {
        send("GET", path, Value::Null).await.expect(200);
    }
    send("POST", &format!("{server}/tokens"), json!({ "name": "x" }))
        .await
        .expect(201);
    send("GET", "/api/users", Value::Null)
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    assert!(ada.get("/api/tokens").await.json()["tokens"][0]["last_used_at"].is_string());

    let password = json!({ "password": PASSWORD });
    for (method, path, body) in [
        ("POST", "/api/tokens", json!({ "name": "another" })),
        (
            "PUT",
            "/api/auth/password",
            json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD }),
        ),
        ("POST", "/api/auth/second-factor", password.clone()),
        ("DELETE", "/api/auth/second-factor", password.clone()),
        ("POST", "/api/auth/second-factor/recovery-codes", password.clone()),
        ("DELETE", "/api/auth/me", password.clone()),
        ("POST", "/api/auth/logout", Value::Null),
    ] {
        let refused = send(method, path, body).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        refused.expect_error(403, "SESSION_REQUIRED");
    }

    // It works until it ends, is revoked, or its owner is switched off.
    let short = json!({ "name": "short", "expires_at": (app.clock.now() + Duration::minutes(5)).unix_timestamp() });
    ada.post("/api/tokens", short).await.expect_error(422, "INVALID_FIELDS");
    let end = patchbay_domain::Timestamp::from(app.clock.now() + Duration::minutes(5)).to_string();
    let short = ada
        .post("/api/tokens", json!({ "name": "short", "expires_at": end }))
        .await
        .expect(201);
    let short = text(&short, "token");
    let me = async |token: &str| program.with_token(token, "GET", "/api/auth/me", Value::Null).await;
    me(&short).await.expect(200);
    app.clock.advance(Duration::minutes(5));
    me(&short).await.expect_error(401, "BAD_TOKEN");
    let of_ada = format!("/api/users/{}", ada.view.id);
    root.patch(&of_ada, json!({ "disabled": true })).await.expect(200);
    me(&token).await.expect_error(401, "BAD_TOKEN");
    root.patch(&of_ada, json!({ "disabled": false })).await.expect(200);
    me(&token).await.expect(200);
    let one = format!("/api/tokens/{}", text(&made, "id"));
    let eve = app.user("eve@example.org").await;
    eve.delete(&one).await.expect_error(404, "TOKEN_NOT_FOUND");
    send("DELETE", &one, Value::Null).await.expect(204);
    me(&token).await.expect_error(401, "BAD_TOKEN");
    let ada = User::sign_in(app.url.clone(), ada.view.clone()).await;
    for path in [one.as_str(), "/api/tokens/x"] {
        ada.delete(path).await.expect_error(404, "TOKEN_NOT_FOUND");
    }
    for bad in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "n".repeat(256) }),
        json!({ "name": "x", "roles": [] }),
    ] {
        ada.post("/api/tokens", bad).await.expect_error(422, "INVALID_FIELDS");
    }
    assert_eq!(me("pb_").await.status, 401);
    assert_eq!(me("pb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.status, 401);
}

#[tokio::test]
async fn an_account_is_deleted_by_its_owner_with_all_that_they_own() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    ada.post("/api/sources", json!({ "type": "notes" })).await.expect(201);
    ada.post("/api/mcp-servers", json!({ "name": "Mine" }))
        .await
        .expect(201);
    let token = text(
        &ada.post("/api/tokens", json!({ "name": "x" })).await.expect(201),
        "token",
    );
    let belongings = json!({ "mcp_servers": 1, "mcp_server_tokens": 1, "sources": 1, "api_tokens": 1, "sessions": 1 });
    let of_ada = format!("/api/users/{}", ada.view.id);
    let told = root.get(&format!("{of_ada}/belongings")).await.expect(200);
    assert_eq!(told, belongings);

    let wrong = ada.delete_with("/api/auth/me", json!({ "password": "wrong" })).await;
    assert!(wrong.expect_error(422, "INVALID_FIELDS")["fields"]["password"].is_object());
    ada.delete_with("/api/auth/me", Value::Null)
        .await
        .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    root.delete_with("/api/auth/me", json!({ "password": PASSWORD }))
        .await
        .expect_error(409, "LAST_SUPERUSER");
    let gone = ada.delete_with("/api/auth/me", json!({ "password": PASSWORD })).await;
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(gone.expect(200), belongings);

    ada.get("/api/auth/me").await.expect_error(401, "SIGNED_OUT");
    for token in [&token, &ada.access_token] {
        let answer: Answer = ada.with_token(token, "GET", "/api/auth/me", Value::Null).await;
        answer.expect_error(401, "BAD_TOKEN");
    }
    app.anonymous().login("ada@example.org", PASSWORD).await.expect(401);
    root.get(&of_ada).await.expect_error(404, "USER_NOT_FOUND");
    app.user("ada@example.org").await;
}
