//! tools/call: from the public name to the upstream that has the tool, and back. Names are looked up, never taken
//! apart.

use crate::{
    auth::Principal,
    body::Body,
    envelope::Envelope,
    error::Refusal,
    headers::{self, ParamHeader},
    json,
    meta::Meta,
    modern,
    protocol::Protocol,
    relay::{Accepts, BUSY, Relay, SWITCHED_OFF},
    rounds::Round,
    server::{Server, Tool},
    translate::Request,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use patchbay_engine::upstream::{Era, Outgoing};
use serde_json::Value;
use std::fmt;

/// A call, as far as it is known before its tool is.
pub(crate) struct Call<'a> {
    pub(crate) server: &'a Server,
    pub(crate) principal: Principal,
    pub(crate) era: Era,
    pub(crate) accepts: Accepts,
    /// The client's headers; empty for a call that no client makes.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) envelope: &'a Envelope<'a>,
    pub(crate) meta: &'a Meta<'a>,
}

impl fmt::Debug for Call<'_> {
    /// Without headers and message: the client's token and arguments are there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("server", &self.server.id)
            .field("principal", &self.principal)
            .field("era", &self.era)
            .field("id", &self.envelope.id)
            .finish_non_exhaustive()
    }
}

impl Call<'_> {
    /// Calls the tool.
    pub(crate) async fn run(self, protocol: &Protocol) -> Result<Response<Body>, Refusal> {
        let params = &self.envelope.params;
        let name = params
            .name
            .and_then(json::string)
            .ok_or(Refusal::BadParams("'name' is missing"))?;
        if self.era == Era::Modern {
            modern::check_name(self.headers, &name)?;
        }
        let (tool, bound) = self
            .server
            .tool(&name)
            .ok_or_else(|| Refusal::UnknownTool(name.to_string()))?;
        if params
            .arguments
            .is_some_and(|arguments| !arguments.get().starts_with(['{', 'n']))
        {
            return Err(Refusal::BadParams("'arguments' is not an object"));
        }
        let filled = tool.template.as_ref().map(|template| template.fill(params.arguments));
        let param_headers = match &filled {
            Some(Err(_)) => Vec::new(),
            Some(Ok(filled)) => self.param_headers(tool, filled, false)?,
            None => {
                let arguments = params.arguments.map_or("{}", |arguments| arguments.get());
                self.param_headers(tool, arguments, self.era == Era::Modern)?
            }
        };
        let round = (self.era == Era::Modern).then(|| Round {
            rounds: protocol.rounds.clone(),
            principal: self.principal,
            tool: tool.name.clone(),
            source: bound.source,
            upstream_name: tool.header.clone(),
        });
        let state = match (&round, params.request_state) {
            (Some(round), Some(state)) if state.get() != "null" => Some(round.open(state)?),
            _ => None,
        };
        let share = bound.admit();
        let is_admitted = share.is_some();
        let relay = Relay {
            id: self.envelope.id.into(),
            progress_token: self.meta.progress_token.map(|token| token.get().into()),
            era: self.era,
            accepts: self.accepts,
            limits: protocol.limits,
            round,
            meter: protocol.usage.meter(self.server.id, self.principal.token, &tool.name),
            connector: bound.name.as_str().into(),
            share,
        };
        if let Some(why) = &tool.closed {
            return Ok(relay.refused(why));
        }
        let Some(peer) = &bound.peer else {
            return Ok(relay.refused(SWITCHED_OFF));
        };
        if !is_admitted {
            return Ok(relay.refused(BUSY));
        }
        let arguments = match filled.transpose() {
            Ok(filled) => filled,
            Err(error) => return Ok(relay.refused(&format!("was not called: {error}"))),
        };
        let request = Request {
            body: self.body,
            envelope: self.envelope,
            meta: self.meta,
            era: self.era,
            name: tool.rename.as_deref(),
            arguments: arguments.as_deref(),
            source: bound.configuration.as_deref(),
            state: state.as_deref(),
        };
        let mut shared = None;
        let called = peer
            .call(|link| {
                shared = link.has_session().then(|| link.next_id());
                Outgoing {
                    body: request.render(link.era(), shared),
                    method: HeaderValue::from_static("tools/call"),
                    name: Some(tool.header.clone()),
                    params: &param_headers,
                }
            })
            .await;
        Ok(match called {
            Ok((link, reply)) => relay.reply(peer, link, shared, reply).await,
            Err(error) => relay.failed(&error),
        })
    }

    /// The `Mcp-Param-*` headers towards a modern upstream: those that the tool's schema asks for, made from the
    /// upstream's arguments, and a modern client's others as they came. Where the client was asked for them too, its own
    /// are checked.
    fn param_headers(
        &self,
        tool: &Tool,
        arguments: &str,
        asked: bool,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
        let mut found = Vec::new();
        if !tool.params.is_empty() {
            let arguments: Value =
                serde_json::from_str(arguments).map_err(|_| Refusal::BadParams("'arguments' can't be read"))?;
            if asked {
                modern::check_params(self.headers, &tool.params, &arguments)?;
            }
            found.extend(tool.params.iter().filter_map(|param| param.make(&arguments)));
        }
        if self.era == Era::Modern {
            let known = |name: &HeaderName| tool.params.iter().any(|param: &ParamHeader| param.is(name));
            let others = self
                .headers
                .iter()
                .filter(|(name, _)| headers::is_param(name) && !known(name));
            found.extend(others.map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(found)
    }
}
