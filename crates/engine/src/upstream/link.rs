//! What is known about talking to one upstream: its era, and in the legacy era the version and the session.

use super::{Target, rpc};
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// Which version a message is in.
pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// Which session a legacy message belongs to.
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// The method of a modern message, once more.
pub const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// The name of what a modern message calls, once more.
pub const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The two dialects of MCP, which are not compatible on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: stateless, every request says who asks.
    Modern,
    /// 2025-11-25 and before: `initialize`, sessions.
    Legacy,
}

/// A way to talk to an upstream that was agreed on. Requests on one link may run side by side.
pub struct Link {
    era: Era,
    version: &'static str,
    pub(super) uri: Uri,
    /// What every request carries, ready to be cloned.
    pub(super) headers: HeaderMap,
    session: bool,
    ids: AtomicU64,
}

impl Link {
    pub(super) fn modern(target: &Target, uri: Uri) -> Self {
        let mut headers = base_headers(target);
        headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(rpc::MODERN));
        Self {
            era: Era::Modern,
            version: rpc::MODERN,
            uri,
            headers,
            session: false,
            ids: AtomicU64::new(1),
        }
    }

    pub(super) fn legacy(target: &Target, uri: Uri, version: &'static str, session: Option<HeaderValue>) -> Self {
        let mut headers = base_headers(target);
        // Older ones don't know this header; some of their servers refuse what they don't know.
        if version >= "2025-06-18" {
            headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(version));
        }
        let has_session = session.is_some();
        if let Some(session) = session {
            headers.insert(SESSION_ID, session);
        }
        Self {
            era: Era::Legacy,
            version,
            uri,
            headers,
            session: has_session,
            ids: AtomicU64::new(1),
        }
    }

    /// What it speaks.
    #[must_use]
    pub fn era(&self) -> Era {
        self.era
    }

    /// The version that was agreed on.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// Whether the upstream keeps a session for this link. Then several clients' requests share it, so request ids
    /// and progress tokens must be Patchbay's own ([`Self::next_id`]).
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.session
    }

    /// A number that no other request on this link has.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("era", &self.era)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

pub(super) fn base_headers(target: &Target) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("patchbay/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some(authorization) = &target.authorization {
        authorization.add_to(&mut headers);
    }
    headers
}
