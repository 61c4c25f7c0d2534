//! Servers and clients that nobody here wrote.

use crate::support::{
    App,
    foreign::{Everything, given},
    mcp::{Endpoint, said},
    rmcp_server::{self, Speaks},
};
use rmcp::{
    ServiceExt as _,
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::test]
async fn the_reference_servers_tools_are_the_same_through_the_gateway_as_without_it() {
    let Some(everything) = Everything::start().await else {
        return;
    };
    let app = App::start().await;
    let root = app.superuser().await;
    let connector = root.active_connector("everything", &everything.url).await;
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);

    let http = crate::support::client::http_client(false);
    let config = StreamableHttpClientTransportConfig::with_uri(everything.url.clone());
    let direct = ().serve(StreamableHttpClientTransport::with_client(http, config)).await.unwrap();
    let direct_tools = serde_json::to_value(direct.list_all_tools().await.unwrap()).unwrap();
    assert!(direct_tools.as_array().unwrap().len() >= 8, "{direct_tools}");

    for client in [endpoint.legacy_client().await, endpoint.modern_client().await] {
        assert_eq!(client.tools().await, direct_tools);
        assert_eq!(said(&client.call("echo", json!({ "message": "hé" })).await), "Echo: hé");
        let sum = client.call("get-sum", json!({ "a": 2, "b": 40 })).await;
        assert!(said(&sum).contains("42"), "{}", said(&sum));
        let structured = client
            .call("get-structured-content", json!({ "location": "Chicago" }))
            .await;
        assert!(
            structured
                .structured_content
                .is_some_and(|content| content["temperature"].is_number())
        );
        let image = serde_json::to_value(client.call("get-tiny-image", json!({})).await).unwrap();
        let parts = image["content"].as_array().unwrap();
        assert!(
            parts
                .iter()
                .any(|part| part["type"] == "image" && part["data"].as_str().unwrap().len() > 100)
        );
        let long = client
            .call("trigger-long-running-operation", json!({ "duration": 1, "steps": 2 }))
            .await;
        assert!(said(&long).contains("completed"), "{}", said(&long));
        let wrong = client.call("get-sum", json!({ "a": "two" })).await;
        assert_eq!(wrong.is_error, Some(true), "{}", said(&wrong));
    }
}

async fn python(endpoint: &Endpoint, python: &str, mode: &str, tool: &str, arguments: Value) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/client.py");
    let output = Command::new(python)
        .args([
            script,
            &endpoint.url,
            &endpoint.token,
            mode,
            tool,
            &arguments.to_string(),
        ])
        .kill_on_drop(true)
        .output()
        .await
        .expect("python starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{mode}: {stderr}"))
}

#[tokio::test]
async fn the_official_python_client_lists_and_calls_in_either_era() {
    let Some(interpreter) = given("PATCHBAY_TEST_PYTHON") else {
        return;
    };
    let app = App::start().await;
    let root = app.superuser().await;
    let service = rmcp_server::serve(Speaks::Both).await;
    let connector = root.active_connector("real", &service.url("/mcp")).await;
    let endpoint = Endpoint::of(&app, &root.create_server(&connector, json!({})).await);
    for mode in ["legacy", "auto", "2026-07-28"] {
        let got = python(&endpoint, &interpreter, mode, "echo", json!({ "text": "hé" })).await;
        assert_eq!(
            got,
            json!({ "tools": ["zebra", "echo", "fail"], "text": ["echo: hé"], "is_error": false }),
            "{mode}"
        );
    }
    let failed = python(&endpoint, &interpreter, "legacy", "fail", json!({ "text": "x" })).await;
    assert_eq!(failed["is_error"], true);
}
