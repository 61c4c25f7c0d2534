//! No request of the dashboard or the API needs a body of more than 1 MiB, and none gets to send one.

use crate::rest;
use axum::{
    body::Body,
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http_body_util::Limited;

/// The most bytes of a body.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Refuses what says that it is larger, and cuts off what doesn't say so.
pub(crate) async fn body_limit(request: Request, next: Next) -> Response {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES as u64) {
        return rest::Error::TooLarge.into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, MAX_BYTES))))
        .await
}
