//! `/healthz`: the process runs. `/readyz`: it can do its work, which needs the database, and is not about to stop.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use patchbay_engine::Engine;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A database that takes longer is as good as none to whoever waits for this answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The two routes.
pub(crate) fn router(engine: Engine, stopping: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/readyz", get(ready).with_state((engine, stopping)))
}

async fn ready(State((engine, stopping)): State<(Engine, CancellationToken)>) -> Response {
    let unavailable = |why| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": why }))).into_response();
    if stopping.is_cancelled() {
        return unavailable("stopping");
    }
    match tokio::time::timeout(PATIENCE, engine.ping()).await {
        Ok(Ok(())) => Json(json!({ "status": "ready" })).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(error = std::error::Error::source(&error), "the database can't be asked");
            unavailable("database unavailable")
        }
        Err(_) => unavailable("database too slow"),
    }
}
