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
mod relay;
mod route;
mod server;
mod service;
mod session;
mod translate;
mod try_tool;
mod usage;

pub use body::Body;
pub use limits::Limits;
pub use service::{GatewayLayer, GatewayService};

use auth::{Principal, Tokens};
use bytes::Bytes;
use changes::Tasks;
use dispatch::Call;
use envelope::{Envelope, Kind, Malformed};
use error::Refusal;
use headers::SESSION_ID;
use http::{HeaderMap, Method, Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use meta::Meta;
use origin::Origins;
use patchbay_engine::{Engine, upstream::Era};
use relay::{Accepts, JSON};
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
    settings: Settings,
    endpoints: Endpoints,
    origins: Origins,
    tokens: Tokens,
    servers: Servers,
    sessions: Sessions,
    usage: Arc<Usage>,
}

impl Gateway {
    /// Starts a gateway. It listens for changes and counts calls until [`Self::shutdown`].
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self::with_settings(engine, Settings::default())
    }

    /// The same with other settings.
    #[must_use]
    pub fn with_settings(engine: Engine, settings: Settings) -> Self {
        let config = engine.config();
        let own = std::iter::once(&config.public_url).chain(&config.pool);
        let inner = Arc::new(Inner {
            endpoints: Endpoints::new(&config.public_url, &config.pool),
            origins: Origins::of(own.chain(&settings.allowed_origins)),
            tokens: Tokens::new(engine.clone()),
            servers: Servers::new(engine.clone()),
            sessions: Sessions::new(engine.vault().clone()),
            usage: Arc::new(Usage::new(engine.clock().clone())),
            settings,
            engine,
        });
        let tasks = Arc::new(Tasks::start(&inner));
        Self { inner, tasks }
    }

    /// Whether a request is the gateway's: `/mcp/…` below the public URL, on any host, or an endpoint of the pool.
    #[must_use]
    pub fn claims(&self, request: &Parts) -> bool {
        self.inner.endpoints.place(request).is_some()
    }

    /// Answers a request that the gateway claims.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes>,
    {
        let (parts, body) = request.into_parts();
        match self.inner.admit(&parts, body).await {
            Err(refusal) => refusal.response("", Era::Legacy),
            Ok((server, principal, body)) => self.inner.answer(&parts.headers, &server, principal, &body).await,
        }
    }

    /// The gateway as a layer: claimed requests are answered, others pass.
    #[must_use]
    pub fn layer(&self) -> GatewayLayer {
        GatewayLayer(self.clone())
    }

    /// Stops what runs beside the requests and writes the last counts. To be called once no request runs any more.
    pub async fn shutdown(&self) {
        self.tasks.stop().await;
        self.inner.usage.flush(&self.inner.engine).await;
    }

    fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    /// What can be decided before the message is read: may this request be made at all, and what it is for.
    async fn admit<B>(&self, parts: &Parts, body: B) -> Result<(Arc<Server>, Principal, Bytes), Refusal>
    where
        B: http_body::Body<Data = Bytes>,
    {
        if !self.origins.allow(parts) {
            return Err(Refusal::ForeignOrigin);
        }
        let place = self.endpoints.place(parts).ok_or(Refusal::NoEndpoint)?;
        let principal = self.tokens.principal(&parts.headers).await?;
        let server = self.servers.at(place, principal.server).await?;
        if parts.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        if !is_json(&parts.headers) {
            return Err(Refusal::MediaType);
        }
        let body = self.settings.limits.message(body).await?;
        Ok((server, principal, body))
    }

    /// Reads the message and answers it in its own era.
    async fn answer(&self, headers: &HeaderMap, server: &Server, principal: Principal, body: &Bytes) -> Response<Body> {
        let envelope = match Envelope::parse(body) {
            Ok(envelope) => envelope,
            Err(Malformed::Syntax) => return Refusal::Syntax.response("", Era::Legacy),
            Err(Malformed::Invalid(why)) => return Refusal::Invalid(why).response("", Era::Legacy),
        };
        let meta = match Meta::parse(envelope.params.meta) {
            Ok(meta) => meta,
            Err(refusal) => return refusal.response(envelope.id, Era::Legacy),
        };
        // The version in `_meta` decides, whatever the method. A real `initialize` is legacy, whatever the headers.
        let modern = meta.version.is_some() || (envelope.method != "initialize" && modern::claims(headers, &envelope));
        let era = if modern { Era::Modern } else { Era::Legacy };
        let accepts = Accepts::of(headers);
        let call = Call {
            server,
            principal,
            era,
            accepts,
            headers,
            body,
            envelope: &envelope,
            meta: &meta,
        };
        let answered = match envelope.kind {
            // Nothing that clients notify of is acted on, and nothing is asked of them that they could answer.
            Kind::Notification | Kind::Response => self.check_session(era, headers, principal).map(|()| accepted()),
            Kind::Request if !accepts.json && !accepts.events => Err(Refusal::NotAcceptable),
            Kind::Request if modern => self.modern(call).await,
            Kind::Request => self.legacy(call).await,
        };
        answered.unwrap_or_else(|refusal| refusal.response(envelope.id, era))
    }

    async fn modern(&self, call: Call<'_>) -> Result<Response<Body>, Refusal> {
        modern::check(call.headers, call.envelope, call.meta)?;
        match &*call.envelope.method {
            "tools/call" => call.run(self).await,
            "tools/list" => {
                check_cursor(call.envelope)?;
                Ok(json_response(modern::tools(call.envelope.id, call.server)))
            }
            "server/discover" => Ok(json_response(modern::discover(call.envelope.id, call.server))),
            other => Err(Refusal::UnknownMethod(other.to_owned())),
        }
    }

    async fn legacy(&self, call: Call<'_>) -> Result<Response<Body>, Refusal> {
        if call.envelope.method == "initialize" {
            let mut response = json_response(legacy::initialize(call.envelope, call.server)?);
            response
                .headers_mut()
                .insert(SESSION_ID, self.sessions.begin(call.principal)?);
            return Ok(response);
        }
        legacy::check(call.headers)?;
        self.check_session(Era::Legacy, call.headers, call.principal)?;
        match &*call.envelope.method {
            "tools/call" => call.run(self).await,
            "tools/list" => {
                check_cursor(call.envelope)?;
                Ok(json_response(legacy::tools(call.envelope.id, call.server)))
            }
            "ping" => Ok(json_response(legacy::pong(call.envelope.id))),
            other => Err(Refusal::UnknownMethod(other.to_owned())),
        }
    }

    /// A session that is named must be the caller's. One that names none is served all the same: the token says who
    /// calls, and the session holds nothing that a call needs.
    fn check_session(&self, era: Era, headers: &HeaderMap, principal: Principal) -> Result<(), Refusal> {
        match headers.get(SESSION_ID) {
            Some(id) if era == Era::Legacy => self.sessions.check(id, principal),
            _ => Ok(()),
        }
    }
}

/// Lists come in one page, so there is no cursor that a client could have.
fn check_cursor(envelope: &Envelope<'_>) -> Result<(), Refusal> {
    match envelope.params.cursor {
        Some(cursor) if cursor.get() != "null" => Err(Refusal::BadParams("the cursor is unknown")),
        _ => Ok(()),
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

fn json_response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
