//! The MCP server side of Patchbay: what MCP clients talk to.
//!
//! A request is placed (`route`), its token looked up (`auth`), its message read as slices of the body (`envelope`),
//! and then answered from memory or sent on to an upstream (`dispatch`) whose reply is streamed back (`relay`). Both
//! eras of MCP are served at every endpoint (`modern`, `legacy`) and translated into each other (`translate`). A warm
//! call asks no database. Connections to upstreams are the engine's business.
//!
//! The README beside this crate argues why it is built this way.

mod admission;
mod auth;
mod body;
mod cache;
mod changes;
mod dispatch;
mod envelope;
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
mod revocation;
mod rounds;
mod route;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod translate;
mod try_tool;
mod usage;

use admission::{Admission, Admitted, Counted};
use auth::{Principal, TokenHash, Tokens};
use body::Body;
use bytes::Bytes;
use changes::Tasks;
use error::Refusal;
use futures::StreamExt;
use http::{HeaderMap, Method, Request, Response, header::CONTENT_TYPE, request::Parts};
use limits::Limits;
use origin::Origins;
use patchbay_engine::{Engine, Error, upstream::Era};
use protocol::Protocol;
use rounds::Rounds;
use route::{Places, Servers};
use session::Sessions;
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use usage::Usage;

/// The gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
    tasks: Arc<Tasks>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    places: Places,
    /// Endpoints are to be read again.
    stale_endpoints: Notify,
    /// Tells open streams that tokens or servers changed.
    revoked: watch::Sender<()>,
    origins: Origins,
    tokens: Tokens,
    servers: Arc<Servers>,
    admission: Admission,
    protocol: Protocol,
}

impl Gateway {
    /// Starts a gateway. It listens for changes and counts calls until [`Self::shutdown`].
    ///
    /// # Errors
    /// When the endpoints that servers hold can't be read.
    pub async fn start(engine: Engine) -> Result<Self, Error> {
        let config = engine.config();
        let servers = Arc::new(Servers::new(engine.clone()));
        let inner = Arc::new(Inner {
            places: Places::new(&config.public_url, &config.pool),
            stale_endpoints: Notify::new(),
            revoked: watch::Sender::new(()),
            origins: Origins::of(std::iter::once(&config.public_url).chain(&config.pool)),
            tokens: Tokens::new(engine.clone()),
            servers: servers.clone(),
            admission: Admission::default(),
            protocol: Protocol {
                limits: Limits::default(),
                sessions: Sessions::new(engine.vault().clone()),
                rounds: Arc::new(Rounds::new(engine.vault().clone(), engine.clock().clone())),
                usage: Arc::new(Usage::new(engine.clock().clone())),
                follow: servers,
            },
            engine,
        });
        let tasks = Arc::new(Tasks::start(&inner));
        inner.read_endpoints().await?;
        Ok(Self { inner, tasks })
    }

    /// Whether a request is the gateway's: `/mcp/…` below the public URL, on any host, or an endpoint of the pool.
    pub fn claims<B>(&self, request: &Request<B>) -> bool {
        self.inner.places.place(request.uri(), request.headers()).is_some()
    }

    /// Answers a request that the gateway claims.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<axum::body::Body>
    where
        B: http_body::Body<Data = Bytes>,
    {
        let (parts, body) = request.into_parts();
        let response = match self.inner.admit(&parts, body).await {
            Err(refusal) => refusal
                .response("", Era::Legacy)
                .map(|body| Counted { body, admitted: None }),
            Ok(request) => {
                let (headers, server) = (&parts.headers, &request.admitted.server);
                let response = self
                    .inner
                    .protocol
                    .answer(headers, server, request.principal, &request.message)
                    .await;
                response.map(|body| Counted {
                    body: self.inner.revocable(body, request.token, request.principal),
                    admitted: Some(request.admitted),
                })
            }
        };
        response.map(axum::body::Body::new)
    }

    /// Stops what runs beside the requests and writes the last counts. To be called once no request runs any more.
    pub async fn shutdown(&self) {
        self.tasks.stop().await;
        self.inner.protocol.usage.flush_last(&self.inner.engine).await;
    }

    fn inner(&self) -> &Inner {
        &self.inner
    }
}

/// A request that may be answered.
struct Incoming {
    token: TokenHash,
    principal: Principal,
    admitted: Admitted,
    message: Bytes,
}

impl Inner {
    /// Servers keep their endpoints when the pool changes, so what they hold counts beside today's pool.
    async fn read_endpoints(&self) -> Result<(), Error> {
        self.places.add(self.engine.pool_endpoints().await?);
        Ok(())
    }

    /// What can be decided before the message is read: may this request be made at all, and what it is for.
    async fn admit<B>(&self, parts: &Parts, body: B) -> Result<Incoming, Refusal>
    where
        B: http_body::Body<Data = Bytes>,
    {
        if !self.origins.allow(&parts.uri, &parts.headers) {
            return Err(Refusal::ForeignOrigin);
        }
        let place = self
            .places
            .place(&parts.uri, &parts.headers)
            .ok_or(Refusal::NoEndpoint)?;
        let (token, principal) = self.tokens.principal(&parts.headers).await?;
        let server = self.servers.at(place, principal.server).await?;
        if parts.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        if !is_json(&parts.headers) {
            return Err(Refusal::MediaType);
        }
        let admitted = self.admission.admit(&server)?;
        let message = self.protocol.limits.message(body).await?;
        Ok(Incoming {
            token,
            principal,
            admitted,
            message,
        })
    }

    /// A stream ends with the right to it, not only with the upstream.
    fn revocable(self: &Arc<Self>, body: Body, token: TokenHash, principal: Principal) -> Body {
        let Body::Stream(stream) = body else { return body };
        let inner = self.clone();
        let may_go_on = move || {
            let inner = inner.clone();
            async move { inner.tokens.still_opens(token, principal).await }
        };
        let revoked = revocation::revoked(self.revoked.subscribe(), may_go_on);
        Body::stream(stream.take_until(Box::pin(revoked)))
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
