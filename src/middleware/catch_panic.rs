//! A handler that panics is a fault of ours: it becomes a 500 for its caller and a line in the log, and nobody else notices.

use crate::rest;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;

/// Runs the rest of the way.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    // Nothing that the request could have left half done outlives it: what is shared is behind transactions and locks that
    // don't poison.
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| {
            let message = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            rest::Error::from(patchbay_engine::Error::internal(format!(
                "a handler panicked: {message}"
            )))
            .into_response()
        })
}
