//! Forms that are sent the old way: what is said of them, where they lead, and which aren't taken.

use super::{form_of, ids_given_twice, page, submit};
use crate::support::{
    Answer, App,
    upstream::{Upstream, manifest, tool},
};
use serde_json::json;

#[tokio::test]
async fn a_refused_form_says_so_beside_what_was_typed_and_once_only() {
    let app = App::start().await;
    app.superuser().await;
    app.user("ada@example.org").await;
    let nobody = app.anonymous();
    let form = [("email", "ada@example.org"), ("password", "not her password")];
    let back = submit(&nobody, "/fn/account/sign-in", &form).await;
    let shown = page(&nobody, &back).await;
    assert!(
        shown.contains("Email or password is wrong.") && shown.contains("ada@example.org"),
        "{shown}"
    );
    assert!(!shown.contains("not her password"));
    assert!(!page(&nobody, &back).await.contains("Email or password is wrong."));
}

#[tokio::test]
async fn two_ways_to_activate_on_one_page_are_two_forms() {
    let app = App::start().await;
    let root = app.superuser().await;
    for name in ["first", "second"] {
        root.register(name).await;
    }
    let both = "/connectors?registered=1&activate=2";
    assert_eq!(ids_given_twice(&page(&root, both).await), Vec::<&str>::new());

    let wrong = "ftp://of-the-first.example/";
    let form = [
        ("form", "activate-next"),
        ("connector_id", "1"),
        ("connector_url", wrong),
        ("from", both),
    ];
    let back = submit(&root, "/fn/connectors/activate", &form).await;
    let html = page(&root, &back).await;
    assert_eq!(html.matches(wrong).count(), 1, "it is shown where it was typed: {html}");
    let typed = html.find(wrong).unwrap();
    assert!(typed < html.find("<dialog").unwrap(), "and that isn't the dialog");
}

#[tokio::test]
async fn activating_from_the_list_leads_back_to_what_was_searched_for() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("count_sheep")]))).await;
    root.register("sheep").await;
    let url = service.manifest_url();
    let from = "/connectors?q=sh%20%26%20e&registered=1&sort=name&activate=1";
    let form = [("connector_id", "1"), ("connector_url", url.as_str()), ("from", from)];
    let to = submit(&root, "/fn/connectors/activate", &form).await;
    assert_eq!(to, "/connectors?q=sh%20%26%20e&sort=name");
    let form = [
        ("connector_id", "1"),
        ("connector_url", url.as_str()),
        ("from", "/connectors/1?activate=1"),
    ];
    assert_eq!(submit(&root, "/fn/connectors/activate", &form).await, "/connectors/1");
}

#[tokio::test]
async fn a_long_text_that_is_refused_comes_back_whole() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("notes").await;
    let typed = "many words ".repeat(50_000) + "the end";
    let form = [("connector_id", "1"), ("description", typed.as_str())];
    let back = submit(&root, "/fn/connectors/update", &form).await;
    assert!(page(&root, &back).await.contains(&typed));
}

#[tokio::test]
async fn a_form_sent_too_often_is_answered_as_its_sender_understands_it() {
    let app = App::start().await;
    let nobody = app.anonymous();
    let form = [("email", "ada@example.org"), ("password", "wrong")];
    for _ in 0..20 {
        Answer::of(form_of(&nobody, "/fn/account/sign-in", &form)).await;
    }
    let page = Answer::of(form_of(&nobody, "/fn/account/sign-in", &form)).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "3"));
    let shown = String::from_utf8_lossy(&page.body);
    assert!(
        shown.contains("Try again in 3 seconds.") && shown.contains("Go to the overview"),
        "{shown}"
    );
    let script = form_of(&nobody, "/fn/account/sign-in", &form).header("accept", "application/json");
    let mut script = script.build().unwrap();
    script
        .headers_mut()
        .insert("accept", "application/json".parse().unwrap());
    let answer = crate::support::client::http_client(false)
        .execute(script)
        .await
        .unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(
        answer.json::<serde_json::Value>().await.unwrap(),
        json!({ "kind": "rate_limited", "seconds": 3 })
    );
}

#[tokio::test]
async fn another_sites_form_is_refused() {
    let app = App::start().await;
    let root = app.superuser().await;
    let form = form_of(&root, "/fn/connectors/register", &[("name", "x"), ("description", "x")]);
    let mut form = form.build().unwrap();
    form.headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    let answer = crate::support::client::http_client(false).execute(form).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(root.get("/api/connectors").await.expect(200)["total"], 0);
}
