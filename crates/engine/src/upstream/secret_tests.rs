//! Whom a connector's secret is shown to while its definitions are asked for. Manifests and endpoints are at different
//! origins here, unless a test is about one origin.

use super::{
    Credential,
    manifest::{Definitions, ManifestError},
    testing::{Answer, Fake, Seen, upstream},
};
use serde_json::{Value, json};
use url::Url;

const SHOWN: Option<&str> = Some("Bearer s3cret");

fn secret() -> Option<Credential> {
    Credential::bearer(b"s3cret")
}

/// An endpoint with the tool `t`.
fn endpoint(seen: &Seen) -> Answer {
    match seen.method() {
        "initialize" => Answer::result(
            seen,
            &json!({"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "m", "version": "1"}}),
        ),
        "notifications/initialized" => Answer::accepted(),
        "tools/list" => Answer::result(seen, &json!({"tools": [{"name": "t", "inputSchema": {}}]})),
        _ => Answer::status(404, "text/plain", "?"),
    }
}

/// The same for those who show the secret.
fn closed_endpoint(seen: &Seen) -> Answer {
    match seen.header("authorization") {
        SHOWN => endpoint(seen),
        _ => Answer::status(401, "text/plain", "who are you?"),
    }
}

/// Somewhere that answers everything with this.
async fn registry(status: u16, media: &'static str, body: String) -> Fake {
    Fake::start(move |_| Answer::status(status, media, body.clone())).await
}

async fn manifest(body: Value) -> Fake {
    registry(200, "application/json", body.to_string()).await
}

fn remote(url: &Url) -> Value {
    json!({"name": "org.example/m", "remotes": [{"type": "streamable-http", "url": url.as_str()}]})
}

fn at(fake: &Fake, path: &str) -> Url {
    fake.target.url.join(path).unwrap()
}

/// What each request showed.
fn shown(fake: &Fake) -> Vec<Option<String>> {
    let seen = fake.seen();
    seen.iter()
        .map(|seen| seen.header("authorization").map(str::to_owned))
        .collect()
}

async fn check(url: &Url, calls_go: &Fake) -> Result<Definitions, ManifestError> {
    upstream().definitions_again(url, secret(), &calls_go.target.url).await
}

async fn activate(url: &Url, calls_go: Option<&Url>) -> Result<Definitions, ManifestError> {
    upstream().definitions(url, secret(), calls_go).await
}

#[tokio::test]
async fn a_check_shows_the_secret_to_no_manifest_elsewhere() {
    let calls_go = Fake::start(endpoint).await;
    for status in [401, 403] {
        let host = registry(status, "text/plain", "who are you?".into()).await;
        for path in ["/connector.json", "/notes"] {
            let error = check(&at(&host, path), &calls_go).await.unwrap_err().to_string();
            assert!(error.contains("It asks for the secret"), "{error}");
        }
        assert!(shown(&host).iter().all(Option::is_none));
        assert!(host.methods().iter().all(|method| method == "GET"));
    }
    assert!(calls_go.seen().is_empty());
}

#[tokio::test]
async fn a_check_makes_no_endpoint_of_a_manifest_that_cannot_be_had() {
    let calls_go = Fake::start(endpoint).await;
    for (status, media, body) in [
        (503, "text/plain", "later"),
        (200, "text/html", "<html>"),
        (404, "text/plain", ""),
    ] {
        let host = registry(status, media, body.into()).await;
        assert!(check(&at(&host, "/notes"), &calls_go).await.is_err());
        assert_eq!(host.methods(), ["GET", "GET"]);
        assert!(shown(&host).iter().all(Option::is_none));
    }
    assert!(calls_go.seen().is_empty());
}

#[tokio::test]
async fn a_check_calls_no_remote_that_nobody_has_accepted() {
    let calls_go = Fake::start(closed_endpoint).await;
    let stranger = Fake::start(endpoint).await;
    let host = manifest(remote(&stranger.target.url)).await;
    let error = check(&at(&host, "/server.json"), &calls_go).await.unwrap_err();
    assert!(error.to_string().contains(stranger.target.url.as_str()), "{error}");
    assert!(stranger.seen().is_empty() && calls_go.seen().is_empty());

    let host = manifest(remote(&at(&calls_go, "/v2"))).await;
    let moved = check(&at(&host, "/server.json"), &calls_go).await.unwrap();
    assert_eq!((moved.tools_count, moved.mcp_url), (1, at(&calls_go, "/v2")));
    assert_eq!(shown(&host), [None]);
}

#[tokio::test]
async fn a_check_shows_the_secret_where_calls_go() {
    let endpoint = Fake::start(closed_endpoint).await;
    let found = check(&endpoint.target.url, &endpoint).await.unwrap();
    assert_eq!(found.tools_count, 1, "an endpoint without a manifest is asked again");

    let service = Fake::start(|seen| match seen.header("authorization") {
        SHOWN => Answer::json(&json!({"tools": []})),
        _ => Answer::status(401, "text/plain", "who are you?"),
    })
    .await;
    check(&at(&service, "/connector.json"), &service).await.unwrap();
    assert_eq!(shown(&service), [None, SHOWN.map(str::to_owned)]);
}

#[tokio::test]
async fn activation_warns_before_the_secret_goes_to_another_origin() {
    let calls_go = Fake::start(closed_endpoint).await;
    let host = manifest(json!({"tools": [], "mcp_url": calls_go.target.url.as_str()})).await;
    let url = at(&host, "/connector.json");
    let found = activate(&url, None).await.unwrap();
    assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
    assert!(found.warnings[0].contains("another origin"));
    assert!(!calls_go.seen().is_empty() && shown(&calls_go).iter().all(Option::is_none));

    let greeted = calls_go.seen().len();
    activate(&url, Some(&calls_go.target.url)).await.unwrap();
    let known = shown(&calls_go).split_off(greeted);
    assert!(known.iter().all(Option::is_some), "calls go there already: {known:?}");
    assert!(shown(&host).iter().all(Option::is_none));
}

#[tokio::test]
async fn activation_shows_a_registrys_remote_no_secret() {
    let open = Fake::start(endpoint).await;
    let host = manifest(remote(&open.target.url)).await;
    let found = activate(&at(&host, "/server.json"), None).await.unwrap();
    assert_eq!((found.tools_count, found.warnings.len()), (1, 1));
    assert!(shown(&open).iter().all(Option::is_none));

    let closed = Fake::start(closed_endpoint).await;
    let host = manifest(remote(&closed.target.url)).await;
    let error = activate(&at(&host, "/server.json"), None)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(closed.target.url.as_str()) && error.contains("give its own URL"),
        "{error}"
    );
    assert!(shown(&closed).iter().all(Option::is_none));
    activate(&closed.target.url, None).await.unwrap();
}
