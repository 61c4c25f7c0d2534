//! The built frontend and the public files, as `cargo xtask` leaves them: read from `target/site` by a debug binary, embedded
//! from `target/site-release` in a release one.
//!
//! A file may have `.br` and `.gz` beside it, made once at build time; nothing is compressed while somebody waits.

use crate::etag;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use patchbay_app::Assets;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

/// Files below this path carry a hash of their content in their name.
const HASHED: &str = "pkg/";
/// Says which files the frontend consists of. For us, not for browsers.
const MANIFEST: &str = "assets.json";
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(RustEmbed)]
#[cfg_attr(debug_assertions, folder = "target/site")]
#[cfg_attr(not(debug_assertions), folder = "target/site-release")]
#[allow_missing = true]
struct Site;

/// The names of the frontend's files. Nothing when it wasn't built, and then pages work without it.
pub(crate) fn manifest() -> anyhow::Result<Option<Assets>> {
    use anyhow::Context as _;

    Site::get(MANIFEST)
        .map(|file| {
            serde_json::from_slice(&file.data).with_context(|| format!("{MANIFEST} of the built frontend is damaged"))
        })
        .transpose()
}

/// Answers requests for files; the rest goes on.
pub(crate) async fn serve(request: Request, next: Next) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => {}
        _ => return next.run(request).await,
    }
    match find(request.uri().path(), request.headers()) {
        Some(found) => found.into_response(request.headers()),
        None => next.run(request).await,
    }
}

struct Found {
    file: EmbeddedFile,
    content_type: &'static str,
    encoding: Option<&'static str>,
    caching: HeaderValue,
}

fn find(path: &str, headers: &HeaderMap) -> Option<Found> {
    let path = path.strip_prefix('/')?;
    let content_type = content_type(path)?;
    if path == MANIFEST {
        return None;
    }
    let caching = if path.starts_with(HASHED) { FOREVER } else { AN_HOUR };
    let found = |file, encoding| {
        Some(Found {
            file,
            content_type,
            encoding,
            caching,
        })
    };
    for (encoding, extension) in [("br", "br"), ("gzip", "gz")] {
        if accepts(headers, encoding)
            && let Some(file) = Site::get(&format!("{path}.{extension}"))
        {
            return found(file, Some(encoding));
        }
    }
    found(Site::get(path)?, None)
}

impl Found {
    fn into_response(self, asked: &HeaderMap) -> Response {
        let hash: String = self.file.metadata.sha256_hash()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let tag = etag::of_hash(&hash);
        let mut response = if tag.as_ref().is_some_and(|tag| etag::is_known(asked, tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match self.file.data {
                Cow::Borrowed(bytes) => Body::from(bytes),
                Cow::Owned(bytes) => Body::from(bytes),
            }
            .into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, self.caching);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = self.encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if let Some(tag) = tag {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// The kinds of files that there are; another one is none of ours.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_when_asked_for() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            (accepts(&headers, "br"), accepts(&headers, "gzip"))
        };
        assert_eq!(with("gzip, deflate, br"), (true, true));
        assert_eq!(with("gzip;q=1.0, br;q=0"), (false, true));
        assert_eq!(with("identity"), (false, false));
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[test]
    fn pages_and_the_manifest_are_not_files() {
        for path in [
            "/",
            "/connectors",
            "/api/connectors",
            "/assets.json",
            "/pkg/app.js.map",
            "/../Cargo.toml",
            "relative",
        ] {
            assert!(find(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
