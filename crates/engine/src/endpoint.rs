//! Endpoints: the URLs at which MCP servers answer, and the pool they come from.
//!
//! Without a pool a server's endpoint is a path (`/mcp/3`) below whatever the public URL is today, so that a
//! Patchbay that moves keeps its servers. With a pool it is one of the pool's URLs, normalised.

use std::fmt;
use thiserror::Error;
use url::Url;

/// What a gateway request asks for: a path below the public URL, or a host and path of the pool.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EndpointKey {
    host: Option<Box<str>>,
    path: Box<str>,
}

impl EndpointKey {
    /// A path below the public URL, whatever host the request named.
    #[must_use]
    pub fn path(path: &str) -> Self {
        Self {
            host: None,
            path: path.into(),
        }
    }

    /// A host (with its port, unless that is the scheme's default) and a path, where a bare `/` is none.
    #[must_use]
    pub fn host(host: &str, path: &str) -> Self {
        Self {
            host: Some(host.to_ascii_lowercase().into()),
            path: if path == "/" { "" } else { path }.into(),
        }
    }

    /// The key of an endpoint as it is stored.
    #[must_use]
    pub fn of_stored(endpoint: &str) -> Self {
        match endpoint.split_once("://") {
            None => Self::path(endpoint),
            Some((_, rest)) => match rest.split_once('/') {
                Some((host, path)) => Self::host(host, &format!("/{path}")),
                None => Self::host(rest, ""),
            },
        }
    }

    /// The host, if this is an endpoint of the pool.
    #[must_use]
    pub fn host_name(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The path.
    #[must_use]
    pub fn path_name(&self) -> &str {
        &self.path
    }

    /// How an endpoint that this key finds can stand in the database. A request doesn't tell which scheme the client
    /// used, because TLS may end before us.
    pub(crate) fn stored_forms(&self) -> Vec<String> {
        match &self.host {
            None => vec![self.path.to_string()],
            Some(host) => ["http", "https"]
                .iter()
                .map(|scheme| format!("{scheme}://{host}{}", self.path))
                .collect(),
        }
    }
}

/// Where servers get their endpoints from.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    public_url: Url,
    pool: Vec<Url>,
    servers_max: u32,
}

impl Endpoints {
    pub(crate) fn new(config: &crate::Config) -> Self {
        Self {
            public_url: config.public_url.clone(),
            pool: config.pool.clone(),
            servers_max: config.servers_max,
        }
    }

    /// All endpoints that there can be, in the order in which they are given out.
    pub(crate) fn candidates(&self) -> Vec<String> {
        if self.pool.is_empty() {
            (1..=self.servers_max).map(|n| format!("/mcp/{n}")).collect()
        } else {
            self.pool.iter().map(stored).collect()
        }
    }

    /// What of a part of an endpoint's URL is stored.
    pub(crate) fn stored_part<'a>(&self, text: &'a str) -> &'a str {
        let public = self.public_url.as_str().trim_end_matches('/');
        text.strip_prefix(public)
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(text)
    }

    /// A stored endpoint as the URL that clients use.
    pub(crate) fn url(&self, stored: &str) -> String {
        if stored.starts_with('/') {
            format!("{}{stored}", self.public_url.as_str().trim_end_matches('/'))
        } else {
            stored.to_owned()
        }
    }
}

fn stored(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// What is wrong with `MCP_GATEWAY_URL_POOLS`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PoolError {
    /// Not a URL, or not one that can be an endpoint.
    #[error("entry {0} is not an http(s) URL without credentials, query and fragment")]
    Malformed(usize),
    /// The same endpoint twice.
    #[error("entry {0} stands there twice")]
    Twice(usize),
    /// It would take the dashboard's place.
    #[error("entry {0} is the public URL itself: give it a path, or another host")]
    Public(usize),
}

/// Reads a comma-separated pool. Hosts are lower-cased and default ports dropped by the URL's own rules.
///
/// # Errors
/// On the first entry that can't be an endpoint; entries are counted from 1.
pub fn parse_pool(text: &str, public_url: &Url) -> Result<Vec<Url>, PoolError> {
    let mut pool: Vec<Url> = Vec::new();
    for (index, entry) in text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .enumerate()
    {
        let position = index + 1;
        let url = Url::parse(entry).map_err(|_| PoolError::Malformed(position))?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(PoolError::Malformed(position));
        }
        let key = EndpointKey::of_stored(&stored(&url));
        if key == EndpointKey::of_stored(&stored(public_url)) || key == EndpointKey::host(&authority(public_url), "") {
            return Err(PoolError::Public(position));
        }
        // A request doesn't tell its scheme, so two that differ in nothing else are one endpoint.
        if pool.iter().any(|other| EndpointKey::of_stored(&stored(other)) == key) {
            return Err(PoolError::Twice(position));
        }
        pool.push(url);
    }
    Ok(pool)
}

/// Host and port as a client's `Host` header has them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host.as_deref().unwrap_or(""), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> Url {
        Url::parse("http://localhost:9000").unwrap()
    }

    #[test]
    fn a_pool_is_trimmed_and_normalised() {
        let pool = parse_pool(" https://MCP1.Example.com:443/ ,, http://a/gw/ ", &public()).unwrap();
        assert_eq!(
            pool.iter().map(stored).collect::<Vec<_>>(),
            ["https://mcp1.example.com", "http://a/gw"]
        );
        assert!(parse_pool("", &public()).unwrap().is_empty());
    }

    #[test]
    fn entries_that_cannot_be_endpoints_are_named() {
        for (text, error) in [
            ("https://a, nonsense", PoolError::Malformed(2)),
            ("ftp://a", PoolError::Malformed(1)),
            ("https://u:p@a", PoolError::Malformed(1)),
            ("https://a?q", PoolError::Malformed(1)),
            ("https://a,https://A:443/", PoolError::Twice(2)),
            ("https://a/x,http://a/x", PoolError::Twice(2)),
            ("https://localhost:9000", PoolError::Public(1)),
            ("http://localhost:9000/", PoolError::Public(1)),
        ] {
            assert_eq!(parse_pool(text, &public()).unwrap_err(), error, "{text}");
        }
        assert!(parse_pool("http://localhost:9000/gw", &public()).is_ok());
    }

    #[test]
    fn a_request_finds_what_was_stored() {
        let key = EndpointKey::of_stored("https://mcp1.example.com/a");
        assert_eq!(key, EndpointKey::host("MCP1.example.com", "/a"));
        assert!(key.stored_forms().contains(&"https://mcp1.example.com/a".to_owned()));
        assert_eq!(
            EndpointKey::of_stored("https://mcp1.example.com"),
            EndpointKey::host("mcp1.example.com", "/")
        );
        assert_eq!(EndpointKey::of_stored("/mcp/3"), EndpointKey::path("/mcp/3"));
    }
}
