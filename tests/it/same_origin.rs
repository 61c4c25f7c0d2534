//! Other sites can't act with a visitor's cookie, and programs aren't hindered.

use crate::support::{Answer, App, app::PASSWORD, client::text};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_request_that_changes_something_must_come_from_our_own_pages() {
    let app = App::with(&[("PATCHBAY_PUBLIC_URL", "https://patchbay.example")]).await;
    let root = app.superuser().await;
    let signed_in = root.login("root@example.org", PASSWORD).await;
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let bearer = format!("Bearer {}", text(&signed_in.json(), "access_token"));
    let attempt = async |name: &str, headers: &[(&'static str, &str)]| {
        let body = json!({ "name": name, "description": "x" });
        let mut request = app
            .anonymous()
            .request(Method::POST, "/api/connectors/register")
            .json(&body);
        request = request.header("cookie", &cookie);
        for (header, value) in headers {
            request = request.header(*header, *value);
        }
        Answer::of(request).await
    };
    for (index, elsewhere) in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://patchbay.example")],
    ]
    .into_iter()
    .enumerate()
    {
        attempt(&format!("refused {index}"), elsewhere)
            .await
            .expect_error(403, "CROSS_ORIGIN");
    }
    for (index, ours) in [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://patchbay.example")],
        &[("sec-fetch-site", "cross-site"), ("authorization", bearer.as_str())],
    ]
    .into_iter()
    .enumerate()
    {
        attempt(&format!("taken {index}"), ours).await.expect(201);
    }
}

#[tokio::test]
async fn the_cookie_passes_from_our_own_origin_and_reading_passes_from_anywhere() {
    let app = App::start().await;
    let root = app.superuser().await;
    // Without a public URL of its own the server is at `localhost`.
    let own = format!("http://localhost:{}", app.url.port().unwrap());
    let body = json!({ "name": "mine", "description": "x" });
    let from_own = root
        .request(Method::POST, "/api/connectors/register")
        .header("origin", own)
        .json(&body);
    Answer::of(from_own).await.expect(201);
    let reading = root
        .request(Method::GET, "/api/connectors")
        .header("sec-fetch-site", "cross-site");
    Answer::of(reading).await.expect(200);
    let deleting = root
        .request(Method::DELETE, "/api/mcp-servers/x")
        .header("sec-fetch-site", "cross-site");
    Answer::of(deleting).await.expect(403);
}

#[tokio::test]
async fn signing_in_can_not_be_done_to_somebody_by_another_site() {
    let app = App::start().await;
    let login = app
        .anonymous()
        .request(Method::POST, "/api/auth/login")
        .header("sec-fetch-site", "cross-site");
    Answer::of(login.json(&json!({ "email": "a@b.c", "password": "x" })))
        .await
        .expect_error(403, "CROSS_ORIGIN");
}

#[tokio::test]
async fn a_name_that_was_pointed_at_us_gets_nothing() {
    let app = App::start().await;
    let asked_as = async |host: &str, path: &str| {
        let request = app.anonymous().request(Method::GET, path).header("host", host);
        Answer::of(request).await
    };
    asked_as("evil.example:9000", "/api/auth/me")
        .await
        .expect_error(421, "UNKNOWN_HOST");
    asked_as("evil.example", "/sign-in")
        .await
        .expect_error(421, "UNKNOWN_HOST");
    assert_eq!(asked_as("127.0.0.1", "/set-up").await.status, 200);
    // Probes come by whatever name the network has.
    assert_eq!(asked_as("patchbay.internal", "/healthz").await.status, 200);
}
