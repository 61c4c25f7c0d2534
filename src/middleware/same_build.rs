//! Leaves a page to the browser where the script that asks for it is of another build, which couldn't show it.
//!
//! Before anything is looked up: what a page shows once, a new token say, is still there when the browser asks.

use axum::{
    extract::{Request, State},
    http::{HeaderName, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use patchbay_app::Assets;

/// The address of the script that asks, which is another one for each build.
const BUILD: HeaderName = HeaderName::from_static("patchbay-build");

/// Answers scripts of this build, and whatever isn't one of them.
pub(crate) async fn same_build(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let build = request.headers().get(BUILD);
    if build.is_some_and(|build| build.as_bytes() != assets.boot.as_bytes()) {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    next.run(request).await
}
