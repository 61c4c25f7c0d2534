//! Things that two people may change at the same time: their entity tags, and requests that depend on them.
//!
//! A tag is a version, which is when the thing was last changed, and a hash of what is shown of it. `If-Match` asks for the
//! version only: a server that was called meanwhile is still the one that somebody looked at. `If-None-Match` asks for all of
//! it, so that nobody keeps counts and states of yesterday for today's.

use super::Error;
use crate::{etag, state::AppState};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use patchbay_domain::{
    Timestamp,
    server::{CreatedServer, ServerView},
    source::SourceView,
};
use patchbay_engine::Error as EngineError;
use serde::{Deserialize as _, Serialize};
use sha2::{Digest as _, Sha256};

/// What stands between the two parts of a tag.
const BETWEEN: char = '/';

/// Something that is changed by its owner.
pub(super) trait Versioned: Serialize {
    /// When it was last changed.
    fn changed_at(&self) -> Timestamp;
}

impl Versioned for SourceView {
    fn changed_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Versioned for ServerView {
    fn changed_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Versioned for CreatedServer {
    fn changed_at(&self) -> Timestamp {
        self.server.updated_at
    }
}

/// An answer that is such a thing.
#[derive(Debug)]
pub(super) struct Tagged<T>(pub(super) StatusCode, pub(super) T);

impl<T: Versioned> Tagged<T> {
    /// The answer to somebody who may have it already.
    pub(super) fn unless_known(self, asked: &HeaderMap) -> Response {
        let mut response = self.into_response();
        let is_known = |tag: &HeaderValue| etag::is_known(asked, tag);
        if response.headers().get(header::ETAG).is_some_and(is_known) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = axum::body::Body::empty();
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }
}

impl<T: Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Self(status, thing) = self;
        let body = match serde_json::to_vec(&thing) {
            Ok(body) => body,
            Err(error) => return Error::from(EngineError::internal(error)).into_response(),
        };
        let hash = Sha256::digest(&body);
        let tag = etag::of_hash(&format!("{}{BETWEEN}{}", thing.changed_at(), hex::encode(&hash[..8])));
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The versions that a request is meant for, as its `If-Match` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Any: it has no such header, or says so.
    Any,
    /// This one. Of several, the newest: no older one can be what is there now.
    Version(Timestamp),
    /// None that there ever was.
    Never,
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Self {
        let mut all = headers.get_all(header::IF_MATCH).iter().peekable();
        if all.peek().is_none() {
            return Self::Any;
        }
        let tags: Vec<&str> = all
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        if tags.contains(&"*") {
            return Self::Any;
        }
        let versions = tags.into_iter().filter_map(version).max_by_key(|version| version.0);
        versions.map_or(Self::Never, Self::Version)
    }

    /// The version that must still be there, for whoever changes it.
    ///
    /// # Errors
    /// [`EngineError::Edited`] where none can be.
    pub(super) fn version(self) -> Result<Option<Timestamp>, Error> {
        match self {
            Self::Any => Ok(None),
            Self::Version(version) => Ok(Some(version)),
            Self::Never => Err(EngineError::Edited.into()),
        }
    }
}

/// The version in a tag. Weak ones have one, too: proxies that compress make tags weak. So does a time alone, as `updated_at`
/// has it.
fn version(tag: &str) -> Option<Timestamp> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let time = tag.split_once(BETWEEN).map_or(tag, |(time, _)| time);
    Timestamp::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(time)).ok()
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn asked(values: &[&'static str]) -> IfMatch {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_static(value));
        }
        IfMatch::of(&headers)
    }

    #[test]
    fn a_version_is_found_in_a_tag_a_weak_one_a_time_alone_and_a_list() {
        let noon = IfMatch::Version(datetime!(2026-01-01 12:00:00.000001 UTC).into());
        for values in [
            &[r#""2026-01-01T12:00:00.000001Z/0123456789abcdef""#][..],
            &[r#"W/"2026-01-01T12:00:00.000001Z/0123456789abcdef""#],
            &[r#""2026-01-01T12:00:00.000001Z""#],
            &[r#""x", "2025-12-31T12:00:00Z/0", "2026-01-01T12:00:00.000001Z/1""#],
            &[r#""2025-12-31T12:00:00Z/0""#, r#""2026-01-01T12:00:00.000001Z/1""#],
        ] {
            assert_eq!(asked(values), noon, "{values:?}");
        }
    }

    #[test]
    fn no_header_and_a_star_are_fine_with_any_version_and_nonsense_with_none() {
        assert_eq!(asked(&[]), IfMatch::Any);
        assert_eq!(asked(&["*"]), IfMatch::Any);
        for nonsense in ["", "x", "\"x\"", "2026-01-01T12:00:00Z", "\"2026-01-01\"", "\"\""] {
            assert_eq!(asked(&[nonsense]), IfMatch::Never, "{nonsense}");
            assert!(asked(&[nonsense]).version().is_err());
        }
    }
}
