//! Everything that can be wrong with what a person gives: each kind has a sentence of its own, the same by every way in, and
//! leaves nothing behind.

use crate::support::{
    App, Superuser,
    upstream::{Upstream, manifest, raw, tool},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    http::header,
    response::{Html, IntoResponse as _, Redirect},
    routing::get,
};
use futures::{future::join_all, stream};
use serde_json::{Value, json};
use std::{collections::BTreeSet, convert::Infallible};

/// Something that is no connector, and what is said about it. `{url}` is where it was looked for.
struct Bad {
    path: &'static str,
    sentence: &'static str,
}

const BAD: [Bad; 14] = [
    Bad {
        path: "/elsewhere.json",
        sentence: "Failed to connect to connector URL: It redirects to another origin",
    },
    Bad {
        path: "/round.json",
        sentence: "Failed to connect to connector URL: It redirects too often",
    },
    Bad {
        path: "/page.json",
        sentence: "Failed to fetch connector schema from {url}. It answered with a web page, not with JSON.",
    },
    Bad {
        path: "/text.json",
        sentence: "Failed to fetch connector schema from {url}. It didn't answer with JSON.",
    },
    Bad {
        path: "/missing.json",
        sentence: "Failed to fetch connector schema from {url}. Status: 404",
    },
    Bad {
        path: "/large.json",
        sentence: "Failed to connect to connector URL: The answer is too large",
    },
    Bad {
        path: "/endless.json",
        sentence: "Failed to connect to connector URL: The answer is too large",
    },
    Bad {
        path: "/two.json",
        sentence: "Failed to fetch connector schema from {url}. There are two tools with the name 'same'.",
    },
    Bad {
        path: "/no-schema.json",
        sentence: "Failed to fetch connector schema from {url}. The inputSchema of the tool 'x' is not a JSON Schema object.",
    },
    Bad {
        path: "/wrong-schema.json",
        sentence: "Failed to fetch connector schema from {url}. The inputSchema of the tool 'x' is not a JSON Schema object.",
    },
    Bad {
        path: "/wrong-config.json",
        sentence: "Failed to fetch connector schema from {url}. Its config.params is not a JSON Schema object.",
    },
    Bad {
        path: "/long-tool.json",
        sentence: "Failed to fetch connector schema from {url}. A tool's name is not a line of 1 to 256 characters.",
    },
    Bad {
        path: "/templates.json",
        sentence: "Failed to fetch connector schema from {url}. \
                   Its templates are neither a list of objects nor an object of objects.",
    },
    Bad {
        path: "/version.json",
        sentence: "Failed to fetch connector schema from {url}. Its version is not a line of at most 255 characters.",
    },
];

/// All of them, below one address.
async fn bad_service() -> (Upstream, Upstream) {
    let elsewhere = Upstream::connector(manifest(json!([tool("stolen")]))).await;
    let away = elsewhere.manifest_url();
    let json = |value: Value| get(move || async move { Json(value) });
    let tools = |tools: Value| json(json!({ "name": "x", "tools": tools }));
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(6 * 1024 * 1024));
    let endless = || async {
        let words = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![b' '; 64 * 1024])));
        ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(words)).into_response()
    };
    let long = "n".repeat(257);
    let routes = Router::new()
        .route(
            "/elsewhere.json",
            get(move || async move { Redirect::temporary(&away) }),
        )
        .route("/round.json", get(|| async { Redirect::temporary("/round.json") }))
        .route(
            "/page.json",
            get(|| async { Html("<!doctype html><title>Sign in</title>") }),
        )
        .route("/text.json", get(|| async { "Hello" }))
        .route("/large.json", get(move || async move { raw(large) }))
        .route("/endless.json", get(endless))
        .route("/two.json", tools(json!([tool("same"), tool("same")])))
        .route("/no-schema.json", tools(json!([{ "name": "x", "inputSchema": 7 }])))
        .route(
            "/wrong-schema.json",
            tools(json!([{ "name": "x", "inputSchema": { "type": "nonsense" } }])),
        )
        .route(
            "/wrong-config.json",
            json(json!({ "config": { "params": { "type": 7 } } })),
        )
        .route("/long-tool.json", tools(json!([tool(&long)])))
        .route("/templates.json", json(json!({ "name": "x", "templates": ["t"] })))
        .route(
            "/version.json",
            json(json!({ "name": "x", "version": "1".repeat(256) })),
        );
    (Upstream::serve(routes).await, elsewhere)
}

async fn count(root: &Superuser) -> u64 {
    root.get("/api/connectors").await.expect(200)["total"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_no_connector_is_refused_with_its_own_sentence_by_every_way_in() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, elsewhere) = bad_service().await;
    let connector = root.register("waiting").await;
    for Bad { path, sentence } in BAD {
        let url = service.url(path);
        let expected = sentence.replace("{url}", &url);
        let activated = root.activate(&connector, &url).await.expect(400);
        let added = root.post("/api/connectors", json!({ "connector_url": url })).await;
        for answer in [activated, added.expect(400)] {
            assert_eq!(
                (&answer["message"], &answer["detail"]),
                (&json!(expected), &json!(expected)),
                "{path}"
            );
        }
    }
    let sentences: BTreeSet<&str> = BAD.iter().map(|bad| bad.sentence).collect();
    assert!(sentences.len() >= BAD.len() - 2, "two kinds share a sentence");
    assert!(elsewhere.seen().is_empty(), "nobody was asked there");
    let after = root.get("/api/connectors/1").await.expect(200);
    assert_eq!(
        (&after["mode"], &after["url"], &after["definitions_version"]),
        (&json!("deactive"), &json!(""), &json!(0))
    );
    assert_eq!(count(&root).await, 1);
}

#[tokio::test]
async fn a_service_that_goes_bad_leaves_what_was_approved_in_force() {
    let app = App::start().await;
    let root = app.superuser().await;
    let (service, offer) = Upstream::changing(manifest(json!([tool("a")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    for (bad, words) in [
        (
            json!({ "tools": [tool("same"), tool("same")] }),
            "two tools with the name 'same'",
        ),
        (
            json!({ "tools": [{ "name": "x", "inputSchema": [] }] }),
            "not a JSON Schema object",
        ),
        (json!({ "tools": "many" }), "not a list of MCP tools"),
        (json!("x".repeat(6 * 1024 * 1024)), "too large"),
        (json!([]), "manifest"),
    ] {
        offer.set(bad);
        for mode in ["active", "sync"] {
            root.set_mode(&json!({ "connector_id": 1 }), mode).await;
            let refused = root.post("/api/connectors/1/sync", json!({})).await.expect(400);
            assert!(
                refused["message"].as_str().unwrap().contains(words),
                "{mode}: {refused}"
            );
        }
    }
    let shown = root.get("/api/connectors/1").await.expect(200);
    assert_eq!(
        (&shown["tools"], &shown["changes"]),
        (&json!([tool("a")]), &Value::Null)
    );
}

#[tokio::test]
async fn what_is_no_url_is_told_so_by_every_way_in() {
    let app = App::start().await;
    let root = app.superuser().await;
    let connector = root.register("waiting").await;
    let long = format!("http://localhost/{}", "x".repeat(2048));
    for (url, sentence) in [
        ("", "This is needed."),
        (" ", "This is needed."),
        ("nope", "This is not an http or https URL."),
        ("/connector.json", "This is not an http or https URL."),
        ("http://", "This is not an http or https URL."),
        ("ftp://localhost/connector.json", "This is not an http or https URL."),
        ("file:///etc/passwd", "This is not an http or https URL."),
        ("javascript:alert(1)", "This is not an http or https URL."),
        (long.as_str(), "At most 2048 characters."),
    ] {
        let activated = root.activate(&connector, url).await;
        let added = root.post("/api/connectors", json!({ "connector_url": url })).await;
        for answer in [activated, added] {
            let refused = answer.expect_error(422, "INVALID_FIELDS");
            assert_eq!(refused["fields"]["connector_url"]["message"], sentence, "{url}");
        }
    }
    assert_eq!(count(&root).await, 1);
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_told_by_its_host() {
    let app = App::with(&[("PATCHBAY_EGRESS_ALLOW", "192.0.2.0/24")]).await;
    let root = app.superuser().await;
    let connector = root.register("waiting").await;
    for (url, host) in [
        ("http://127.0.0.1:1/connector.json", "127.0.0.1"),
        ("http://[::1]:1/connector.json", "::1"),
        ("http://169.254.169.254/latest/connector.json", "169.254.169.254"),
        ("http://localhost:1/connector.json", "localhost"),
    ] {
        let expected = format!(
            "Failed to connect to connector URL: {host} is not at an address that Patchbay may call (PATCHBAY_EGRESS_ALLOW)"
        );
        let activated = root.activate(&connector, url).await;
        let added = root.post("/api/connectors", json!({ "connector_url": url })).await;
        for answer in [activated, added] {
            let refused = answer.expect_error(400, "CONNECTOR_URL_REFUSED");
            assert_eq!(refused["detail"], expected, "{url}");
        }
    }
}

#[tokio::test]
async fn a_logo_that_is_a_script_is_left_out_with_a_warning() {
    let app = App::start().await;
    let root = app.superuser().await;
    let logo =
        |kind: &'static str, body: &'static str| get(move || async move { ([(header::CONTENT_TYPE, kind)], body) });
    let service = Upstream::serve(
        Router::new()
            .route(
                "/script.json",
                get(|| async { Json(json!({ "name": "script", "logo_url": "/script.png" })) }),
            )
            .route(
                "/page.json",
                get(|| async { Json(json!({ "name": "page", "logo_url": "/page.svg" })) }),
            )
            .route("/script.png", logo("image/png", "<script>alert(1)</script>"))
            .route(
                "/page.svg",
                logo("image/svg+xml", "<html><svg onload=\"alert(1)\"></svg></html>"),
            ),
    )
    .await;
    for (number, path) in [(1, "/script.json"), (2, "/page.json")] {
        let new = json!({ "connector_url": service.url(path) });
        let body = root.post("/api/connectors", new).await.expect(201);
        let warnings: Vec<&str> = body["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| warning.as_str().unwrap())
            .collect();
        assert!(
            warnings.contains(&"The logo is not a PNG, JPEG, WebP, GIF or SVG picture."),
            "{path}: {warnings:?}"
        );
        root.get(&format!("/api/connectors/{number}/logo"))
            .await
            .expect_error(404, "LOGO_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_name_of_256_characters_is_too_long_wherever_one_is_given() {
    let app = App::start().await;
    let root = app.superuser().await;
    let long = "名".repeat(256);
    let mut offer = manifest(json!([tool("a")]));
    offer["name"] = json!(long);
    let service = Upstream::connector(offer).await;
    let url = service.manifest_url();
    root.active_connector("notes", &url).await;
    for (path, body) in [
        ("/api/connectors/register", json!({ "name": long, "description": "x" })),
        ("/api/connectors", json!({ "connector_url": url, "name": long })),
        ("/api/connectors", json!({ "connector_url": url })),
        ("/api/mcp-servers", json!({ "connector_id": 1, "name": long })),
    ] {
        let refused = root.post(path, &body).await.expect_error(422, "INVALID_FIELDS");
        assert_eq!(
            refused["fields"]["name"]["message"], "At most 255 characters.",
            "{path}"
        );
    }
    let just_fits = json!({ "connector_url": url, "name": "名".repeat(255) });
    root.post("/api/connectors", just_fits).await.expect(201);
}

#[tokio::test]
async fn of_many_registrations_of_one_name_at_once_exactly_one_is_made() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([]))).await;
    let register = json!({ "name": "my_connector", "description": "x" });
    let add = json!({ "connector_url": service.manifest_url(), "name": "my_connector" });
    let answers = join_all((0..10).map(|number| {
        if number % 2 == 0 {
            root.post("/api/connectors/register", &register)
        } else {
            root.post("/api/connectors", &add)
        }
    }))
    .await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        let refused = refused.expect_error(409, "CONNECTOR_NAME_TAKEN");
        assert_eq!(refused["detail"], "Connector with name 'my_connector' already exists");
    }
    assert_eq!(count(&root).await, 1);
    let rows = app
        .database
        .texts("SELECT action FROM audit_events WHERE subject_type = 'connector'")
        .await;
    assert_eq!(rows.len(), 1, "what was refused is no change: {rows:?}");
}
