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
mod idempotency;
mod invitations;
mod no_query;
pub(crate) mod openapi;
mod query;
mod servers;
mod sources;
mod tokens;
mod transfer;
mod usage;
mod users;
mod version;

use crate::state::AppState;
use axum::{
    Router,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodRouter, any},
};
use no_query::no_query;
use patchbay_engine::Engine;
use serde::Serialize;

pub(crate) use error::{Error, seconds};
use openapi::Doc;

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its method.
    pub method: Method,
    /// Its path, with `{…}` where an id stands.
    pub path: &'static str,
    handler: MethodRouter<AppState>,
    /// Whether an `Idempotency-Key` keeps it from happening twice.
    pub is_once: bool,
    /// Its name for programs, and what it says of itself.
    doc: Option<Documentation>,
}

type Documentation = (&'static str, fn(Doc) -> Doc);

impl Endpoint {
    fn new(method: Method, path: &'static str, handler: MethodRouter<AppState>) -> Self {
        Self {
            method,
            path,
            handler,
            is_once: false,
            doc: None,
        }
    }

    /// Says what it is for, under a name that no other endpoint has. Nobody looks at it before somebody asks.
    fn doc(self, id: &'static str, doc: fn(Doc) -> Doc) -> Self {
        Self {
            doc: Some((id, doc)),
            ..self
        }
    }

    /// Its name, and what it says of itself.
    fn documentation(&self) -> Option<(&'static str, Doc)> {
        self.doc.map(|(id, describe)| (id, describe(Doc::default())))
    }

    /// It makes something, or shows something once: with an `Idempotency-Key`, it happens once however often it is sent.
    fn once(self) -> Self {
        Self { is_once: true, ..self }
    }
}

/// Everything that the API offers.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    [
        auth::endpoints(),
        users::endpoints(),
        invitations::endpoints(),
        tokens::endpoints(),
        connectors::endpoints(),
        sources::endpoints(),
        servers::endpoints(),
        audit::endpoints(),
        transfer::endpoints(),
        usage::endpoints(),
        openapi::endpoints(),
    ]
    .concat()
}

/// All of it, with answers in the API's own shape for what isn't there.
pub(crate) fn router(engine: &Engine) -> Router<AppState> {
    let routes = endpoints().into_iter().fold(Router::new(), |router, endpoint| {
        let (takes_query, is_for_anybody) = endpoint
            .documentation()
            .map_or((false, false), |(_, doc)| (doc.takes_query(), doc.is_for_anybody()));
        let mut handler = endpoint.handler;
        if endpoint.is_once {
            handler = handler.route_layer(from_fn_with_state(engine.clone(), idempotency::once));
        }
        if !takes_query {
            handler = handler.route_layer(from_fn_with_state(is_for_anybody, no_query));
        }
        router.route(endpoint.path, handler)
    });
    servers::named_order(routes)
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
