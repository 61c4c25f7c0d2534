//! What holds for every request: shapes of errors, headers, limits, health.

use crate::support::{Answer, App};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn what_is_not_there_is_told_in_the_apis_own_shape() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/connectors/1/nothing",
        "/api/connectors/",
        "/api/openapi.yaml",
    ] {
        nobody.get(path).await.expect_error(404, "UNKNOWN_ROUTE");
    }
    for (method, path) in [
        (Method::PUT, "/api/connectors"),
        (Method::GET, "/api/auth/login"),
        (Method::PATCH, "/api/mcp-servers/x/tokens"),
        (Method::POST, "/api/connectors/1"),
    ] {
        Answer::of(nobody.request(method, path))
            .await
            .expect_error(405, "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let login = |kind: Option<&'static str>, body: Vec<u8>| {
        let request = nobody.request(Method::POST, "/api/auth/login").body(body);
        match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        }
    };
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
    ] {
        Answer::of(login(kind, b"{}".to_vec()))
            .await
            .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for body in [
        &b""[..],
        b"{",
        br#"{"email":"a","password":"b"} x"#,
        b"{'email': 1}",
        b"\xff\xfe",
        b"{\"email\": \"\xff\"}",
    ] {
        Answer::of(login(Some("application/json"), body.to_vec()))
            .await
            .expect_error(422, "MALFORMED_JSON");
    }
}

#[tokio::test]
async fn a_body_of_more_than_a_mebibyte_is_not_read() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let large = json!({ "email": "x".repeat(1 << 20), "password": "x" }).to_string();
    let announced = nobody
        .request(Method::POST, "/api/connectors/register")
        .body(large.clone());
    let announced = announced.header("content-type", "application/json");
    Answer::of(announced).await.expect_error(413, "TOO_LARGE");
    let root = app.superuser().await;
    let chunks = futures::stream::iter(
        large
            .into_bytes()
            .chunks(65536)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    let streamed = root
        .request(Method::POST, "/api/connectors/register")
        .body(reqwest::Body::wrap_stream(chunks));
    Answer::of(streamed.header("content-type", "application/json"))
        .await
        .expect_error(413, "TOO_LARGE");
}

#[tokio::test]
async fn every_answer_has_an_id_and_tells_browsers_to_be_careful() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/healthz", "/api/auth/me", "/api/nothing", "/sign-in", "/no-such-page"] {
        let answer = nobody.get(path).await;
        assert!(ids.insert(answer.header("x-request-id").to_owned()), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "{path}: this server speaks http"
        );
    }
    assert!(!ids.contains(""));
    let named = nobody
        .request(Method::GET, "/api/nothing")
        .header("x-request-id", "mine");
    let answer = Answer::of(named).await;
    let id = answer.header("x-request-id").to_owned();
    assert_ne!(id, "mine", "a caller doesn't choose what stands in our log");
    assert_eq!(answer.json()["request_id"], id);
}

#[tokio::test]
async fn health_is_asked_for_without_signing_in_and_readiness_knows_the_database() {
    let app = App::start().await;
    let nobody = app.anonymous();
    nobody.get("/healthz").await.expect(200);
    assert_eq!(nobody.get("/readyz").await.expect(200), json!({ "status": "ready" }));
}

#[tokio::test]
async fn a_fault_of_ours_tells_its_id_and_nothing_else() {
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    app.database.execute("ALTER TABLE mcp_servers RENAME TO hidden").await;
    let answer = ada.get("/api/mcp-servers").await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let body = answer.expect_error(500, "INTERNAL");
    assert_eq!(body["detail"], "Something went wrong on our side.");
    for word in ["mcp_servers", "relation", "SELECT", "sqlx"] {
        assert!(!text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_not_said_to_be_too_large() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let app = App::start().await;
    let mut connection = tokio::net::TcpStream::connect(("127.0.0.1", app.url.port().unwrap()))
        .await
        .unwrap();
    let half = "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{\"email\":";
    connection.write_all(half.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
}
