//! The dashboard as a browser without scripts sees it. What becomes of its forms, sent the old way, is tested in `forms`.

mod forms;

use crate::support::{
    Anonymous, Answer, App,
    app::PASSWORD,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use reqwest::Method;
use serde_json::json;

/// Sends a form as a browser does; the path it is sent on to.
async fn submit(who: &Anonymous, action: &str, form: &[(&str, &str)]) -> String {
    let sent = Answer::of(form_of(who, action, form)).await;
    assert_eq!(sent.status, 303, "{action}: {}", String::from_utf8_lossy(&sent.body));
    sent.header("location").to_owned()
}

fn form_of(who: &Anonymous, action: &str, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    who.request(Method::POST, action)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html,application/xhtml+xml")
        .header("sec-fetch-site", "same-origin")
        .body(body)
}

/// A page's HTML.
async fn page(who: &Anonymous, path: &str) -> String {
    let page = who.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.header("location"));
    assert!(page.header("content-type").starts_with("text/html"), "{path}");
    String::from_utf8(page.body).unwrap()
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let app = App::start().await;
    app.superuser().await;
    app.user("ada@example.org").await;
    let nobody = app.anonymous();
    for path in [
        "/",
        "/connectors",
        "/connectors/1",
        "/connectors/1/create-server",
        "/servers",
    ] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.header("location").starts_with("/sign-in?next=/"),
            "{path}: {}",
            answer.header("location")
        );
    }
    let form = [
        ("email", "ada@example.org"),
        ("password", PASSWORD),
        ("next", "/connectors"),
    ];
    assert_eq!(submit(&nobody, "/fn/account/sign-in", &form).await, "/connectors");
    assert!(page(&nobody, "/connectors").await.contains("ada@example.org"));
    assert_eq!(submit(&nobody, "/fn/account/sign-out", &[]).await, "/sign-in");
    assert_eq!(nobody.get("/connectors").await.status, 303);
}

#[tokio::test]
async fn after_signing_in_nobody_is_sent_to_another_site() {
    let app = App::start().await;
    app.user("ada@example.org").await;
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let form = [("email", "ada@example.org"), ("password", PASSWORD), ("next", next)];
        assert_eq!(
            submit(&app.anonymous(), "/fn/account/sign-in", &form).await,
            "/",
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_superuser_goes_from_nothing_to_a_token_by_forms_alone() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("count_sheep")]))).await;

    let form = [
        ("name", "my_connector"),
        ("description", "Counts sheep"),
        ("secret", ""),
    ];
    let to = submit(&root, "/fn/connectors/register", &form).await;
    assert_eq!(to, "/connectors?registered=1");
    let shown = page(&root, &to).await;
    assert!(
        shown.contains("Connector 'my_connector' registered successfully")
            || shown.contains("registered successfully!")
    );
    assert!(
        shown.contains("Activate Connector: my_connector") && shown.contains("Not Activated"),
        "{shown}"
    );

    let url = service.manifest_url();
    let form = [
        ("connector_id", "1"),
        ("connector_url", url.as_str()),
        ("from", "/connectors?registered=1"),
    ];
    let to = submit(&root, "/fn/connectors/activate", &form).await;
    let shown = page(&root, &to).await;
    assert!(
        shown.contains("Connector activated! Found 1 tools and 0 templates.") && shown.contains("Create Server"),
        "{shown}"
    );

    let to = submit(&root, "/fn/servers/create", &[("connector_id", "1"), ("name", "Sheep")]).await;
    assert!(to.starts_with("/servers/"), "{to}");
    let shown = page(&root, &to).await;
    assert!(
        shown.contains("mcp_token_") && shown.contains("count_sheep") && shown.contains("/mcp/1"),
        "{shown}"
    );
    let again = page(&root, &to).await;
    let token = token_in(&shown).unwrap();
    assert!(!again.contains(token), "a token is shown once");
}

/// A whole token, not the beginning by which one is known later.
fn token_in(page: &str) -> Option<&str> {
    page.match_indices("mcp_token_").find_map(|(start, _)| {
        let token = page.get(start..start + "mcp_token_".len() + 43)?;
        let is_whole = token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_whole.then_some(token)
    })
}

#[tokio::test]
async fn a_new_token_waits_for_its_own_servers_page() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("count_sheep")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let create = async |name| submit(&root, "/fn/servers/create", &[("connector_id", "1"), ("name", name)]).await;
    let (first, second) = (create("First").await, create("Second").await);
    for path in [&second, &first] {
        assert!(token_in(&page(&root, path).await).is_some(), "the other page left it");
    }
    assert_eq!(token_in(&page(&root, &first).await), None, "it is shown once");
}

#[tokio::test]
async fn a_script_of_another_build_leaves_a_new_token_to_the_browser() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("count_sheep")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let to = submit(&root, "/fn/servers/create", &[("connector_id", "1"), ("name", "Sheep")]).await;
    let script = root.request(Method::GET, &to).header("accept", "text/html");
    let answer = Answer::of(script.header("patchbay-build", "/pkg/boot.of-yesterday.js")).await;
    assert_eq!((answer.status, answer.body.len()), (412, 0));
    assert!(token_in(&page(&root, &to).await).is_some(), "it is still there");
}

#[tokio::test]
async fn no_page_gives_an_id_to_two_elements() {
    let app = App::start().await;
    let root = app.superuser().await;
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" }, "a.b": { "type": "string" } } });
    let tools = ["one", "two"].map(|name| json!({ "name": name, "description": name, "inputSchema": schema }));
    let service = Upstream::connector(manifest(json!(tools))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    root.register("waiting").await;
    let server = text(&root.create_server(&connector, json!({})).await, "id");
    for path in [
        "/",
        "/connectors",
        "/connectors/1",
        "/connectors/1?edit=1",
        "/connectors/1?activate=1",
        "/connectors/1?delete=1",
        "/connectors/1/create-server",
        "/servers",
        &format!("/servers/{server}"),
        &format!("/servers/{server}?delete=1"),
        "/audit",
    ] {
        assert_eq!(ids_given_twice(&page(&root, path).await), Vec::<&str>::new(), "{path}");
    }
}

/// The ids that a page gives to more than one element.
fn ids_given_twice(html: &str) -> Vec<&str> {
    let ids = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut seen = std::collections::BTreeSet::new();
    ids.filter(|id| !seen.insert(*id)).collect()
}

#[tokio::test]
async fn pages_run_no_script_but_their_own() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("</title><script>alert(1)</script>").await;
    for path in ["/", "/sign-in", "/connectors", "/connectors/1", "/no-such-page"] {
        let answer = root.get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .unwrap_or_default()
            .to_owned();
        assert!(nonce.len() >= 16, "{path}: {policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{path}: {policy}"
        );
        let html = String::from_utf8(answer.body).unwrap();
        assert!(!html.contains("<script>alert"), "{path}");
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains("src=") || tag.contains(&nonce), "{path}: <script{tag}>");
        }
        for word in [" onclick=", " onload=", " style=\"", "javascript:"] {
            assert!(!html.contains(word), "{path} has{word}");
        }
    }
}

#[tokio::test]
async fn what_stands_in_a_field_at_first_cannot_get_out_of_it() {
    const TEXT: &str = r#"</textarea><meta http-equiv="refresh" content="0;url=//evil.example"> & </title>"#;
    let app = App::start().await;
    let root = app.superuser().await;
    let schema = |at_first: serde_json::Value| {
        json!({
            "type": "object",
            "properties": {
                "lines": { "type": "string", "format": "textarea", "default": TEXT, "description": TEXT },
                "line": { "type": "string", "default": TEXT, "title": TEXT },
                "choice": { "enum": [TEXT, "another"], "default": TEXT },
                "json": { "type": "object", "default": at_first },
            },
        })
    };
    let mut offer = manifest(json!([
        { "name": "loud", "description": TEXT, "inputSchema": schema(json!({ "x": TEXT })) },
    ]));
    offer["config"] = schema(json!({ "x": TEXT }));
    let service = Upstream::connector(offer).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = text(&root.create_server(&connector, json!({})).await, "id");
    root.put("/api/connectors/1", json!({ "description": TEXT }))
        .await
        .expect(200);

    for path in [
        "/connectors",
        "/connectors/1",
        "/connectors/1?edit=1",
        "/connectors/1/create-server",
        &format!("/servers/{server}"),
    ] {
        let html = page(&root, path).await;
        assert!(html.contains("evil.example"), "{path} shows nothing of it");
        assert!(!html.contains("<meta http-equiv"), "{path}: {html}");
    }

    // What is refused comes back as it was typed, the empty line at its beginning too.
    let typed = format!("\n{TEXT}");
    let form = [
        ("connector_id", "1"),
        ("description", typed.as_str()),
        ("secret_change", "replace"),
    ];
    let back = submit(&root, "/fn/connectors/update", &form).await;
    let html = page(&root, &back).await;
    let escaped = typed.replace('&', "&amp;").replace('<', "&lt;");
    let at_first = html.split_once("<textarea").and_then(|(_, rest)| rest.split_once('>'));
    let (_, inside) = at_first.expect("the page has the field");
    // Browsers leave out the first line end.
    assert!(inside.starts_with(&format!("\n{escaped}</textarea>")), "{inside}");
}

#[tokio::test]
async fn what_is_not_there_or_not_ones_own_is_a_page_with_that_status() {
    let app = App::start().await;
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("a")]))).await;
    let connector = root.active_connector("notes", &service.manifest_url()).await;
    let server = text(&root.create_server(&connector, json!({})).await, "id");
    let eve = app.user("eve@example.org").await;
    for path in [
        "/no-such-page",
        "/connectors/99",
        "/connectors/abc",
        "/servers/x",
        &format!("/servers/{server}"),
    ] {
        let answer = eve.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type").starts_with("text/html")),
            (404, true),
            "{path}"
        );
    }
    assert_eq!(eve.get("/fn/no-such-function").await.status, 404);
}
