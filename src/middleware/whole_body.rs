//! Takes a request's body in whole before anything looks at it. None of the dashboard or the API needs more than 1 MiB, and
//! none gets to send more, or to take its time; but for whoever imports a document, and that is known only later.

use crate::rest;
use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{error::Error as _, time::Duration};

/// The most bytes of a body.
const MAX_BYTES: usize = 1 << 20;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose handler takes the body in itself, once it knows who sends it.
pub(crate) const IMPORT: &str = "/api/import";

/// Refuses what says that it is larger, what turns out to be, and what doesn't come to its end.
pub(crate) async fn whole_body(request: Request, next: Next) -> Response {
    if request.uri().path() == IMPORT {
        return next.run(request).await;
    }
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES as u64) {
        return rest::Error::TooLarge { max_bytes: MAX_BYTES }.into_response();
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match read(body, MAX_BYTES, PATIENCE).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(error) => error.into_response(),
    }
}

/// The body, if it has at most so many bytes and arrives in time.
pub(crate) async fn read(body: Body, max_bytes: usize, patience: Duration) -> Result<Bytes, rest::Error> {
    tokio::time::timeout(patience, to_bytes(body, max_bytes))
        .await
        .map_err(|_| rest::Error::Timeout)?
        .map_err(|error| match is_too_large(&error) {
            true => rest::Error::TooLarge { max_bytes },
            false => rest::Error::cut_off(),
        })
}

/// What limited the body says so at the bottom of what it is wrapped in.
fn is_too_large(error: &axum::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{StreamExt as _, stream};

    fn chunks(count: usize) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(&[b'x'; 1 << 16]))))
    }

    #[tokio::test]
    async fn a_body_is_taken_whole_up_to_a_mebibyte() {
        assert_eq!(
            read(Body::from_stream(chunks(16)), MAX_BYTES, PATIENCE)
                .await
                .unwrap()
                .len(),
            MAX_BYTES
        );
        assert!(matches!(
            read(Body::from_stream(chunks(17)), MAX_BYTES, PATIENCE).await,
            Err(rest::Error::TooLarge { max_bytes: MAX_BYTES })
        ));
    }

    #[tokio::test]
    async fn one_that_is_cut_off_is_not_said_to_be_too_large() {
        let cut = chunks(1).chain(stream::iter([Err(std::io::Error::other("gone"))]));
        assert!(matches!(
            read(Body::from_stream(cut), MAX_BYTES, PATIENCE).await,
            Err(rest::Error::Malformed { .. })
        ));
    }

    #[tokio::test]
    async fn one_that_never_ends_is_given_up() {
        let endless = chunks(1).chain(stream::pending());
        assert!(matches!(
            read(Body::from_stream(endless), MAX_BYTES, Duration::from_millis(1)).await,
            Err(rest::Error::Timeout)
        ));
    }
}
