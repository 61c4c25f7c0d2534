//! The API's documentation as pages: for everybody, without scripts.

use crate::support::{Anonymous, App};

async fn page(who: &Anonymous, path: &str) -> String {
    let page = who.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    assert!(page.header("content-type").starts_with("text/html"), "{path}");
    let policy = page.header("content-security-policy").to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("style-src 'self'"),
        "{policy}"
    );
    String::from_utf8(page.body).unwrap()
}

#[tokio::test]
async fn every_endpoint_stands_on_a_page_that_everybody_may_read() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let first = page(&nobody, "/api/docs").await;
    let document = nobody.get("/api/openapi.json").await.expect(200);
    for tag in document["tags"].as_array().unwrap() {
        let name = tag["name"].as_str().unwrap();
        let path = format!("/api/docs/{}", name.to_lowercase().replace(' ', "-"));
        assert!(first.contains(&format!("href=\"{path}\"")), "{path}");
        let section = page(&nobody, &path).await;
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                let is_here = operation["tags"][0] == name;
                assert_eq!(section.contains(&format!("id=\"{id}\"")), is_here, "{id} on {path}");
                let link = format!("href=\"{path}#{id}\"");
                assert_eq!(first.contains(&link), is_here, "{link}");
            }
        }
        assert!(
            !section.contains(" style=") && !section.contains("onclick="),
            "{path} keeps to its policy"
        );
        assert!(!section.contains("src=\"http"), "{path} loads nothing from elsewhere");
    }
}

#[tokio::test]
async fn a_page_shows_how_to_call_this_very_patchbay() {
    let app = App::with(&[("PATCHBAY_PUBLIC_URL", "http://localhost:9000")]).await;
    let page = page(&app.anonymous(), "/api/docs/sources").await;
    let expected = [
        "curl 'http://localhost:9000/api/sources'",
        "Authorization: Bearer $PATCHBAY_TOKEN",
        "Idempotency-Key",
        "source_metadata",
    ];
    for words in expected {
        let is_there = page.contains(words) || page.contains(&words.replace('\'', "&#x27;"));
        assert!(is_there, "{words}");
    }
}

#[tokio::test]
async fn a_part_that_there_is_not_is_no_page() {
    let app = App::start().await;
    assert_eq!(app.anonymous().get("/api/docs/nothing").await.status, 404);
}
