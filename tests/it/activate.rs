//! The second step: a connector's definitions are fetched from its running service. What a manifest may say is tested in `manifest`.

mod manifest;

use crate::support::{
    App, Superuser,
    upstream::{Upstream, manifest, mcp, nobody, raw, tool},
};
use axum::{Json, Router, response::Redirect, routing::get};
use serde_json::{Value, json};

/// The sentence that activation from this URL is refused with.
async fn refused(root: &Superuser, url: &str) -> String {
    let connector = root.register(&format!("from {url}")).await;
    let body = root.activate(&connector, url).await.expect(400);
    assert_eq!(body["message"], body["detail"]);
    let id = connector["connector_id"].to_string();
    let after = root.get(&format!("/api/connectors/{id}")).await.expect(200);
    assert_eq!(
        (&after["mode"], &after["url"]),
        (&json!("deactive"), &json!("")),
        "nothing has changed"
    );
    body["detail"].as_str().unwrap().to_owned()
}

fn serving(body: &'static str) -> Router {
    Router::new().route("/connector.json", get(move || async move { raw(body.to_owned()) }))
}

#[tokio::test]
async fn an_activated_connector_is_answered_with_what_was_found() {
    let app = App::start().await;
    let root = app.superuser().await;
    let connector = root.register("my_connector").await;
    let mut offer = manifest(json!([tool("a"), tool("b")]));
    offer["templates"] = json!([{ "name": "t" }]);
    let service = Upstream::connector(offer).await;
    let body = root.activate(&connector, &service.manifest_url()).await.expect(200);
    assert_eq!(
        body,
        json!({
            "status": "activated",
            "message": "Connector 'my_connector' activated successfully",
            "id": connector["id"],
            "connector_id": 1,
            "name": "my_connector",
            "url": service.manifest_url(),
            "mode": "active",
            "version": "2.1.0",
            "tools_count": 2,
            "templates_count": 1,
            "created_at": connector["created_at"],
            "updated_at": body["updated_at"],
            "warnings": [],
        })
    );
    let shown = root.get("/api/connectors/1").await.expect(200);
    assert_eq!(
        shown["description"], "A service for tests",
        "a different description replaces the old one"
    );
    assert_eq!(shown["name"], "my_connector", "and the registered name is kept");
    let row = app
        .database
        .texts("SELECT mode || '|' || version FROM mcp_connectors")
        .await;
    assert_eq!(row, ["active|2.1.0"]);
}

#[tokio::test]
async fn ids_are_taken_as_number_string_and_uuid() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([]))).await;
    let connector = root.register("c").await;
    for id in [json!(1), json!("1"), connector["id"].clone()] {
        let body = json!({ "connector_id": id, "connector_url": service.manifest_url() });
        root.post("/api/connectors/activate", body).await.expect(200);
    }
    for bad in [json!("one"), json!(null), json!(1.5), json!([1])] {
        let body = json!({ "connector_id": bad, "connector_url": service.manifest_url() });
        let body = root
            .post("/api/connectors/activate", body)
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(body["fields"]["connector_id"].is_object(), "{body}");
    }
}

#[tokio::test]
async fn nobody_listening_is_told_as_connection_refused() {
    let app = App::start().await;
    let root = app.superuser().await;
    assert_eq!(
        refused(&root, &nobody().await).await,
        "Failed to connect to connector URL: Connection refused"
    );
}

#[tokio::test]
async fn an_answer_without_success_is_told_with_its_url_and_status() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::serve(Router::new()).await;
    let url = service.manifest_url();
    assert_eq!(
        refused(&root, &url).await,
        format!("Failed to fetch connector schema from {url}. Status: 404")
    );
}

#[tokio::test]
async fn an_unknown_connector_is_told_by_its_id() {
    let app = App::start().await;
    let root = app.superuser().await;
    let body = json!({ "connector_id": 99, "connector_url": "http://localhost:8025/connector.json" });
    let body = root
        .post("/api/connectors/activate", body)
        .await
        .expect_error(404, "CONNECTOR_NOT_FOUND");
    assert_eq!(body["detail"], "Connector with ID 99 not found");
}

#[tokio::test]
async fn only_superusers_activate() {
    let app = App::start().await;
    let body = json!({ "connector_id": 1, "connector_url": "http://localhost:8025/connector.json" });
    app.anonymous()
        .post("/api/connectors/activate", &body)
        .await
        .expect_error(401, "SIGNED_OUT");
    let ada = app.user("ada@example.org").await;
    let body = ada
        .post("/api/connectors/activate", &body)
        .await
        .expect_error(403, "SUPERUSER_REQUIRED");
    assert_eq!(body["detail"], "Access denied. Superuser role required.");
}

#[tokio::test]
async fn what_is_no_url_is_refused_before_anybody_is_called() {
    let app = App::start().await;
    let root = app.superuser().await;
    let connector = root.register("c").await;
    let long = format!("http://localhost/{}", "x".repeat(2048));
    for bad in [
        "",
        " ",
        "nope",
        "ftp://localhost/connector.json",
        "file:///etc/passwd",
        "http://u:p@localhost/",
        "http://",
        &long,
    ] {
        let body = root.activate(&connector, bad).await.expect_error(422, "INVALID_FIELDS");
        assert!(body["fields"]["connector_url"].is_object(), "{bad}: {body}");
    }
}

#[tokio::test]
async fn addresses_inside_the_network_are_refused_unless_they_are_allowed() {
    let app = App::with(&[("PATCHBAY_EGRESS_ALLOW", "192.0.2.0/24")]).await;
    let root = app.superuser().await;
    for url in [
        "http://127.0.0.1:1/connector.json",
        "http://localhost:1/connector.json",
        "http://[::1]:1/connector.json",
        "http://[::ffff:127.0.0.1]:1/connector.json",
        "http://169.254.169.254/latest/connector.json",
        "http://10.0.0.1/connector.json",
        "http://0.0.0.0:1/connector.json",
        "http://2130706433/connector.json",
    ] {
        let connector = root.register(url).await;
        let body = root
            .activate(&connector, url)
            .await
            .expect_error(400, "CONNECTOR_URL_REFUSED");
        assert!(
            body["detail"]
                .as_str()
                .unwrap()
                .starts_with("Failed to connect to connector URL: "),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_followed_within_its_origin_only() {
    let app = App::start().await;
    let root = app.superuser().await;
    let elsewhere = Upstream::connector(manifest(json!([tool("stolen")]))).await;
    let away = elsewhere.manifest_url();
    let service = Upstream::serve(
        Router::new()
            .route("/away.json", get(move || async move { Redirect::temporary(&away) }))
            .route(
                "/inside.json",
                get(|| async { Redirect::permanent("/other/real.json") }),
            )
            .route(
                "/other/real.json",
                get(|| async { Json(manifest(json!([tool("mine")]))) }),
            )
            .route("/round.json", get(|| async { Redirect::temporary("/round.json") })),
    )
    .await;
    let sentence = refused(&root, &service.url("/away.json")).await;
    assert!(
        sentence.starts_with("Failed to connect to connector URL: "),
        "{sentence}"
    );
    assert!(elsewhere.seen().is_empty(), "nobody was asked there");
    refused(&root, &service.url("/round.json")).await;
    let connector = root.register("redirected").await;
    root.activate(&connector, &service.url("/inside.json"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_plain_mcp_endpoint_is_a_connector_too() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::serve(mcp(&json!([tool("plain")]).to_string(), "{}")).await;
    let body = root.active_connector("plain", &service.url("/mcp")).await;
    assert_eq!((&body["tools_count"], &body["version"]), (&json!(1), &json!("2.1.0")));
}

#[tokio::test]
async fn an_mcp_endpoint_that_does_not_answer_yet_is_a_warning() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service =
        Upstream::serve(Router::new().route("/connector.json", get(|| async { Json(manifest(json!([]))) }))).await;
    let body = root.active_connector("early", &service.manifest_url()).await;
    assert_eq!(
        (&body["mode"], body["warnings"].as_array().unwrap().len()),
        (&json!("active"), 1),
        "{body}"
    );
}

#[tokio::test]
async fn the_secret_is_shown_to_the_connector_and_to_nobody_else() {
    let app = App::start().await;
    let root = app.superuser().await;
    let connector = root.register_with_secret("guarded", "my_secure_secret_123").await;
    let service = Upstream::connector(manifest(json!([]))).await;
    let answer = root.activate(&connector, &service.manifest_url()).await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("my_secure_secret"));
    answer.expect(200);
    let seen = service.seen();
    assert!(seen.iter().any(|request| request.path == "/connector.json"));
    for request in seen {
        // Who didn't ask for it, the manifest's host, doesn't get it.
        let is_mcp = request.path != "/connector.json";
        let shown = request
            .headers
            .get("authorization")
            .map(axum::http::HeaderValue::as_bytes);
        let expected = is_mcp.then_some(&b"Bearer my_secure_secret_123"[..]);
        assert_eq!(shown, expected, "{}", request.path);
    }
}

#[tokio::test]
async fn activating_again_takes_what_the_service_says_now() {
    let app = App::start().await;
    let root = app.superuser().await;
    let first = Upstream::connector(manifest(json!([tool("a")]))).await;
    let second = Upstream::connector(manifest(json!([tool("b"), tool("c")]))).await;
    let connector = root.register("moving").await;
    let count = async |service: &Upstream| -> Value {
        root.activate(&connector, &service.manifest_url()).await.expect(200)["tools_count"].clone()
    };
    assert_eq!(count(&first).await, 1);
    assert_eq!(count(&second).await, 2);
}
