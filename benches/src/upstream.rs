//! An upstream that costs next to nothing: it reads the id and the method and writes a fixed result.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::net::SocketAddr;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: &'a str,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default)]
    bytes: usize,
}

/// Serves until it is killed; prints its address on one line.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("{address}");
    let app = Router::new()
        .route("/connector.json", get(manifest))
        .route("/mcp", post(mcp))
        .with_state(address);
    crate::proxy::serve_http(listener, app).await
}

async fn manifest(State(address): State<SocketAddr>, Query(size): Query<Size>) -> Json<Value> {
    Json(json!({
        "name": "bench", "description": "Answers at once", "version": "1.0.0",
        "mcp_url": format!("http://{address}/mcp?bytes={}", size.bytes),
        "tools": [{"name": "echo", "description": "A fixed result", "inputSchema": {"type": "object"}}],
    }))
}

async fn mcp(Query(size): Query<Size>, body: Bytes) -> Response {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&body) else {
        return http::StatusCode::BAD_REQUEST.into_response();
    };
    let Some(id) = envelope.id else {
        return http::StatusCode::ACCEPTED.into_response();
    };
    let result = match envelope.method {
        "server/discover" => json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "ttlMs": 60_000, "cacheScope": "public"
        })
        .to_string(),
        "tools/list" => r#"{"resultType":"complete","tools":[{"name":"echo","inputSchema":{"type":"object"}}],"ttlMs":60000,"cacheScope":"public"}"#.to_owned(),
        _ => {
            let text = "x".repeat(size.bytes);
            format!(r#"{{"resultType":"complete","content":[{{"type":"text","text":"{text}"}}]}}"#)
        }
    };
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    ([(CONTENT_TYPE, "application/json")], answer).into_response()
}
