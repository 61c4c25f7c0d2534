//! What the dashboard says before somebody loses something, and what it makes of addresses that mean nothing.

use crate::support::{
    Anonymous, Answer, App,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use reqwest::Method;
use serde_json::{Value, json};

/// A page's HTML.
async fn page(who: &Anonymous, path: &str) -> String {
    let page = who.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.header("location"));
    // Between its parts the framework leaves marks that nobody sees.
    String::from_utf8(page.body).unwrap().replace("<!>", "")
}

/// What a script that sends a form is answered.
async fn send(who: &Anonymous, action: &str, form: &str) -> Answer {
    let request = who.request(Method::POST, action);
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin");
    Answer::of(request.body(form.to_owned())).await
}

fn offer(tools: Value) -> Value {
    let mut offer = manifest(tools);
    offer["templates"] = json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
    offer
}

#[tokio::test]
async fn who_may_not_hears_that_before_anything_typed_is_looked_at() {
    let app = App::start().await;
    app.superuser().await.register("notes").await;
    let ada = app.user("ada@example.org").await;
    for (action, form) in [
        ("/fn/connectors/activate", "connector_id=x&connector_url=x"),
        ("/fn/connectors/mode", "connector_id=1&mode=fast"),
        (
            "/fn/connectors/update",
            "connector_id=1&description=&secret_change=replace&secret=",
        ),
        ("/fn/connectors/sync", "connector_id=x"),
        ("/fn/connectors/decide", "connector_id=1&revision=&decision=perhaps"),
        ("/fn/connectors/restore", "connector_id=1&number=x"),
        ("/fn/connectors/delete", "connector_id=1&confirm=something+else"),
    ] {
        assert_eq!(send(&ada, action, form).await.status, 403, "{action}");
    }
}

#[tokio::test]
async fn a_kept_address_of_a_page_that_is_gone_leads_to_the_first_one() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    root.create_server(&connector, json!({})).await;
    let before_all = format!("1000000.{}", text(&connector, "id"));
    for (list, cursor) in [
        ("/servers", "x"),
        ("/servers", before_all.as_str()),
        ("/connectors/1/versions", "x"),
        ("/connectors/1/versions", "1"),
        ("/connectors", "x"),
        ("/connectors", "1"),
    ] {
        let shown = page(&root, &format!("{list}?cursor={cursor}")).await;
        assert!(
            shown.contains("This page is not there any more") && shown.contains(&format!("href=\"{list}\"")),
            "{list} {cursor}: {shown}"
        );
        assert!(!page(&root, list).await.contains("not there any more"), "{list}");
    }
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_not_shown_as_if_it_were_heeded() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("notes").await;
    let shown = page(&root, "/connectors?mode=fast&sort=odd&q=notes").await;
    assert!(
        shown.contains("Left out") && shown.contains("mode=fast, sort=odd"),
        "{shown}"
    );
    assert!(!page(&root, "/connectors?mode=deactive").await.contains("Left out"));

    let refused = root.get("/audit?door=window").await;
    let html = String::from_utf8_lossy(&refused.body).into_owned();
    assert_eq!(refused.status, 422);
    assert!(html.contains("audit-door-error") && !html.contains("<tbody"), "{html}");
    let ada = app.user("ada@example.org").await;
    assert_eq!(ada.get("/audit?door=window").await.status, 403);
}

#[tokio::test]
async fn going_round_the_review_of_changes_says_so_and_names_whom_it_affects() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("new").await;
    let (service, offered) = Upstream::changing(offer(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    root.create_server(&connector, json!({})).await;
    let unseen = "Everything that is held back or was refused comes into force";
    for path in ["/connectors/2?activate=1", "/connectors?activate=2"] {
        let shown = page(&root, path).await;
        assert!(
            shown.contains(unseen)
                && shown.contains("href=\"/connectors/2/changes\"")
                && shown.contains("1 MCP server"),
            "{path}: {shown}"
        );
    }
    let first = page(&root, "/connectors/1?activate=1").await;
    assert!(first.contains("Activate connector") && !first.contains(unseen));

    let adopted = "come into force with that";
    assert!(!page(&root, "/connectors/2?become=sync").await.contains(adopted));
    offered.set(offer(json!([tool("a"), tool("b")])));
    root.post("/api/connectors/2/sync", json!({})).await.expect(200);
    let shown = page(&root, "/connectors/2?become=sync").await;
    assert!(
        shown.contains("wait for a decision come into force with that"),
        "{shown}"
    );
    assert!(!page(&root, "/connectors/2?become=deactive").await.contains(adopted));
    root.post("/api/connectors/2/changes/refuse", json!({}))
        .await
        .expect(200);
    let shown = page(&root, "/connectors/2?become=sync").await;
    assert!(shown.contains("were refused come into force with that"), "{shown}");

    root.set_mode(&connector, "deactive").await;
    assert!(page(&root, "/connectors/2?activate=1").await.contains(unseen));
}

#[tokio::test]
async fn what_ends_with_a_server_is_named_and_what_stays_too() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(offer(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = text(&root.create_server(&connector, json!({})).await, "id");
    let question = format!("/servers/{server}?delete=1");
    assert!(!page(&root, &question).await.contains("made from templates"));
    for name in ["lend", "find"] {
        let tool = json!({ "name": name, "template": "t", "template_args": {} });
        let made = root.post(&format!("/api/mcp-servers/{server}/tools"), tool).await;
        assert!(made.status < 300, "{}", made.status);
    }
    let shown = page(&root, &question).await;
    assert!(
        shown.contains("2 tools made from templates: lend, find") && shown.contains("You can restore the server"),
        "{shown}"
    );

    root.delete(&format!("/api/mcp-servers/{server}")).await;
    let shown = page(&root, "/connectors/1?delete=1").await;
    assert!(
        shown.contains("1 deleted server that still holds its endpoint"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_connector_that_got_a_server_in_the_meantime_has_a_way_on() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    root.create_server(&connector, json!({})).await;
    let refused = send(&root, "/fn/connectors/delete", "connector_id=1").await;
    assert_eq!(refused.status, 409);
    let form = root
        .request(Method::POST, "/fn/connectors/delete")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .body("connector_id=1");
    assert_eq!(Answer::of(form).await.header("location"), "/connectors/1?delete=1");
    let shown = page(&root, "/connectors/1?delete=1").await;
    let words = "The connector was not deleted: MCP servers use it. Those that are made from it go along once you have typed its name.";
    assert!(
        shown.contains(&format!(">{words}<")) && shown.contains(">See what goes along</a>"),
        "{shown}"
    );
}
