//! The built frontend's files. Without a build there are none, and nothing to test.

use crate::support::{Answer, App};
use reqwest::Method;
use serde_json::Value;

fn built() -> Option<Value> {
    let manifest = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/target/site/assets.json")).ok()?;
    Some(serde_json::from_slice(&manifest).unwrap())
}

#[tokio::test]
async fn hashed_files_are_kept_forever_and_others_for_a_while() {
    let Some(manifest) = built() else { return };
    let app = App::start().await;
    let nobody = app.anonymous();
    for (name, kind) in [
        ("boot", "text/javascript"),
        ("js", "text/javascript"),
        ("wasm", "application/wasm"),
        ("css", "text/css"),
    ] {
        let path = manifest[name].as_str().unwrap();
        let answer = nobody.get(path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{path}"
        );
        assert!(
            answer.header("content-type").starts_with(kind),
            "{path}: {}",
            answer.header("content-type")
        );
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("set-cookie")),
            ("nosniff", ""),
            "{path}"
        );
        let etag = answer.header("etag").to_owned();
        for known in [etag.clone(), format!("W/{etag}"), format!("\"another\", {etag}")] {
            let again = Answer::of(nobody.request(Method::GET, path).header("if-none-match", &known)).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known}");
        }
        let head = Answer::of(nobody.request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    let icon = nobody.get("/favicon.svg").await;
    assert_eq!(
        (icon.header("content-type"), icon.header("cache-control")),
        ("image/svg+xml", "public, max-age=3600")
    );
    for path in [
        "/assets.json",
        "/pkg/",
        "/pkg/none.js",
        "/pkg/..%2fassets.json",
        "/pkg/../assets.json",
    ] {
        assert_eq!(nobody.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_had_without_asking_the_database() {
    if built().is_none() {
        return;
    }
    let app = App::start().await;
    let ada = app.user("ada@example.org").await;
    app.database.execute("ALTER TABLE sessions RENAME TO hidden").await;
    assert_eq!(
        ada.get("/connectors").await.status,
        500,
        "a page needs to know who asks"
    );
    assert_eq!(ada.get("/favicon.svg").await.status, 200);
}
