//! Trying a source out: what its connector's service is asked, and what the answer becomes.

use crate::{
    active_connector, engine, new_connector,
    sources::{new_source, source},
    superuser, user,
};
use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use patchbay_domain::{connector::ConnectorMode, ids::ConnectorRef};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

/// An MCP service of one era on loopback that wants a key with each question.
#[derive(Clone)]
struct Mcp {
    modern: bool,
    /// What came with `tools/list`.
    metas: Arc<Mutex<Vec<Value>>>,
}

impl Mcp {
    async fn start(modern: bool) -> (Self, String) {
        let service = Self {
            modern,
            metas: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let app = Router::new().route("/mcp", post(answer)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (service, url)
    }
}

async fn answer(State(service): State<Mcp>, Json(asked): Json<Value>) -> axum::response::Response {
    let result = |result: Value| Json(json!({"jsonrpc": "2.0", "id": asked["id"], "result": result})).into_response();
    let error = |code: i64, message: &str| {
        let error = json!({"code": code, "message": message});
        Json(json!({"jsonrpc": "2.0", "id": asked["id"], "error": error})).into_response()
    };
    match asked["method"].as_str().unwrap() {
        "server/discover" if service.modern => result(json!({"supportedVersions": ["2026-07-28"], "capabilities": {}})),
        "initialize" if !service.modern => result(json!({"protocolVersion": "2025-11-25", "capabilities": {}})),
        "notifications/initialized" => StatusCode::ACCEPTED.into_response(),
        "tools/list" => {
            let meta = asked["params"]["_meta"].clone();
            let key = meta["dev.patchbay/source"]["metadata"]["key"].clone();
            service.metas.lock().unwrap().push(meta);
            if key == "right" {
                result(json!({"tools": [{"name": "add", "description": "Adds", "inputSchema": {}}]}))
            } else {
                error(-32000, "no such key")
            }
        }
        _ => error(-32601, "no such method"),
    }
}

fn manifest_of(mcp_url: &str) -> Value {
    json!({"mcp_url": mcp_url, "config": {"params": {
        "type": "object", "properties": {"key": {"type": "string", "writeOnly": true}}
    }}})
}

#[sqlx::test(migrations = false)]
async fn the_service_is_asked_with_the_sources_configuration_in_either_era(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    for (name, modern) in [("modern", true), ("legacy", false)] {
        let (service, url) = Mcp::start(modern).await;
        active_connector(&engine, &root, name, manifest_of(&url)).await;
        let right = engine
            .create_source(&root, new_source(name, json!({"key": "right"})))
            .await
            .unwrap()
            .id;
        let wrong = engine
            .create_source(&root, new_source(name, json!({"key": "wrong"})))
            .await
            .unwrap()
            .id;
        let test = engine.test_source(&root, right).await.unwrap();
        assert!(test.success && test.error_message.is_none(), "{test:?}");
        assert_eq!(test.tools[0].name, "add");
        let meta = service.metas.lock().unwrap().pop().unwrap();
        assert_eq!(
            meta["dev.patchbay/source"],
            json!({"id": right, "type": name, "metadata": {"key": "right"}})
        );
        assert_eq!(meta.as_object().unwrap().len() > 1, modern);

        let test = engine.test_source(&root, wrong).await.unwrap();
        assert_eq!(
            (test.success, test.error_code.as_deref()),
            (false, Some("SERVICE_ERROR"))
        );
        assert!(test.error_message.unwrap().contains("no such key"));
    }
}

#[sqlx::test(migrations = false)]
async fn where_nobody_can_be_asked_the_test_says_why(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let ada = user(&engine, "ada@example.org").await;
    let id = source(&engine, &ada, "notes").await.id;
    let code = || async {
        let test = engine.test_source(&ada, id).await.unwrap();
        assert!(!test.success && test.error_message.is_some() && test.tools.is_empty());
        test.error_code.unwrap()
    };
    assert_eq!(code().await, "NO_CONNECTOR");
    let registered = engine.register_connector(&root, new_connector("notes")).await.unwrap();
    let connector = ConnectorRef::Id(registered.id);
    assert_eq!(code().await, "CONNECTOR_DEACTIVE");
    // Nobody listens at a port that was just given back.
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let manifest = crate::manifest(manifest_of(&format!("http://{unused}/mcp"))).await;
    engine.activate_connector(&root, connector, &manifest).await.unwrap();
    assert_eq!(code().await, "CONNECTION_FAILED");
    engine
        .set_connector_mode(&root, connector, ConnectorMode::Deactive)
        .await
        .unwrap();
    assert_eq!(code().await, "CONNECTOR_DEACTIVE");
}

#[sqlx::test(migrations = false)]
async fn a_connector_that_asks_for_nothing_is_told_nothing(pool: PgPool) {
    let engine = engine(&pool).await;
    let root = superuser(&engine).await;
    let (service, url) = Mcp::start(true).await;
    active_connector(&engine, &root, "notes", json!({"mcp_url": url})).await;
    let id = engine
        .create_source(&root, new_source("notes", json!({"key": "right"})))
        .await
        .unwrap()
        .id;
    let test = engine.test_source(&root, id).await.unwrap();
    assert!(!test.success);
    let meta = service.metas.lock().unwrap().pop().unwrap();
    assert!(meta.get("dev.patchbay/source").is_none(), "{meta}");
}
