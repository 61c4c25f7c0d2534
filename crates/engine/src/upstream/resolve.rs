//! Name resolution that the egress policy looks at: of a name's addresses only those that may be called remain.

use super::egress::{EgressError, EgressPolicy};
use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use std::{
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};
use thiserror::Error;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A name without an address.
#[derive(Debug, Error)]
#[error("the name could not be resolved")]
pub(super) struct DnsError;

/// Resolves through the system, past the policy. For hyper's connector and for reqwest.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver(EgressPolicy);

impl GuardedResolver {
    pub(super) fn new(policy: &EgressPolicy) -> Self {
        Self(policy.clone())
    }

    async fn addresses(self, host: String) -> Result<vec::IntoIter<SocketAddr>, BoxError> {
        let found = tokio::net::lookup_host((host.as_str(), 0))
            .await
            .map_err(|_| DnsError)?;
        let mut allowed = Vec::new();
        let mut refused = None::<EgressError>;
        for address in found {
            match self.0.check_address(&host, address.ip()) {
                Ok(()) => allowed.push(address),
                Err(error) => refused = Some(error),
            }
        }
        match (allowed.is_empty(), refused) {
            (true, Some(error)) => {
                tracing::info!(
                    host,
                    "not called: every address of this name is refused by the egress policy"
                );
                Err(error.into())
            }
            (true, None) => Err(DnsError.into()),
            (false, _) => Ok(allowed.into_iter()),
        }
    }
}

impl tower::Service<Name> for GuardedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().addresses(name.as_str().to_owned()))
    }
}

impl reqwest::dns::Resolve for GuardedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let addresses = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move { Ok(Box::new(addresses.await?) as reqwest::dns::Addrs) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_checked_like_any_name() {
        let refused = GuardedResolver::new(&EgressPolicy::default())
            .addresses("localhost".into())
            .await
            .unwrap_err();
        assert_eq!(
            refused.downcast_ref::<EgressError>(),
            Some(&EgressError::Address("localhost".into()))
        );
        let policy = EgressPolicy::parse("loopback").unwrap();
        let mut found = GuardedResolver::new(&policy)
            .addresses("localhost".into())
            .await
            .unwrap();
        assert!(found.all(|address| address.ip().is_loopback()));
    }
}
