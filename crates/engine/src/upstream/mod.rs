//! The way to connectors' services: the only room that makes outgoing connections.
//!
//! [`Upstream::fetch`] is for the control plane (manifests, logos), [`Upstream::discover`] asks an MCP endpoint what
//! it offers, and [`Upstream::peer`] is what the gateway calls through: it remembers which era an upstream speaks
//! and holds its session. Every connection goes past [`egress`], after DNS.

pub mod body;
pub mod connect;
mod credential;
mod definitions;
pub mod discover;
pub mod egress;
pub mod error;
pub mod exchange;
pub mod http;
pub mod link;
pub mod logo;
pub mod manifest;
pub mod peer;
mod pool;
mod resolve;
pub mod rpc;
#[cfg(test)]
mod secret_tests;
pub mod sse;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tls;

pub use self::http::{FetchOptions, Fetched};
pub use credential::Credential;
pub use discover::Discovered;
pub use egress::{EgressError, EgressPolicy};
pub use error::{CallError, FetchError};
pub use exchange::{Events, Outgoing, Reply};
pub use link::{Era, Link};
pub use peer::{Peer, Scope};

use self::http::Fetcher;
use connect::Wire;
use peer::Peers;
use pool::Pool;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;

/// Where an upstream's MCP endpoint is, and what to show there.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Its MCP endpoint.
    pub url: Url,
    /// What it wants to see from us, if anything.
    pub authorization: Option<Credential>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("url", &self.url.as_str())
            .field("authorization", &self.authorization)
            .finish()
    }
}

/// How long upstreams may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To take a connection, TLS not counted.
    pub connect: Duration,
    /// To answer `server/discover`, before it is taken for one that doesn't know it.
    pub probe: Duration,
    /// To shake hands in either era, all messages together.
    pub handshake: Duration,
    /// To begin to answer a call; for an answer that isn't a stream, to finish it.
    pub answer: Duration,
    /// Between two signs of life on a stream.
    pub stream_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            probe: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            stream_idle: Duration::from_secs(300),
        }
    }
}

/// The way to connectors' services. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Upstream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fetcher: Fetcher,
    wire: Arc<Wire>,
    peers: Peers,
}

impl Upstream {
    /// A way out that goes where the policy allows.
    #[must_use]
    pub fn new(policy: EgressPolicy) -> Self {
        Self::with_timeouts(policy, Timeouts::default())
    }

    /// The same with other times.
    #[must_use]
    pub fn with_timeouts(policy: EgressPolicy, timeouts: Timeouts) -> Self {
        let tls = tls::client_config();
        Self(Arc::new(Inner {
            fetcher: Fetcher::new(&policy, tls.clone(), timeouts.connect),
            wire: Arc::new(Wire::new(Pool::new(&policy, tls, timeouts.connect), policy, timeouts)),
            peers: Peers::new(),
        }))
    }

    /// Where it may go.
    #[must_use]
    pub fn policy(&self) -> &EgressPolicy {
        self.0.wire.policy()
    }

    /// How long upstreams may take.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        self.0.wire.timeouts()
    }
}
