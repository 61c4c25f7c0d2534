//! Gives each request an id, finds out where it comes from, and writes its line into the log.
//!
//! The id is ours, never the caller's: it stands in the answer's `x-request-id`, in error bodies and in the log.

use crate::{config::TrustedProxies, device, listener::Peer, middleware::identity::bearer};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use patchbay_app::context::RequestInfo;
use patchbay_domain::audit::Door;
use std::{net::IpAddr, sync::Arc, time::Instant};
use tracing::Instrument as _;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered, for error bodies; empty outside of one.
pub(crate) fn current_request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Has what goes on elsewhere belong to the request that is being answered.
pub(crate) fn belonging<F: Future>(work: F) -> impl Future<Output = F::Output> {
    REQUEST_ID.scope(current_request_id(), work.in_current_span())
}

/// Wraps the rest of the way in the request's id and log span.
pub(crate) async fn attach(State(proxies): State<Arc<TrustedProxies>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::new_v4().simple().to_string();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let remote = peer.map(|peer| client_address(peer, request.headers(), &proxies));
    let device = device::name(
        request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok()),
    );
    // The query stays out: it may hold what somebody typed.
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let door = door(request.uri().path(), request.headers());
    request.extensions_mut().insert(RequestInfo {
        request_id: id.clone(),
        remote,
        device,
        door,
    });

    let answer = async move {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(status, took_ms, "answered");
        response
    };
    let mut response = REQUEST_ID.scope(id.clone(), answer.instrument(span)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// Programs come with an access token or to the API, and browsers with a cookie to everything else.
fn door(path: &str, headers: &HeaderMap) -> Door {
    if path.starts_with("/api/") || bearer(headers).is_some() {
        Door::Api
    } else {
        Door::Dashboard
    }
}

/// The nearest address that isn't one of our own proxies. Whoever isn't one of them can claim what they like.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    let mut address = peer.to_canonical();
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !proxies.contains(address) {
            break;
        }
        let Some(previous) = parse_hop(hop) else { break };
        address = previous.to_canonical();
    }
    address
}

/// Some proxies add the port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Source, Variables};

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut variables = Variables::default();
        variables.set("PATCHBAY_TRUSTED_PROXIES", "10.0.0.0/8", Source::Environment);
        let proxies = Config::parse(&variables).unwrap().trusted_proxies;
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        client_address(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_when_a_trusted_proxy_says_so() {
        assert_eq!(client("192.0.2.7", &["203.0.113.1"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_wrote_in_front_of_the_proxies_words_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["127.0.0.1, 203.0.113.1, 10.0.0.2"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["127.0.0.1", "203.0.113.1:4711"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["nonsense"]), "10.0.0.1");
    }
}
