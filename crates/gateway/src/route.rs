//! From a request's host and path to the server that answers there: which requests are the gateway's at all, and the
//! servers in memory.

use crate::{
    cache::{Cache, LoadError, SHARDS},
    error::Refusal,
    origin::{authority, without_default_port},
    protocol::Follow,
    server::{Server, weight},
};
use futures::future::{BoxFuture, join_all};
use http::{HeaderMap, Uri};
use patchbay_domain::ids::{ConnectorId, ServerId};
use patchbay_engine::{
    Engine, Error,
    endpoint::EndpointKey,
    gateway::{BINDINGS_MAX, CONFIGURATION_MAX_BYTES, DESCRIPTIONS_MAX_BYTES, RouteKey},
    templates::{ARGUMENTS_WEIGHT_MAX, DEFINITION_MAX_BYTES, DYNAMIC_TOOLS_MAX},
    upstream::discover::{DEFINITIONS_MAX, TOOLS_MAX},
};
use quick_cache::Weighter;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use url::Url;

/// What every endpoint below the public URL begins with.
const PREFIX: &str = "/mcp/";
/// How much memory servers may take. What falls out is loaded again when it is called.
const SERVERS_BYTES: u64 = 256 << 20;
/// The heaviest server that there can be, with a long name instead of each tool's own, with all the dynamic tools, bindings and
/// words of its owner's that it can have. Definitions of several connectors don't take more than those of one: what is more
/// finds no room in the list. A shard keeps a little of its share for newcomers, so it must be larger than that.
const HEAVIEST: u64 = weight(
    DEFINITIONS_MAX
        + TOOLS_MAX * 256
        + DYNAMIC_TOOLS_MAX * (DEFINITION_MAX_BYTES + ARGUMENTS_WEIGHT_MAX)
        // Escaped, as a line's end is.
        + DESCRIPTIONS_MAX_BYTES * 2
        + BINDINGS_MAX * CONFIGURATION_MAX_BYTES,
    TOOLS_MAX + DYNAMIC_TOOLS_MAX,
    BINDINGS_MAX,
);
const _: () = assert!(
    HEAVIEST < SERVERS_BYTES / SHARDS as u64 / 10 * 9,
    "the largest server must find room, or else each of its calls loads it"
);
const SERVERS: usize = 10_000;

/// Which hosts and paths are the gateway's.
#[derive(Debug)]
pub(crate) struct Places {
    /// The public URL's path, without a slash at its end.
    base: String,
    /// Of the pool: host → paths, the longest first. The bare host has the path ``.
    pool: RwLock<HashMap<String, Vec<String>>>,
}

/// Where a request goes, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'r> {
    /// A path below the public URL.
    Path(&'r str),
    /// A host and path of the pool.
    Host(&'r str, &'r str),
}

impl Place<'_> {
    fn key(self) -> RouteKey {
        RouteKey::Endpoint(match self {
            Self::Path(path) => EndpointKey::path(path),
            Self::Host(host, path) => EndpointKey::host(host, path),
        })
    }

    fn is(self, key: &RouteKey) -> bool {
        let RouteKey::Endpoint(key) = key else { return false };
        match (self, key.host_name()) {
            (Self::Path(path), None) => key.path_name() == path,
            (Self::Host(host, path), Some(stored)) => {
                // A bare host's path is a slash in every request.
                let path = if path == "/" { "" } else { path };
                stored.eq_ignore_ascii_case(host) && key.path_name() == path
            }
            _ => false,
        }
    }
}

impl Places {
    pub(crate) fn new(public_url: &Url, pool: &[Url]) -> Self {
        let endpoints = Self {
            base: public_url.path().trim_end_matches('/').to_owned(),
            pool: RwLock::default(),
        };
        endpoints.add(
            pool.iter()
                .map(|url| EndpointKey::of_stored(url.as_str().trim_end_matches('/'))),
        );
        endpoints
    }

    /// Adds endpoints that servers hold, though they may not be in today's pool.
    pub(crate) fn add(&self, held: impl IntoIterator<Item = EndpointKey>) {
        // One lock from the beginning to the end: nothing that somebody else adds meanwhile is lost.
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        for key in held {
            let Some(host) = key.host_name() else { continue };
            let paths: &mut Vec<String> = pool.entry(host.to_owned()).or_default();
            if !paths.iter().any(|path| path == key.path_name()) {
                paths.push(key.path_name().to_owned());
                paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
            }
        }
    }

    /// Where a request goes, if it is one of the gateway's. What lies below an endpoint is the gateway's too, though
    /// nothing answers there: it is nobody else's.
    pub(crate) fn place<'r>(&self, uri: &'r Uri, headers: &'r HeaderMap) -> Option<Place<'r>> {
        let path = uri.path();
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        if !pool.is_empty()
            && let Some(host) = authority(uri, headers).map(without_default_port)
        {
            let paths = match pool.get(host) {
                None if host.bytes().any(|byte| byte.is_ascii_uppercase()) => pool.get(&host.to_ascii_lowercase()),
                found => found,
            };
            let at = |endpoint: &&String| {
                path.strip_prefix(endpoint.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if paths.is_some_and(|paths| paths.iter().any(|endpoint| at(&endpoint))) {
                return Some(Place::Host(host, path));
            }
        }
        let below = path.strip_prefix(self.base.as_str())?;
        below.starts_with(PREFIX).then_some(Place::Path(below))
    }
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<ServerId, Arc<Server>> for Weight {
    fn weight(&self, _: &ServerId, server: &Arc<Server>) -> u64 {
        server.weight()
    }
}

/// The servers in memory. They are found by who may call them, so that nobody without a token can make us look.
#[derive(Debug)]
pub(crate) struct Servers {
    engine: Engine,
    cache: Cache<ServerId, Arc<Server>, Weight>,
}

enum NotThere {
    NotTheirs,
    Failed(Error),
}

impl Servers {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            cache: Cache::new(SERVERS, SERVERS_BYTES, Weight),
        }
    }

    /// The server at `place`, if it is the one that the caller may call. A server has one endpoint only.
    pub(crate) async fn at(&self, place: Place<'_>, allowed: ServerId) -> Result<Arc<Server>, Refusal> {
        if let Some(server) = self.cache.get(&allowed)
            && place.is(&server.key)
        {
            return Ok(server);
        }
        match self.load(&place.key(), allowed).await {
            Ok(server) if place.is(&server.key) => Ok(server),
            // Another's endpoint, or nobody's: which of them is not for this caller to know.
            Ok(_) | Err(LoadError::Failed(NotThere::NotTheirs)) => Err(Refusal::BadToken),
            Err(LoadError::Busy) => Err(Refusal::Busy),
            Err(LoadError::Failed(NotThere::Failed(error))) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a server could not be loaded");
                Err(Refusal::Internal)
            }
        }
    }

    async fn load(&self, key: &RouteKey, allowed: ServerId) -> Result<Arc<Server>, LoadError<NotThere>> {
        let load = async {
            match self.engine.load_route(key).await.map_err(NotThere::Failed)? {
                Some(route) if route.server == allowed => {
                    Ok(Arc::new(Server::new(key.clone(), route, self.engine.upstream())))
                }
                _ => Err(NotThere::NotTheirs),
            }
        };
        self.cache.get_or_load(allowed, load).await
    }

    /// A server by itself, for calls that no client makes.
    pub(crate) async fn by_id(&self, id: ServerId) -> Result<Option<Arc<Server>>, Error> {
        let key = RouteKey::Server(id);
        // It isn't kept: kept servers are those that clients call, under the endpoint that they call.
        match self.cache.get(&id) {
            Some(server) => Ok(Some(server)),
            None => {
                let route = self.engine.load_route(&key).await?;
                Ok(route.map(|route| Arc::new(Server::new(key, route, self.engine.upstream()))))
            }
        }
    }

    pub(crate) fn forget(&self, server: ServerId) {
        self.cache.invalidate(|id, _| *id == server);
    }

    pub(crate) fn forget_users_of(&self, connector: ConnectorId) {
        self.cache.invalidate(|_, server| server.uses(connector));
    }

    pub(crate) fn clear(&self) {
        self.cache.clear();
    }
}

impl Follow for Servers {
    fn latest<'a>(&'a self, server: &'a Server) -> BoxFuture<'a, Option<Arc<Server>>> {
        Box::pin(async move {
            let followed = server.followed().map(async |connector| {
                let changed = self.engine.follow_for_list(connector).await;
                if changed {
                    // The database tells us too, but this list doesn't wait for that.
                    self.forget_users_of(connector);
                }
                changed
            });
            let changed = join_all(followed).await.contains(&true);
            match self.cache.get(&server.id) {
                Some(held) if !changed => Some(held),
                // What can't be loaded now is listed as it was.
                _ => self.load(&server.key, server.id).await.ok(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn place(endpoints: &Places, host: &str, uri: &str) -> Option<(Option<String>, String)> {
        let request = Request::builder().uri(uri).header("host", host).body(()).unwrap();
        endpoints
            .place(request.uri(), request.headers())
            .map(|place| match place {
                Place::Path(path) => (None, path.to_owned()),
                Place::Host(host, path) => (Some(host.to_owned()), path.to_owned()),
            })
    }

    fn endpoints(public: &str, pool: &[&str]) -> Places {
        let pool: Vec<Url> = pool.iter().map(|url| url.parse().unwrap()).collect();
        Places::new(&public.parse().unwrap(), &pool)
    }

    #[test]
    fn the_default_pools_paths_are_the_gateways_on_any_host() {
        let endpoints = endpoints("http://localhost:9000", &[]);
        for (uri, expected) in [
            ("/mcp/1", Some("/mcp/1")),
            ("/mcp/1?x=y", Some("/mcp/1")),
            ("/mcp/1/", Some("/mcp/1/")),
            ("/mcp/", Some("/mcp/")),
            ("/mcp", None),
            ("/mcpx/1", None),
            ("/MCP/1", None),
            ("/", None),
            ("/servers", None),
        ] {
            assert_eq!(
                place(&endpoints, "any.example", uri).map(|place| place.1).as_deref(),
                expected,
                "{uri}"
            );
        }
    }

    #[test]
    fn a_public_urls_path_comes_first() {
        let endpoints = endpoints("https://example.com/patchbay/", &[]);
        assert_eq!(
            place(&endpoints, "example.com", "/patchbay/mcp/1"),
            Some((None, "/mcp/1".into()))
        );
        assert_eq!(place(&endpoints, "example.com", "/mcp/1"), None);
    }

    #[test]
    fn a_pools_hosts_and_paths_are_the_gateways() {
        let pool = [
            "https://mcp1.example.com",
            "http://gw.example:8080/a",
            "http://gw.example:8080/a/b",
        ];
        let endpoints = endpoints("https://example.com", &pool);
        for (host, uri, expected) in [
            ("mcp1.example.com", "/", true),
            ("MCP1.Example.com:443", "/", true),
            ("mcp1.example.com", "/anything", true),
            ("gw.example:8080", "/a", true),
            ("gw.example:8080", "/a/b", true),
            ("gw.example:8080", "/a/c", true),
            ("gw.example:8080", "/ab", false),
            ("gw.example:8080", "/", false),
            ("gw.example", "/a", false),
            ("example.com", "/", false),
        ] {
            assert_eq!(place(&endpoints, host, uri).is_some(), expected, "{host}{uri}");
        }
    }

    #[test]
    fn an_http2_request_names_its_host_in_the_uri() {
        let endpoints = endpoints("https://example.com", &["https://mcp1.example.com/x"]);
        assert!(place(&endpoints, "ignored.example", "https://mcp1.example.com/x").is_some());
    }

    #[test]
    fn an_endpoint_answers_at_exactly_its_place() {
        let key = RouteKey::Endpoint(EndpointKey::of_stored("https://mcp1.example.com/a"));
        assert!(Place::Host("MCP1.example.com", "/a").is(&key));
        for other in [
            Place::Host("mcp1.example.com", "/a/b"),
            Place::Host("mcp1.example.com", "/a/"),
            Place::Host("mcp1.example.com", "/a///"),
            Place::Host("mcp2.example.com", "/a"),
            Place::Path("/a"),
        ] {
            assert!(!other.is(&key), "{other:?}");
        }
        let bare = RouteKey::Endpoint(EndpointKey::of_stored("https://mcp1.example.com"));
        assert!(Place::Host("mcp1.example.com", "/").is(&bare));
    }
}
