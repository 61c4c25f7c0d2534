//! What can go wrong on the way to an upstream, in words for the person who gave its address.
//!
//! `Display` never holds credentials, internal addresses or a library's own prose.

use super::{egress::EgressError, resolve::DnsError};
use bytes::Bytes;
use std::{error::Error, io};
use thiserror::Error as ThisError;

/// Why something could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum FetchError {
    /// The address may not be called.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// Nobody listens there.
    #[error("Connection refused")]
    Refused,
    /// The name has no address.
    #[error("The host name could not be resolved")]
    Dns,
    /// It took too long.
    #[error("Timed out")]
    Timeout,
    /// No secure connection could be agreed on; most often the certificate.
    #[error("The secure connection failed (is the certificate valid?)")]
    Tls,
    /// A redirect to another scheme, host or port.
    #[error("It redirects to another origin")]
    RedirectElsewhere,
    /// More redirects than allowed.
    #[error("It redirects too often")]
    TooManyRedirects,
    /// The body is larger than allowed.
    #[error("The answer is too large")]
    TooLarge,
    /// The connection broke, or what came wasn't HTTP.
    #[error("The connection failed")]
    Other,
}

/// Why an upstream could not be called. An error that the upstream itself answered a call with is no such error: it
/// is passed on as its answer.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum CallError {
    /// The connection could not be made, or broke.
    #[error(transparent)]
    Transport(#[from] FetchError),
    /// 401 or 403.
    #[error("It refused Patchbay's credentials (status {0})")]
    Unauthorized(u16),
    /// Any other status that isn't an answer.
    #[error("It answered with status {0}")]
    Status(u16),
    /// It answers, but not in MCP.
    #[error("It doesn't answer as an MCP server does")]
    NotMcp,
    /// It answered a question of Patchbay's own, such as the handshake, with an error.
    #[error("It answered with an error: {message} ({code})")]
    Rpc {
        /// The JSON-RPC code.
        code: i64,
        /// The upstream's own words, cut short.
        message: String,
    },
    /// It speaks only versions of MCP that Patchbay doesn't.
    #[error("It speaks MCP {0}, which Patchbay doesn't")]
    Version(String),
    /// It has the transport from before 2025-03-26 only.
    #[error("It only speaks the old HTTP+SSE transport, which Patchbay doesn't support yet")]
    OldTransport,
    /// The session is over. Seen from outside only when a new one is lost at once, too.
    #[error("It ended the session")]
    SessionGone,
    /// It refused what it should have understood, so it may speak another era than it did. Never seen from outside:
    /// either it does, or the refusal is its answer.
    #[error("It answered with status {status}")]
    EraChanged {
        /// The HTTP status.
        status: u16,
        /// A JSON-RPC error, if it gave one.
        answer: Option<Bytes>,
    },
    /// It answers elsewhere: the `Location` that it gave. Seen from outside only when it moves twice in a row.
    #[error("It redirects elsewhere")]
    Moved(String),
    /// It closed a stream before the answer.
    #[error("It closed the connection before it answered")]
    Unanswered,
}

impl CallError {
    /// The answer is larger than allowed.
    pub(super) const TOO_LARGE: Self = Self::Transport(FetchError::TooLarge);
    /// It took too long.
    pub(super) const TIMEOUT: Self = Self::Transport(FetchError::Timeout);
}

/// Finds out what a client library's error is about.
pub(super) fn classify(error: &(dyn Error + 'static)) -> FetchError {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = known(error) {
            return found;
        }
        next = error.source();
    }
    FetchError::Other
}

fn known(error: &(dyn Error + 'static)) -> Option<FetchError> {
    if let Some(egress) = error.downcast_ref::<EgressError>() {
        return Some(FetchError::Egress(egress.clone()));
    }
    if error.is::<DnsError>() {
        return Some(FetchError::Dns);
    }
    if error.is::<rustls::Error>() {
        return Some(FetchError::Tls);
    }
    let io = error.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(FetchError::Refused),
        io::ErrorKind::TimedOut => Some(FetchError::Timeout),
        // An I/O error's `source` skips the error that it wraps.
        _ => io.get_ref().and_then(|inner| {
            let inner: &(dyn Error + 'static) = inner;
            match classify(inner) {
                FetchError::Other => None,
                found => Some(found),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_below_wrappers() {
        let inside = io::Error::other(rustls::Error::HandshakeNotComplete);
        assert_eq!(classify(&io::Error::other(inside)), FetchError::Tls);
        let egress = EgressError::Address("db.internal".into());
        assert_eq!(classify(&io::Error::other(egress.clone())), FetchError::Egress(egress));
        assert_eq!(
            classify(&io::Error::from(io::ErrorKind::ConnectionRefused)),
            FetchError::Refused
        );
        assert_eq!(
            classify(&io::Error::from(io::ErrorKind::ConnectionReset)),
            FetchError::Other
        );
    }
}
