//! Answers under our own names only.
//!
//! A web page can point a name of its own at this machine after it was loaded (DNS rebinding), and is then of the same
//! origin as we are, as far as the browser can tell. What it can't do is make the browser send another `Host`. An address
//! can't be pointed elsewhere, so every literal one passes, and so does `localhost`.

use crate::rest;
use axum::{
    extract::{Request, State},
    http::{header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{net::IpAddr, sync::Arc};

/// The public URL's host.
#[derive(Debug, Clone)]
pub(crate) struct OwnHost(pub(crate) Arc<str>);

/// Refuses a request for somebody else. One without a host comes from no browser, and passes.
pub(crate) async fn known_host(State(own): State<OwnHost>, request: Request, next: Next) -> Response {
    let authority = match request.uri().authority() {
        Some(authority) => Some(Ok(authority.clone())),
        None => request
            .headers()
            .get(header::HOST)
            .map(|host| Authority::try_from(host.as_bytes())),
    };
    match authority {
        None => next.run(request).await,
        Some(Ok(authority)) if is_known(authority.host(), &own.0) => next.run(request).await,
        Some(_) => rest::Error::UnknownHost.into_response(),
    }
}

fn is_known(host: &str, own: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case(own)
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || literal.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_and_literal_addresses_are_known_and_nothing_else() {
        for host in [
            "patchbay.example",
            "Patchbay.Example.",
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "[::1]",
            "192.168.0.9",
        ] {
            assert!(is_known(host, "patchbay.example"), "{host}");
        }
        for host in [
            "evil.example",
            "patchbay.example.evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "",
        ] {
            assert!(!is_known(host, "patchbay.example"), "{host}");
        }
    }
}
