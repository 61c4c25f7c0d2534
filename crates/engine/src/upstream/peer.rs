//! An upstream as one MCP server, or one source of it, talks to it: the link that was agreed on, found again when it is
//! lost, and never shared with another. However many calls wait for it, one of them shakes hands.

use super::{
    Link, Target, Upstream,
    connect::{REMEMBERED, Wire},
    error::CallError,
    exchange::{self, Outgoing, Reply},
};
use bytes::Bytes;
use http::HeaderValue;
use patchbay_domain::ids::{ServerId, SourceId};
use quick_cache::sync::Cache;
use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

/// Whom a session with an upstream serves: one server, and one source of it. Peers of different scopes share connections,
/// but no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The server.
    pub server: ServerId,
    /// The source; nothing for the server's own connector.
    pub source: Option<SourceId>,
}

/// The peers in use. Whoever calls through a peer keeps it alive; when the last one lets go of it, because its server
/// is gone, has moved or was not called for long, its session ends.
pub(super) struct Peers(Cache<(Scope, Url), Weak<Peer>>);

impl Peers {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peers({})", self.0.len())
    }
}

impl Upstream {
    /// The upstream as one scope talks to it. The same scope and target get the same peer, while anybody holds it.
    #[must_use]
    pub fn peer(&self, scope: Scope, target: &Target) -> Arc<Peer> {
        let key = (scope, target.url.clone());
        if let Some(peer) = self.0.peers.0.get(&key).and_then(|peer| peer.upgrade())
            && peer.target == *target
        {
            return peer;
        }
        let peer = Arc::new(Peer::new(self.0.wire.clone(), target.clone()));
        self.0.peers.0.insert(key, Arc::downgrade(&peer));
        peer
    }
}

/// An upstream as one scope talks to it.
pub struct Peer {
    wire: Arc<Wire>,
    target: Target,
    link: RwLock<Option<Arc<Link>>>,
    /// Held while shaking hands; what came of the last time when that failed.
    shaking: Mutex<Option<CallError>>,
    handshakes: AtomicU64,
}

impl Peer {
    fn new(wire: Arc<Wire>, target: Target) -> Self {
        Self {
            wire,
            target,
            link: RwLock::new(None),
            shaking: Mutex::new(None),
            handshakes: AtomicU64::new(0),
        }
    }

    /// Sends a message, rendered for the link that it goes over, and returns that link with the reply. When the
    /// session turns out to be over, or the upstream to speak another era by now, nothing ran, and it is sent once more.
    ///
    /// # Errors
    /// When there is no reply. An upstream's JSON-RPC error is a reply.
    pub async fn call<'a>(
        &self,
        mut render: impl FnMut(&Link) -> Outgoing<'a>,
    ) -> Result<(Arc<Link>, Reply), CallError> {
        let mut last = false;
        loop {
            let link = self.link().await?;
            let outgoing = render(&link);
            let deadline = Instant::now() + self.wire.timeouts().answer;
            match exchange::post(&self.wire, &link, outgoing, deadline).await {
                Err(error @ (CallError::SessionGone | CallError::Moved(_))) => {
                    self.forget(&link);
                    if last {
                        return Err(error);
                    }
                    last = true;
                }
                Err(CallError::EraChanged { status, answer }) => {
                    if last || !self.speaks_otherwise(&link).await {
                        let answer = answer.ok_or(CallError::Status(status))?;
                        return Ok((link, Reply::Message(answer)));
                    }
                    last = true;
                }
                Err(error) => return Err(error),
                Ok(reply) => return Ok((link, reply)),
            }
        }
    }

    /// Sends what isn't answered: a notification, or the answer to a request of the upstream's.
    ///
    /// # Errors
    /// When it could not be delivered.
    pub async fn tell(&self, link: &Link, message: Bytes, method: HeaderValue) -> Result<(), CallError> {
        let deadline = Instant::now() + self.wire.timeouts().handshake;
        let outgoing = Outgoing {
            body: message,
            method,
            name: None,
            params: &[],
        };
        exchange::post(&self.wire, link, outgoing, deadline).await.map(|_| ())
    }

    fn current(&self) -> Option<Arc<Link>> {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the upstream speaks another era by now than on that link. Then there is a new link. Otherwise the old
    /// one stays: others use it, and nothing that a client can provoke may take it from them.
    async fn speaks_otherwise(&self, link: &Arc<Link>) -> bool {
        let _alone = self.shaking.lock().await;
        if let Some(current) = self.current()
            && !Arc::ptr_eq(&current, link)
        {
            return current.era() != link.era();
        }
        let Ok((found, _)) = self.wire.shake_hands(&self.target).await else {
            return false;
        };
        let found = Arc::new(found);
        if found.era() == link.era() {
            exchange::end_session_later(&self.wire, &found);
            return false;
        }
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = Some(found);
        true
    }

    async fn link(&self) -> Result<Arc<Link>, CallError> {
        if let Some(link) = self.current() {
            return Ok(link);
        }
        let seen = self.handshakes.load(Ordering::Acquire);
        let mut failed = self.shaking.lock().await;
        if let Some(link) = self.current() {
            return Ok(link);
        }
        // Somebody failed while this call waited: it would have failed just so.
        if self.handshakes.load(Ordering::Acquire) != seen
            && let Some(error) = &*failed
        {
            return Err(error.clone());
        }
        let result = self.wire.shake_hands(&self.target).await;
        self.handshakes.fetch_add(1, Ordering::Release);
        match result {
            Ok((link, _)) => {
                let link = Arc::new(link);
                *failed = None;
                *self.link.write().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
                Ok(link)
            }
            Err(error) => {
                *failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Forgets a link, unless another one took its place already.
    fn forget(&self, link: &Arc<Link>) {
        let mut current = self.link.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            *current = None;
        }
    }
}

impl Drop for Peer {
    /// Ends the upstream's session, which nobody can use any more.
    fn drop(&mut self) {
        let link = self.link.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            exchange::end_session_later(&self.wire, &link);
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("target", &self.target)
            .field("link", &self.current())
            .finish_non_exhaustive()
    }
}
