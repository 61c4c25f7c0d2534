//! The REST API below `/api`: each handler reads a request, asks the engine, writes JSON. What may be done, and by whom, is
//! the engine's matter.
//!
//! [`endpoints`] is the one list of what there is; the router is made from it, and so is the test that checks
//! that every endpoint says who may use it.

mod audit;
mod auth;
mod connectors;
mod error;
mod extract;
mod query;
mod servers;
mod transfer;

use crate::state::AppState;
use axum::{
    Router,
    http::Method,
    routing::{MethodRouter, any},
};
use serde::Serialize;

pub(crate) use error::{Error, seconds};

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path, with `{…}` where an id stands.
    pub path: &'static str,
    handler: MethodRouter<AppState>,
}

impl Endpoint {
    fn new(method: Method, path: &'static str, handler: MethodRouter<AppState>) -> Self {
        Self { method, path, handler }
    }
}

/// Everything that the API offers.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    [
        auth::endpoints(),
        connectors::endpoints(),
        servers::endpoints(),
        audit::endpoints(),
        transfer::endpoints(),
    ]
    .concat()
}

/// All of it, with answers in the API's own shape for what isn't there.
pub(crate) fn router() -> Router<AppState> {
    endpoints()
        .into_iter()
        .fold(Router::new(), |router, endpoint| {
            router.route(endpoint.path, endpoint.handler)
        })
        .route("/api", any(|| async { Error::UnknownRoute }))
        .route("/api/", any(|| async { Error::UnknownRoute }))
        .route("/api/{*unknown}", any(|| async { Error::UnknownRoute }))
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
}

/// A list, under the name that its route gives it.
#[derive(Debug)]
struct List<T> {
    name: &'static str,
    items: Vec<T>,
    total: u64,
    next_cursor: Option<String>,
}

impl<T> List<T> {
    fn page(name: &'static str, page: patchbay_domain::page::Page<T>) -> Self {
        Self {
            name,
            items: page.items,
            total: page.total,
            next_cursor: page.next_cursor,
        }
    }

    /// A list that is always whole.
    fn whole(name: &'static str, items: Vec<T>) -> Self {
        Self {
            name,
            total: items.len() as u64,
            items,
            next_cursor: None,
        }
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(self.name, &self.items)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("next_cursor", &self.next_cursor)?;
        map.end()
    }
}
