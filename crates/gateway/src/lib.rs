//! The MCP server side of Patchbay: what MCP clients talk to.
//!
//! A request is placed (`route`), its token looked up (`auth`), its message read as slices of the body (`envelope`),
//! and then answered from memory or sent on to an upstream (`dispatch`) whose reply is streamed back (`relay`). Both
//! eras of MCP are served at every endpoint (`modern`, `legacy`) and translated into each other (`translate`). A warm
//! call asks no database. Connections to upstreams are the engine's business.
//!
//! The README beside this crate argues why it is built this way.

mod auth;
mod body;
mod cache;
mod changes;
mod dispatch;
pub mod envelope;
mod error;
mod headers;
mod json;
mod legacy;
mod limits;
mod meta;
mod modern;
mod origin;
mod protocol;
mod relay;
mod route;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod translate;
mod try_tool;
mod usage;

pub use limits::Limits;

use auth::{Principal, Tokens};
use bytes::Bytes;
use changes::Tasks;
use error::Refusal;
use http::{HeaderMap, Method, Request, Response, header::CONTENT_TYPE, request::Parts};
use origin::Origins;
use patchbay_engine::{Engine, Error, upstream::Era};
use protocol::Protocol;
use route::{Endpoints, Servers};
use server::Server;
use session::Sessions;
use std::sync::Arc;
use url::Url;
use usage::Usage;

/// What a gateway can be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How much and how long.
    pub limits: Limits,
    /// Web pages of these origins may call, besides Patchbay's own.
    pub allowed_origins: Vec<Url>,
}

/// The gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
    tasks: Arc<Tasks>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    endpoints: Endpoints,
    origins: Origins,
    tokens: Tokens,
    servers: Servers,
    protocol: Protocol,
}

impl Gateway {
    /// Starts a gateway. It listens for changes and counts calls until [`Self::shutdown`].
    ///
    /// # Errors
    /// When the endpoints that servers hold can't be read.
    pub async fn start(engine: Engine) -> Result<Self, Error> {
        Self::start_with(engine, Settings::default()).await
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// When the endpoints that servers hold can't be read.
    pub async fn start_with(engine: Engine, settings: Settings) -> Result<Self, Error> {
        let config = engine.config();
        let own = std::iter::once(&config.public_url).chain(&config.pool);
        let inner = Arc::new(Inner {
            endpoints: Endpoints::new(&config.public_url, &config.pool),
            origins: Origins::of(own.chain(&settings.allowed_origins)),
            tokens: Tokens::new(engine.clone()),
            servers: Servers::new(engine.clone()),
            protocol: Protocol {
                limits: settings.limits,
                sessions: Sessions::new(engine.vault().clone()),
                usage: Arc::new(Usage::new(engine.clock().clone())),
            },
            engine,
        });
        let tasks = Arc::new(Tasks::start(&inner));
        inner.read_endpoints().await?;
        Ok(Self { inner, tasks })
    }

    /// Whether a request is the gateway's: `/mcp/…` below the public URL, on any host, or an endpoint of the pool.
    pub fn claims<B>(&self, request: &Request<B>) -> bool {
        self.inner.endpoints.place(request.uri(), request.headers()).is_some()
    }

    /// Answers a request that the gateway claims.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<axum::body::Body>
    where
        B: http_body::Body<Data = Bytes>,
    {
        let (parts, body) = request.into_parts();
        let response = match self.inner.admit(&parts, body).await {
            Err(refusal) => refusal.response("", Era::Legacy),
            Ok((server, principal, body)) => {
                self.inner
                    .protocol
                    .answer(&parts.headers, &server, principal, &body)
                    .await
            }
        };
        response.map(axum::body::Body::new)
    }

    /// Stops what runs beside the requests and writes the last counts. To be called once no request runs any more.
    pub async fn shutdown(&self) {
        self.tasks.stop().await;
        self.inner.protocol.usage.flush(&self.inner.engine).await;
    }

    fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    /// Servers keep their endpoints when the pool changes, so what they hold counts beside today's pool.
    async fn read_endpoints(&self) -> Result<(), Error> {
        self.endpoints.add(self.engine.pool_endpoints().await?);
        Ok(())
    }

    /// What can be decided before the message is read: may this request be made at all, and what it is for.
    async fn admit<B>(&self, parts: &Parts, body: B) -> Result<(Arc<Server>, Principal, Bytes), Refusal>
    where
        B: http_body::Body<Data = Bytes>,
    {
        if !self.origins.allow(&parts.uri, &parts.headers) {
            return Err(Refusal::ForeignOrigin);
        }
        let place = self
            .endpoints
            .place(&parts.uri, &parts.headers)
            .ok_or(Refusal::NoEndpoint)?;
        let principal = self.tokens.principal(&parts.headers).await?;
        let server = self.servers.at(place, principal.server).await?;
        if parts.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        if !is_json(&parts.headers) {
            return Err(Refusal::MediaType);
        }
        let body = self.protocol.limits.message(body).await?;
        Ok((server, principal, body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
}
