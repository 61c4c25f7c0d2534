//! Which web pages may call the gateway. Clients that are no browsers send no `Origin` and aren't concerned.
//!
//! A page of another origin is refused, unless it is listed. So is a page of a name that an attacker has just pointed
//! at this machine (DNS rebinding): its `Origin` and `Host` agree, but the name isn't one that Patchbay goes by.

use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
};
use url::{Host, Url};

/// The origins that may call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(Vec<url::Origin>);

impl Origins {
    /// The origins of these URLs.
    pub(crate) fn of<'u>(urls: impl IntoIterator<Item = &'u Url>) -> Self {
        Self(urls.into_iter().map(Url::origin).collect())
    }

    /// Whether a request may be served, as far as its `Origin` is concerned.
    pub(crate) fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => origin
                .to_str()
                .is_ok_and(|origin| self.allow_origin(origin, uri, headers)),
            (Some(_), Some(_)) => false,
        }
    }

    fn allow_origin(&self, origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        let origin = url.origin();
        if !origin.is_tuple() {
            return false;
        }
        self.0.contains(&origin) || (is_local_name(&url) && same_authority(&url, uri, headers))
    }
}

/// A host that no attacker's DNS can answer for: an address, or the machine itself.
fn is_local_name(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn same_authority(origin: &Url, uri: &Uri, headers: &HeaderMap) -> bool {
    let Some(authority) = authority(uri, headers) else {
        return false;
    };
    let Ok(called) = Url::parse(&format!("{}://{authority}/", origin.scheme())) else {
        return false;
    };
    called.origin() == origin.origin()
}

/// The host and port that a request names.
pub(crate) fn authority<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST)?.to_str().ok(),
    }
}

/// A host as endpoints are stored under: without the port that its scheme implies. Whether that is 80 or 443 can't be
/// told where TLS ends before us, so neither counts. Case is left as it is.
pub(crate) fn without_default_port(authority: &str) -> &str {
    authority
        .strip_suffix(":443")
        .or_else(|| authority.strip_suffix(":80"))
        .unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn allowed(origin: Option<&str>, host: &str) -> bool {
        let urls: Vec<Url> = ["https://patchbay.example/", "https://mcp.example:8443/a"]
            .iter()
            .map(|url| url.parse().unwrap())
            .collect();
        let mut request = Request::builder().uri("/mcp/1").header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request.body(()).unwrap();
        Origins::of(&urls).allow(request.uri(), request.headers())
    }

    #[test]
    fn only_pages_of_our_own_may_call() {
        for (origin, host, expected) in [
            (None, "anything.example", true),
            (Some("https://patchbay.example"), "patchbay.example", true),
            (Some("https://PATCHBAY.example:443"), "internal:9000", true),
            (Some("https://mcp.example:8443"), "mcp.example:8443", true),
            (Some("http://localhost:9000"), "localhost:9000", true),
            (Some("http://127.0.0.1:9000"), "127.0.0.1:9000", true),
            (Some("http://[::1]:9000"), "[::1]:9000", true),
            (Some("http://192.168.1.5"), "192.168.1.5:80", true),
            (Some("http://localhost:6274"), "localhost:9000", false),
            (Some("http://localhost:9000"), "127.0.0.1:9000", false),
            (Some("http://patchbay.example"), "patchbay.example", false),
            (Some("https://mcp.example"), "mcp.example", false),
            (Some("http://rebound.example:9000"), "rebound.example:9000", false),
            (Some("https://evil.example"), "patchbay.example", false),
            (Some("null"), "localhost:9000", false),
            (Some("file://"), "localhost:9000", false),
            (Some("localhost:9000"), "localhost:9000", false),
            (Some(""), "localhost:9000", false),
        ] {
            assert_eq!(allowed(origin, host), expected, "{origin:?} at {host}");
        }
    }

    #[test]
    fn a_default_port_is_no_part_of_a_host() {
        for (given, expected) in [
            ("a.example:443", "a.example"),
            ("a.example:80", "a.example"),
            ("a.example:8080", "a.example:8080"),
            ("a.example", "a.example"),
            ("[::1]:443", "[::1]"),
            ("[2001:db8::80]", "[2001:db8::80]"),
        ] {
            assert_eq!(without_default_port(given), expected);
        }
    }
}
