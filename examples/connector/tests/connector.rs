//! The built connector, called over HTTP by real MCP clients of both eras.

mod support;

use serde_json::json;
use support::{Connector, ERAS, Era, answer, call, call_configured, refusal};
use tempfile::TempDir;

#[tokio::test]
async fn the_manifest_and_mcp_list_the_same_tools() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    let manifest = connector.manifest().await;
    assert_eq!(manifest["url"], connector.url());
    for era in ERAS {
        let client = connector.client(era).await;
        let tools = client.list_all_tools().await.unwrap();
        assert_eq!(serde_json::to_value(tools).unwrap(), manifest["tools"], "{era:?}");
    }
}

#[tokio::test]
async fn clients_of_both_eras_add_find_read_and_delete_notes() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    for era in ERAS {
        let client = connector.client(era).await;
        let note = json!({ "title": "Plum cake", "text": "Needs cinnamon.", "tags": ["#Recipe"] });
        let added = answer(&call(&client, "add_note", note).await);
        let id = added["id"].clone();
        assert_eq!(
            (&added["notebook"], &added["tags"]),
            (&json!("main"), &json!(["recipe"])),
            "{era:?}"
        );

        let listed = answer(&call(&client, "list_notes", json!({ "tag": "recipe" })).await);
        assert_eq!(
            (&listed["total"], &listed["notes"][0]["id"]),
            (&json!(1), &id),
            "{era:?}"
        );
        let found = answer(&call(&client, "search_notes", json!({ "query": "cinnamon PLUM" })).await);
        assert_eq!(found["notes"][0]["excerpt"], "Needs cinnamon.", "{era:?}");
        assert_eq!(
            answer(&call(&client, "get_note", json!({ "id": id })).await),
            added,
            "{era:?}"
        );

        assert_eq!(
            answer(&call(&client, "delete_note", json!({ "id": id })).await)["deleted"],
            id,
            "{era:?}"
        );
        let gone = refusal(&call(&client, "get_note", json!({ "id": id })).await);
        assert!(gone.contains(&format!("no note with id {id}")), "{gone}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_tool_errors_that_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    for era in ERAS {
        let client = connector.client(era).await;
        let missing = refusal(&call(&client, "add_note", json!({ "title": "Only a title" })).await);
        assert!(missing.contains("`text`"), "{missing}");
        let unknown = refusal(&call(&client, "list_notes", json!({ "tags": ["a"] })).await);
        assert!(unknown.contains("`tags`"), "{unknown}");
        let long = refusal(&call(&client, "add_note", json!({ "title": "t".repeat(201), "text": "x" })).await);
        assert!(
            long.contains("\"title\" is too long: 201 characters, at most 200"),
            "{long}"
        );
    }
}

#[tokio::test]
async fn the_configuration_of_the_source_is_what_counts() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    for (era, notebook) in ERAS.into_iter().zip(["first", "second"]) {
        let client = connector.client(era).await;
        let writer = json!({ "notebook": notebook, "signature": "— an agent" });
        for title in ["One", "Two"] {
            let note = json!({ "title": title, "text": "Text" });
            let added = answer(&call_configured(&client, "add_note", note, writer.clone()).await);
            assert_eq!(
                (&added["notebook"], &added["text"]),
                (&json!(notebook), &json!("Text\n\n— an agent"))
            );
        }

        let reader = json!({ "notebook": notebook, "read_only": true, "max_results": 1 });
        let listed = answer(&call_configured(&client, "list_notes", json!({}), reader.clone()).await);
        assert_eq!(
            (&listed["total"], listed["notes"].as_array().unwrap().len()),
            (&json!(2), 1),
            "{era:?}"
        );
        let id = listed["notes"][0]["id"].clone();
        for (tool, arguments) in [
            ("add_note", json!({ "title": "Three", "text": "Text" })),
            ("delete_note", json!({ "id": id })),
            ("append_to_note", json!({ "title": "One", "line": "more" })),
        ] {
            let refused = refusal(&call_configured(&client, tool, arguments, reader.clone()).await);
            assert!(refused.contains("read-only"), "{era:?} {tool}: {refused}");
        }

        let elsewhere = refusal(&call(&client, "get_note", json!({ "id": id })).await);
        assert!(elsewhere.contains("the notebook \"main\""), "{elsewhere}");
        let wrong = refusal(&call_configured(&client, "list_notes", json!({}), json!({ "max_results": 0 })).await);
        assert!(wrong.contains("configuration is not valid"), "{wrong}");
    }
}

#[tokio::test]
async fn templates_can_be_called_though_no_client_sees_them_listed() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    for era in ERAS {
        let client = connector.client(era).await;
        let listed = client.list_all_tools().await.unwrap();
        assert!(listed.iter().all(|tool| tool.name != "search_in_tag"), "{era:?}");

        let tag = format!("{era:?}");
        let note = json!({ "tag": tag, "title": "Standup", "text": "All is well." });
        let added = answer(&call(&client, "add_tagged_note", note).await);
        let found = answer(&call(&client, "search_in_tag", json!({ "tag": tag, "query": "well" })).await);
        assert_eq!(
            (&found["total"], &found["notes"][0]["id"]),
            (&json!(1), &added["id"]),
            "{era:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_401_and_the_right_one_gets_in() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, Some("s3cret")).await;
    for era in ERAS {
        for secret in [None, Some("guess")] {
            let refused = connector.try_client(era, secret).await.unwrap_err();
            assert!(refused.is_authorization_required(), "{era:?} {secret:?}: {refused}");
            assert_eq!(
                refused.auth_challenge(),
                Some("Bearer realm=\"notes\""),
                "{era:?} {secret:?}"
            );
        }
        let client = connector.try_client(era, Some("s3cret")).await.unwrap();
        assert_eq!(client.list_all_tools().await.unwrap().len(), 5, "{era:?}");
    }
    // The manifest stays open: whoever activates the connector reads it first.
    assert_eq!(connector.manifest().await["name"], "notes");
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_when_asked_to_and_finds_its_notes_again() {
    let dir = TempDir::new().unwrap();
    let connector = Connector::start(&dir, None).await;
    let client = connector.client(Era::Legacy).await;
    let added = answer(&call(&client, "add_note", json!({ "title": "Kept", "text": "Text" })).await);
    assert!(connector.terminate().await);

    let connector = Connector::start(&dir, None).await;
    let client = connector.client(Era::Modern).await;
    assert_eq!(
        answer(&call(&client, "get_note", json!({ "id": added["id"] })).await),
        added
    );
}
