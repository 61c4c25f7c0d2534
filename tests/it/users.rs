//! Everybody's accounts, for superusers: found, given roles, switched off, helped, invited, deleted.

use crate::support::{App, Superuser, User, app::PASSWORD, client::text};
use futures::future::join;
use serde_json::{Value, json};
use time::Duration;

fn path(user: &User) -> String {
    format!("/api/users/{}", user.view.id)
}

async fn emails(root: &Superuser, query: &str) -> Vec<String> {
    let (mut emails, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = root
            .get(&format!("/api/users?limit=2{query}{cursor}"))
            .await
            .expect(200);
        let users = page["users"].as_array().unwrap();
        emails.extend(users.iter().map(|user| text(user, "email")));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                assert_eq!(page["total"], emails.len(), "{query}");
                return emails;
            }
        }
    }
}

#[tokio::test]
async fn users_are_found_and_shown_with_what_they_have() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    let bob = app.user("bob_b@example.org").await;
    ada.post("/api/sources", json!({ "type": "notes" })).await.expect(201);
    ada.post("/api/mcp-servers", json!({ "name": "Mine" }))
        .await
        .expect(201);
    root.patch(&path(&bob), json!({ "roles": ["admin"], "disabled": true }))
        .await
        .expect(200);
    let all = ["bob_b@example.org", "ada@example.org", "root@example.org"];
    assert_eq!(emails(&root, "").await, all);
    assert_eq!(emails(&root, "&q=ADA").await, [all[1]]);
    assert_eq!(emails(&root, "&q=b_b").await, [all[0]]);
    assert_eq!(emails(&root, "&role=admin").await, [all[0]]);
    assert_eq!(emails(&root, "&role=superuser&disabled=false").await, [all[2]]);
    assert_eq!(emails(&root, "&disabled=true").await, [all[0]]);
    for (bad, field) in [
        ("role=king", "role"),
        ("disabled=x", "disabled"),
        ("cursor=x", "cursor"),
        ("name=x", "name"),
    ] {
        let refused = root
            .get(&format!("/api/users?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }
    let shown = root.get(&path(&ada)).await.expect(200);
    assert_eq!(
        (
            &shown["servers_count"],
            &shown["sources_count"],
            &shown["roles"],
            &shown["disabled_at"]
        ),
        (&json!(1), &json!(1), &json!([]), &Value::Null)
    );
    assert!(
        shown["last_seen_at"].is_string() && !shown.to_string().contains("argon2"),
        "{shown}"
    );
    for missing in ["x", "1", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("/api/users/{missing}");
        root.get(&path).await.expect_error(404, "USER_NOT_FOUND");
        root.patch(&path, json!({})).await.expect_error(404, "USER_NOT_FOUND");
        root.delete(&path).await.expect_error(404, "USER_NOT_FOUND");
        root.post(&format!("{path}/reset-link"), json!({}))
            .await
            .expect_error(404, "USER_NOT_FOUND");
        ada.get(&path).await.expect_error(403, "SUPERUSER_REQUIRED");
    }
}

#[tokio::test]
async fn roles_and_doors_are_opened_and_closed_and_somebody_stays_in_charge() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    let unchanged = root.patch(&path(&ada), json!({})).await.expect(200);
    assert_eq!(unchanged["roles"], json!([]));
    for (bad, field) in [
        (json!({ "roles": ["king"] }), "roles[0]"),
        (json!({ "roles": "admin" }), "roles"),
        (json!({ "disabled": "yes" }), "disabled"),
        (json!({ "email": "x@example.org" }), "email"),
    ] {
        let refused = root.patch(&path(&ada), &bad).await.expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }

    let token = text(
        &ada.post("/api/tokens", json!({ "name": "x" })).await.expect(201),
        "token",
    );
    let off = root.patch(&path(&ada), json!({ "disabled": true })).await.expect(200);
    assert!(off["disabled_at"].is_string());
    ada.get("/api/auth/me").await.expect(401);
    ada.with_token(&token, "GET", "/api/auth/me", Value::Null)
        .await
        .expect(401);
    let nobody = app.anonymous();
    nobody
        .login("ada@example.org", PASSWORD)
        .await
        .expect_error(401, "BAD_CREDENTIALS");
    let on = json!({ "disabled": false, "roles": ["superuser", "admin", "admin"] });
    let on = root.patch(&path(&ada), on).await.expect(200);
    assert_eq!(
        (&on["roles"], &on["disabled_at"]),
        (&json!(["admin", "superuser"]), &Value::Null)
    );
    let ada = User::sign_in(app.url.clone(), ada.view.clone()).await;
    ada.get("/api/users").await.expect(200);

    // Two at once can't take each other's role away.
    let demote = json!({ "roles": [] });
    let (one, other) = (path(&ada), path(&root));
    let (one, other) = join(root.patch(&one, &demote), ada.patch(&other, &demote)).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(matches!(statuses, [200, 403 | 409]), "{statuses:?}");
    let (left, gone): (&User, &User) = if one.status == 200 {
        (&root, &ada)
    } else {
        (&ada, &root)
    };
    gone.get("/api/users").await.expect_error(403, "SUPERUSER_REQUIRED");
    for last in [json!({ "roles": ["admin"] }), json!({ "disabled": true })] {
        left.patch(&path(left), last).await.expect_error(409, "LAST_SUPERUSER");
    }
    left.delete(&path(left)).await.expect_error(409, "OWN_ACCOUNT");
    let belongings = left.delete(&path(gone)).await.expect(200);
    assert_eq!(belongings["sessions"], 1);
    gone.get("/api/auth/me").await.expect(401);
}

#[tokio::test]
async fn an_invitation_makes_one_account_of_its_kind() {
    let app = App::with(&[("PATCHBAY_SIGNUP", "invite")]).await;
    let root = app.superuser().await;
    let bare = root
        .send("POST", "/api/invitations", &[], Value::Null)
        .await
        .expect(201);
    // The newest comes first.
    app.clock.advance(Duration::SECOND);
    let new = json!({ "email": "Ada@example.org", "roles": ["admin"] });
    let bound = root.post("/api/invitations", new).await.expect(201);
    let token = text(&bound, "token");
    assert!(text(&bound, "link").ends_with(&format!("/sign-up#token={token}")));
    let list = root.get("/api/invitations?limit=1").await;
    assert!(!String::from_utf8_lossy(&list.body).contains(&token));
    let list = list.expect(200);
    assert_eq!((&list["total"], list["next_cursor"].is_string()), (&json!(2), true));
    let open = &list["invitations"][0];
    assert_eq!(
        (&open["email"], &open["roles"], &open["created_by"]),
        (&json!("Ada@example.org"), &json!(["admin"]), &json!("root@example.org"))
    );
    for (bad, field) in [
        (json!({ "email": "ada" }), "email"),
        (json!({ "email": "root@example.org" }), "email"),
        (json!({ "roles": ["king"] }), "roles[0]"),
        (json!({ "days": 7 }), "days"),
    ] {
        let refused = root
            .post("/api/invitations", &bad)
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }

    let nobody = app.anonymous();
    let register = async |email: &str, invitation: Value| {
        let body = json!({ "email": email, "password": PASSWORD, "invitation": invitation });
        nobody.post("/api/auth/register", body).await
    };
    register("ada@example.org", Value::Null)
        .await
        .expect_error(403, "SIGN_UP_CLOSED");
    register("ada@example.org", json!("guessed"))
        .await
        .expect_error(403, "BAD_INVITATION");
    let other = register("eve@example.org", json!(token)).await;
    assert!(other.expect_error(422, "INVALID_FIELDS")["fields"]["email"].is_object());
    let made = register("ada@example.org", json!(token)).await.expect(201);
    assert_eq!(made["roles"], json!(["admin"]));
    register("ada2@example.org", json!(token))
        .await
        .expect_error(403, "BAD_INVITATION");

    // Taken back, and too late.
    let one = format!("/api/invitations/{}", text(&bare, "id"));
    root.delete(&one).await.expect(204);
    for path in [one.as_str(), "/api/invitations/x"] {
        root.delete(path).await.expect_error(404, "INVITATION_NOT_FOUND");
    }
    register("bob@example.org", bare["token"].clone())
        .await
        .expect_error(403, "BAD_INVITATION");
    let late = root.post("/api/invitations", json!({})).await.expect(201);
    app.clock.advance(Duration::days(7));
    register("bob@example.org", late["token"].clone())
        .await
        .expect_error(403, "BAD_INVITATION");
    assert_eq!(root.get("/api/invitations").await.expect(200)["total"], 0);

    let closed = App::with(&[("PATCHBAY_SIGNUP", "closed")]).await;
    let root = closed.superuser().await;
    let invited = root.post("/api/invitations", json!({})).await.expect(201);
    let body = json!({ "email": "bob@example.org", "password": PASSWORD, "invitation": invited["token"] });
    closed
        .anonymous()
        .post("/api/auth/register", body)
        .await
        .expect_error(403, "SIGN_UP_CLOSED");
}

#[tokio::test]
async fn a_lost_password_is_set_with_a_link_that_works_once_and_for_a_day() {
    let app = App::start().await;
    let root = app.superuser().await;
    let ada = app.user("ada@example.org").await;
    let link = format!("{}/reset-link", path(&ada));
    let first = text(&root.post(&link, json!({})).await.expect(201), "token");
    let made = root.send("POST", &link, &[], Value::Null).await.expect(201);
    let token = text(&made, "token");
    assert!(text(&made, "link").ends_with(&format!("/reset-password#token={token}")));
    let nobody = app.anonymous();
    let reset = async |token: &str, password: &str| {
        nobody
            .post("/api/auth/reset", json!({ "token": token, "password": password }))
            .await
    };
    for old in [first.as_str(), "guessed", ""] {
        reset(old, "another good password")
            .await
            .expect_error(403, "BAD_RESET_LINK");
    }
    let short = reset(&token, "short").await;
    assert!(short.expect_error(422, "INVALID_FIELDS")["fields"]["password"].is_object());
    ada.get("/api/auth/me").await.expect(200);
    reset(&token, "another good password").await.expect(204);
    ada.get("/api/auth/me").await.expect(401);
    nobody.login("ada@example.org", PASSWORD).await.expect(401);
    nobody
        .login("ada@example.org", "another good password")
        .await
        .expect(200);
    reset(&token, "a third good password")
        .await
        .expect_error(403, "BAD_RESET_LINK");
    let late = text(&root.post(&link, json!({})).await.expect(201), "token");
    app.clock.advance(Duration::hours(24));
    reset(&late, "a third good password")
        .await
        .expect_error(403, "BAD_RESET_LINK");
}
