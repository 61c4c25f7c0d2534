//! How many requests may be in memory at the same time: of one server, so that one token's holder can't take what all
//! need, and of all. A request counts from before its message is read until the last byte of its answer is gone.

use crate::{body::Body, error::Refusal, server::Server};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

/// Of one server. Streams count as long as they are open.
const OF_SERVER: usize = 256;
/// Of one of a server's upstreams, where it has several: one that answers nobody leaves the others their half.
const OF_UPSTREAM: usize = OF_SERVER / 2;
/// Of all servers.
const OF_ALL: usize = 4096;

/// A number that is never raised above its limit.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    fn raise(&self, limit: usize) -> bool {
        let raised = self.0.fetch_add(1, Ordering::Relaxed) < limit;
        if !raised {
            self.lower();
        }
        raised
    }

    fn lower(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts what runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admission(Arc<Count>);

impl Admission {
    /// Lets a request in.
    pub(crate) fn admit(&self, server: &Arc<Server>) -> Result<Admitted, Refusal> {
        if !server.running.raise(OF_SERVER) {
            return Err(Refusal::TooManyCalls);
        }
        if !self.0.raise(OF_ALL) {
            server.running.lower();
            return Err(Refusal::Busy);
        }
        Ok(Admitted {
            all: self.0.clone(),
            server: server.clone(),
        })
    }
}

/// One request that was let in, until this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    all: Arc<Count>,
    pub(crate) server: Arc<Server>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.server.running.lower();
        self.all.lower();
    }
}

/// One upstream's call, which counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Share(Option<Arc<Count>>);

impl Share {
    /// Room for a call of the upstream that this counts, if it may take more; nothing is counted for an only one.
    pub(crate) fn of(count: Option<&Arc<Count>>) -> Option<Self> {
        let fits = count.is_none_or(|count| count.raise(OF_UPSTREAM));
        fits.then(|| Self(count.cloned()))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.lower();
        }
    }
}

/// An answer whose request counts until it is gone.
pub(crate) struct Counted {
    pub(crate) body: Body,
    /// Nothing for a request that was not let in.
    #[expect(dead_code, reason = "dropping it is what it is for")]
    pub(crate) admitted: Option<Admitted>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::tests::server;

    #[tokio::test]
    async fn one_server_gets_its_share_and_what_is_done_makes_room() {
        let admission = Admission::default();
        let (one, two) = (Arc::new(server(vec![])), Arc::new(server(vec![])));
        let mut running: Vec<Admitted> = (0..OF_SERVER).map(|_| admission.admit(&one).unwrap()).collect();
        for _ in 0..3 {
            assert_eq!(admission.admit(&one).err(), Some(Refusal::TooManyCalls));
        }
        assert!(admission.admit(&two).is_ok(), "others are served");
        running.pop();
        let again = admission.admit(&one);
        assert!(again.is_ok() && admission.admit(&one).is_err());
    }

    #[tokio::test]
    async fn all_together_have_a_bound_too() {
        let admission = Admission::default();
        let servers: Vec<Arc<Server>> = (0..=OF_ALL / OF_SERVER).map(|_| Arc::new(server(vec![]))).collect();
        let mut running = Vec::new();
        for server in &servers[1..] {
            running.extend((0..OF_SERVER).map(|_| admission.admit(server).unwrap()));
        }
        assert_eq!(admission.admit(&servers[0]).err(), Some(Refusal::Busy));
        running.clear();
        assert!(admission.admit(&servers[0]).is_ok());
    }
}
