//! From a message to its answer: which era it belongs to, what its method asks for. Knows neither tokens nor the
//! database, so that it can be tested, fuzzed and measured by itself.

use crate::{
    auth::Principal,
    body::Body,
    dispatch::Call,
    envelope::{Envelope, Kind, Malformed},
    error::Refusal,
    headers::SESSION_ID,
    legacy,
    limits::Limits,
    meta::Meta,
    modern,
    relay::{Accepts, JSON},
    rounds::Rounds,
    server::Server,
    session::Sessions,
    usage::Usage,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use patchbay_engine::upstream::Era;
use std::{fmt, sync::Arc};

/// Follows the services whose tools aren't pinned.
pub(crate) trait Follow: fmt::Debug + Send + Sync {
    /// The server with the tools that its connectors offer by now, if it is another than this one.
    fn latest<'a>(&'a self, server: &'a Server) -> BoxFuture<'a, Option<Arc<Server>>>;
}

/// Answers messages.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub(crate) limits: Limits,
    pub(crate) sessions: Sessions,
    pub(crate) rounds: Arc<Rounds>,
    pub(crate) usage: Arc<Usage>,
    pub(crate) follow: Arc<dyn Follow>,
}

impl Protocol {
    /// Reads the message and answers it in its own era.
    pub(crate) async fn answer(
        &self,
        headers: &HeaderMap,
        server: &Server,
        principal: Principal,
        body: &Bytes,
    ) -> Response<Body> {
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
                let latest = self.latest(call.server).await;
                let server = latest.as_deref().unwrap_or(call.server);
                Ok(json_response(modern::tools(call.envelope.id, server)))
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
                let latest = self.latest(call.server).await;
                let server = latest.as_deref().unwrap_or(call.server);
                Ok(json_response(legacy::tools(call.envelope.id, server)))
            }
            "ping" => Ok(json_response(legacy::pong(call.envelope.id))),
            other => Err(Refusal::UnknownMethod(other.to_owned())),
        }
    }

    /// Before a list of tools that may not be pinned.
    async fn latest(&self, server: &Server) -> Option<Arc<Server>> {
        server.followed().next()?;
        self.follow.latest(server).await
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
