//! Lists of the API, a page at a time, in every order.

use crate::support::{
    App, Superuser,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use serde_json::json;

async fn names(root: &Superuser, query: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = root
            .get(&format!("/api/connectors?{query}&cursor={cursor}"))
            .await
            .expect(200);
        let entries = page["connectors"].as_array().unwrap();
        found.extend(entries.iter().map(|entry| text(entry, "name")));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = url::form_urlencoded::byte_serialize(next.as_bytes()).collect(),
            None => {
                assert_eq!(page["total"], found.len(), "{query}");
                return found;
            }
        }
    }
}

#[tokio::test]
async fn connectors_come_in_the_order_that_is_asked_for_page_after_page() {
    let app = App::start().await;
    let root = app.superuser().await;
    for name in ["beta", "Alpha", "gamma", "épsilon", "alpha.2"] {
        root.register(name).await;
    }
    root.put("/api/connectors/1", json!({ "description": "Changed" }))
        .await
        .expect(200);
    for limit in [1, 2, 5, 200] {
        let query = |sort: &str| format!("limit={limit}&sort={sort}");
        assert_eq!(
            names(&root, &query("newest")).await,
            ["alpha.2", "épsilon", "gamma", "Alpha", "beta"],
            "{limit}"
        );
        assert_eq!(names(&root, &query("updated")).await[0], "beta", "{limit}");
        let by_name = names(&root, &query("name")).await;
        let place = |name: &str| by_name.iter().position(|found| found == name).unwrap();
        assert_eq!(by_name.len(), 5, "each once: {by_name:?}");
        assert!(
            place("Alpha") < place("beta") && place("beta") < place("gamma"),
            "{by_name:?}"
        );
        let mut all = names(&root, &query("updated")).await;
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5, "{limit}: each once");
    }
    assert_eq!(names(&root, "sort=name&q=ALPHA&limit=1").await.len(), 2);
}

#[tokio::test]
async fn connectors_are_filtered_by_mode_and_by_what_waits() {
    let app = App::start().await;
    let root = app.superuser().await;
    root.register("registered").await;
    let (service, offer) = Upstream::changing(manifest(json!([tool("a")]))).await;
    let url = service.manifest_url();
    for name in ["quiet", "changed", "refused"] {
        root.active_connector(name, &url).await;
    }
    offer.set(manifest(json!([tool("b")])));
    for number in [3, 4] {
        let path = format!("/api/connectors/{number}");
        root.post(&format!("{path}/sync"), json!({})).await.expect(200);
    }
    root.post("/api/connectors/4/changes/refuse", json!({}))
        .await
        .expect(200);
    for (query, expected) in [
        ("changes=waiting", &["changed"][..]),
        ("changes=refused", &["refused"]),
        ("mode=active&changes=waiting", &["changed"]),
        ("mode=deactive&changes=waiting", &[]),
        ("mode=active&sort=name", &["changed", "quiet", "refused"]),
        ("mode=deactive", &["registered"]),
        ("kind=catalog&q=qui", &["quiet"]),
        ("q=a%20test&mode=deactive", &["registered"]),
    ] {
        assert_eq!(names(&root, &format!("limit=2&{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_none_or_belongs_to_another_order_is_refused() {
    let app = App::start().await;
    let root = app.superuser().await;
    for name in ["one", "two", "three"] {
        root.register(name).await;
    }
    let orders = ["newest", "updated", "name"];
    let mut cursors = Vec::new();
    for sort in orders {
        let page = root
            .get(&format!("/api/connectors?limit=1&sort={sort}"))
            .await
            .expect(200);
        cursors.push((sort, text(&page, "next_cursor")));
    }
    for sort in orders {
        let of_others = cursors
            .iter()
            .filter(|(of, _)| *of != sort)
            .map(|(_, cursor)| cursor.clone());
        let bad = ["x", "1.x", ".", "%00", "99999999999999999999", "AAAA"].map(str::to_owned);
        for cursor in of_others.chain(bad).chain(["9".repeat(5000)]) {
            let refused = root
                .get(&format!("/api/connectors?sort={sort}&cursor={cursor}"))
                .await
                .expect_error(422, "INVALID_FIELDS");
            assert!(refused["fields"]["cursor"].is_object(), "{sort} {cursor}: {refused}");
        }
    }
    for (bad, field) in [
        ("sort=size", "sort"),
        ("changes=some", "changes"),
        ("limit=1.5", "limit"),
        ("limit=-1", "limit"),
        ("q=%00", "q"),
        ("order=name", "order"),
    ] {
        let refused = root
            .get(&format!("/api/connectors?{bad}"))
            .await
            .expect_error(422, "INVALID_FIELDS");
        assert!(refused["fields"][field].is_object(), "{bad}: {refused}");
    }
    assert_eq!(names(&root, "limit=0").await.len(), 3, "a page has one entry at least");
    assert_eq!(names(&root, "limit=4294967295").await.len(), 3, "and no more than 200");
}
