//! Keeps other sites from acting with a visitor's cookie.
//!
//! Browsers say where a request comes from. One that changes something and isn't authenticated by an `Authorization` header,
//! which no other site can add, must come from our own pages or from no page at all. Programs say neither, and pass.

use crate::{middleware::identity::bearer, rest};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::sync::Arc;

/// Our own origin, as a browser writes it.
#[derive(Debug, Clone)]
pub(crate) struct OwnOrigin(pub(crate) Arc<str>);

/// Refuses what comes from elsewhere.
pub(crate) async fn same_origin(State(own): State<OwnOrigin>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_ours(request.headers(), &own.0) {
        next.run(request).await
    } else {
        rest::Error::CrossOrigin.into_response()
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn is_ours(headers: &HeaderMap, own: &str) -> bool {
    if bearer(headers).is_some() {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.as_bytes() == own.as_bytes(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_ours(&headers, "https://patchbay.example")
    }

    #[test]
    fn what_the_browser_says_about_the_site_decides() {
        for (site, expected) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("?", false),
        ] {
            assert_eq!(passes(&[("sec-fetch-site", site)]), expected, "{site}");
        }
        assert!(passes(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://elsewhere.example")
        ]));
    }

    #[test]
    fn without_it_the_origin_decides_and_without_both_it_passes() {
        assert!(passes(&[("origin", "https://patchbay.example")]));
        for elsewhere in [
            "https://elsewhere.example",
            "http://patchbay.example",
            "https://patchbay.example:444",
            "null",
            "",
        ] {
            assert!(!passes(&[("origin", elsewhere)]), "{elsewhere}");
        }
        assert!(passes(&[]));
    }

    #[test]
    fn a_bearer_is_not_a_cookie() {
        assert!(passes(&[
            ("authorization", "Bearer x"),
            ("sec-fetch-site", "cross-site")
        ]));
        assert!(!passes(&[
            ("authorization", "Basic x"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
