//! Two people who change one thing at the same time, and programs that ask again whether something is still the same.

use crate::support::{
    App, Superuser, User,
    client::text,
    upstream::{Upstream, manifest, tool},
};
use futures::future::join;
use serde_json::{Value, json};
use time::Duration;

/// A source and a server of it, by their paths.
async fn scene(app: &App) -> (Superuser, Upstream, User, [String; 2], String) {
    let root = app.superuser().await;
    let service = Upstream::connector(manifest(json!([tool("add")]))).await;
    root.active_connector("notes", &service.manifest_url()).await;
    let ada = app.user("ada@example.org").await;
    let source = ada
        .post("/api/sources", json!({ "type": "notes", "name": "Mine" }))
        .await
        .expect(201);
    let source = text(&source, "id");
    let new = json!({ "name": "Mine", "source_ids": [source] });
    let server = text(&ada.post("/api/mcp-servers", new).await.expect(201), "id");
    let paths = [format!("/api/sources/{source}"), format!("/api/mcp-servers/{server}")];
    (root, service, ada, paths, source)
}

#[tokio::test]
async fn a_change_is_made_for_the_version_that_was_looked_at() {
    let app = App::start().await;
    let (root, _service, ada, paths, source) = scene(&app).await;
    for path in &paths {
        let seen = ada.get(path).await;
        let tag = seen.header("etag").to_owned();
        let updated_at = text(&seen.json(), "updated_at");
        assert!(tag.starts_with(&format!("\"{updated_at}/")), "{tag}");
        app.clock.advance(Duration::seconds(1));

        let change = |name: &str| json!({ "name": name });
        let changed = ada.send("PATCH", path, &[("if-match", &tag)], change("By one")).await;
        let newer = changed.header("etag").to_owned();
        assert_ne!(newer, tag);
        assert_eq!(changed.expect(200)["name"], "By one");
        for method in ["PATCH", "PUT"] {
            for stale in [
                tag.as_str(),
                &format!("W/{tag}"),
                "\"x\"",
                "x",
                &format!("\"{updated_at}\""),
            ] {
                ada.send(method, path, &[("if-match", stale)], change("By another"))
                    .await
                    .expect_error(412, "EDITED_MEANWHILE");
            }
        }
        ada.send("DELETE", path, &[("if-match", &tag)], Value::Null)
            .await
            .expect_error(412, "EDITED_MEANWHILE");
        assert_eq!(ada.get(path).await.expect(200)["name"], "By one");
        for fine in [newer.as_str(), "*", &format!("\"x\", {newer}")] {
            let newest = ada.get(path).await.header("etag").to_owned();
            let fine = fine.replace(&newer, &newest);
            ada.send("PUT", path, &[("if-match", &fine)], change("Fine"))
                .await
                .expect(200);
        }
        ada.patch(path, change("Without asking")).await.expect(200);
    }

    // A source comes to a server, and leaves it, under the server's version.
    let [source_path, server] = &paths;
    let tag = ada.get(server).await.header("etag").to_owned();
    let member = format!("{server}/sources/{source}");
    let left = ada.send("DELETE", &member, &[("if-match", &tag)], Value::Null).await;
    let newer = left.header("etag").to_owned();
    assert_eq!(left.expect(200)["source_ids"], json!([]));
    ada.send("PUT", &member, &[("if-match", &tag)], Value::Null)
        .await
        .expect_error(412, "EDITED_MEANWHILE");
    let back = ada.send("PUT", &member, &[("if-match", &newer)], Value::Null).await;
    assert_eq!(back.expect(200)["source_ids"], json!([source]));
    for path in [server, source_path] {
        let tag = ada.get(path).await.header("etag").to_owned();
        let gone = ada.send("DELETE", path, &[("if-match", &tag)], Value::Null).await;
        assert!(matches!(gone.status, 200 | 204), "{path}");
    }

    // Nobody gets a tag of a deleted server; its version stands in the lists.
    let version = async |who: &User, list: &str| {
        let listed = who.get(list).await.expect(200);
        format!("\"{}\"", text(&listed["mcp_servers"][0], "updated_at"))
    };
    let (restore, hard) = (format!("{server}/restore"), format!("{server}/hard"));
    for (who, method, path, list) in [
        (&ada, "POST", &restore, "/api/mcp-servers?deleted=true"),
        (&*root, "DELETE", &hard, "/api/mcp-servers?all=true"),
    ] {
        who.send(method, path, &[("if-match", &tag)], Value::Null)
            .await
            .expect_error(412, "EDITED_MEANWHILE");
        let seen = version(who, list).await;
        let done = who.send(method, path, &[("if-match", &seen)], Value::Null).await;
        assert_eq!(done.status, 204, "{path}");
    }
}

#[tokio::test]
async fn of_two_changes_at_once_for_one_version_one_is_made() {
    let app = App::start().await;
    let (_root, _service, ada, paths, _) = scene(&app).await;
    for path in &paths {
        for round in 0..3 {
            let tag = ada.get(path).await.header("etag").to_owned();
            let headers = [("if-match", tag.as_str())];
            let (one, other) = join(
                ada.send("PATCH", path, &headers, json!({ "name": format!("By one, {round}") })),
                ada.send(
                    "PATCH",
                    path,
                    &headers,
                    json!({ "name": format!("By another, {round}") }),
                ),
            )
            .await;
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{path}");
        }
    }
}

#[tokio::test]
async fn what_somebody_has_already_is_not_sent_again() {
    let app = App::start().await;
    let (root, _service, ada, paths, _) = scene(&app).await;
    for path in &paths {
        let first = ada.get(path).await;
        let tag = first.header("etag").to_owned();
        let known = [("if-none-match", tag.as_str())];
        let again = ada.send("GET", path, &known, Value::Null).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), tag);
        // Nothing about it was changed, and still it isn't what it was.
        root.set_mode(&json!({ "connector_id": 1 }), "sync").await;
        root.set_mode(&json!({ "connector_id": 1 }), "deactive").await;
        let other = ada.send("GET", path, &known, Value::Null).await;
        let shown = other.expect(200);
        assert_eq!(shown["updated_at"], first.json()["updated_at"]);
        assert!(shown.to_string().contains("switched_off"), "{shown}");
        let changed = ada
            .send("PATCH", path, &[("if-match", &tag)], json!({ "name": "Fine" }))
            .await;
        assert_eq!(
            changed.status, 200,
            "it is the version that was looked at, nevertheless"
        );
        root.activate(&json!({ "connector_id": 1 }), &_service.manifest_url())
            .await
            .expect(200);
    }
    // What somebody else has is not even the same as anything.
    let eve = app.user("eve@example.org").await;
    for path in &paths {
        eve.send("GET", path, &[("if-none-match", "*")], Value::Null)
            .await
            .expect(404);
        eve.send("PATCH", path, &[("if-match", "*")], json!({}))
            .await
            .expect(404);
    }
}
