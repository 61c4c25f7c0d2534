//! What a service's manifest may say, and what becomes of one that says something else.

use super::{refused, serving};
use crate::support::{
    App,
    upstream::{Upstream, raw, tool},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::header,
    response::{Html, IntoResponse as _},
    routing::get,
};
use futures::stream;
use serde_json::json;
use std::convert::Infallible;

#[tokio::test]
async fn what_is_no_manifest_is_refused_with_the_reason() {
    let app = App::start().await;
    let root = app.superuser().await;
    let page = Router::new().route(
        "/connector.json",
        get(|| async { Html("<!doctype html><title>Sign in</title>") }),
    );
    let two = json!({ "name": "x", "tools": [tool("same"), tool("same")] }).to_string();
    let two: &'static str = Box::leak(two.into_boxed_str());
    for (routes, reason) in [
        (page, "It answered with a web page, not with JSON."),
        (serving("not json"), "It didn't answer with JSON."),
        (serving(""), "It didn't answer with JSON."),
        (serving(r#"{"tools": {}}"#), "Its tools are not a list of MCP tools"),
        (
            serving(r#"{"tools": [{"name": "x", "inputSchema": 7}]}"#),
            "The inputSchema of the tool 'x' is not a JSON Schema object.",
        ),
        (
            serving(r#"{"tools": [{"name": "", "inputSchema": {}}]}"#),
            "A tool's name is not a line of 1 to 256 characters.",
        ),
        (serving(r#"{"config": {"params": {"type": 7}}}"#), "config"),
        (serving(two), "There are two tools with the name 'same'."),
    ] {
        let service = Upstream::serve(routes).await;
        let sentence = refused(&root, &service.manifest_url()).await;
        let begins = format!("Failed to fetch connector schema from {}. ", service.manifest_url());
        assert!(sentence.starts_with(&begins) && sentence.contains(reason), "{sentence}");
    }
}

#[tokio::test]
async fn a_manifest_that_is_too_large_or_never_ends_is_given_up() {
    let app = App::start().await;
    let root = app.superuser().await;
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(5 * 1024 * 1024));
    let endless = || async {
        let words = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![b' '; 64 * 1024])));
        ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(words)).into_response()
    };
    let service = Upstream::serve(
        Router::new()
            .route("/large.json", get(move || async move { raw(large) }))
            .route("/endless.json", get(endless)),
    )
    .await;
    for path in ["/large.json", "/endless.json"] {
        let sentence = refused(&root, &service.url(path)).await;
        assert!(
            sentence.starts_with("Failed to connect to connector URL: "),
            "{path}: {sentence}"
        );
    }
}

#[tokio::test]
async fn a_logo_is_what_it_is_and_not_what_it_says() {
    let app = App::start().await;
    let root = app.superuser().await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on".to_vec();
    let service = Upstream::serve(
        Router::new()
            .route(
                "/good.json",
                get(|| async { Json(json!({ "name": "x", "logo_url": "logo.png" })) }),
            )
            .route(
                "/bad.json",
                get(|| async { Json(json!({ "name": "x", "logo_url": "/script.png" })) }),
            )
            .route(
                "/logo.png",
                get(move || async move { ([(header::CONTENT_TYPE, "text/html")], png) }),
            )
            .route(
                "/script.png",
                get(|| async { ([(header::CONTENT_TYPE, "image/png")], "<script>alert(1)</script>") }),
            ),
    )
    .await;
    let good = root.active_connector("good", &service.url("/good.json")).await;
    let logo = root.get("/api/connectors/1/logo").await;
    assert_eq!(
        (
            logo.status,
            logo.header("content-type"),
            logo.header("x-content-type-options")
        ),
        (200, "image/png", "nosniff")
    );
    assert!(logo.header("content-security-policy").contains("sandbox"));
    let etag = logo.header("etag").to_owned();
    let again = root
        .request(reqwest::Method::GET, "/api/connectors/1/logo")
        .header("if-none-match", etag);
    assert_eq!(crate::support::Answer::of(again).await.status, 304);
    assert!(
        good["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|warning| !warning.as_str().unwrap().contains("logo"))
    );

    let bad = root.active_connector("bad", &service.url("/bad.json")).await;
    assert!(bad["warnings"].to_string().to_lowercase().contains("logo"), "{bad}");
    root.get("/api/connectors/2/logo")
        .await
        .expect_error(404, "LOGO_NOT_FOUND");
}

#[tokio::test]
async fn missing_keys_get_defaults() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::serve(serving("{}")).await;
    let body = root.active_connector("bare", &service.manifest_url()).await;
    assert_eq!(
        (&body["version"], &body["tools_count"], &body["templates_count"]),
        (&json!("1.0.0"), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn definitions_come_back_as_they_were_written() {
    let app = App::start().await;
    let root = app.superuser().await;
    let tools = r#"[{"zeta":1.0,"name":"x","inputSchema":{"type":"object","b":1e2,"a":[]},"_meta":{"x/y":null}}]"#;
    let body: &'static str = Box::leak(format!(r#"{{"tools":{tools}}}"#).into_boxed_str());
    let service = Upstream::serve(serving(body)).await;
    root.active_connector("verbatim", &service.manifest_url()).await;
    let shown = root.get("/api/connectors/1").await;
    assert!(String::from_utf8_lossy(&shown.body).contains(&format!(r#""tools":{tools}"#)));
}
