//! An upstream's reply on its way back to the client: one message, or a stream of them.
//!
//! An upstream that can't be called, or answers nonsense, gives a tool result that says so: whoever called the tool,
//! often a model, can read it, and nothing else breaks.

mod stream;

use crate::{
    admission::Share,
    body::Body,
    json::quoted,
    limits::Limits,
    rounds::Round,
    translate::{Arrived, Back, SharedId},
    usage::Meter,
};
use bytes::{BufMut, Bytes, BytesMut};
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use patchbay_engine::upstream::{CallError, Era, FetchError, Link, Peer, Reply, rpc};
use std::sync::Arc;
use stream::Stream;
use tokio::time::Instant;

/// Which kinds of answers a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepts {
    pub(crate) json: bool,
    pub(crate) events: bool,
}

impl Accepts {
    /// One message, however long it takes.
    pub(crate) const JSON: Self = Self {
        json: true,
        events: false,
    };

    /// Reads `Accept`. A client that takes anything, or doesn't say, gets one message: it may not know streams.
    pub(crate) fn of(headers: &http::HeaderMap) -> Self {
        let mut accepts = Self {
            json: false,
            events: false,
        };
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Self::JSON;
        }
        for media in values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            match media.split(';').next().unwrap_or_default().trim() {
                "*/*" | "application/*" | "application/json" => accepts.json = true,
                "text/event-stream" | "text/*" => accepts.events = true,
                _ => {}
            }
        }
        accepts
    }
}

/// Where an answer goes back to.
#[derive(Debug)]
pub(crate) struct Relay {
    /// The client's id, as it wrote it.
    pub(crate) id: Box<str>,
    /// The client's progress token, as it wrote it.
    pub(crate) progress_token: Option<Box<str>>,
    pub(crate) era: Era,
    pub(crate) accepts: Accepts,
    pub(crate) limits: Limits,
    /// Of a client that knows of rounds.
    pub(crate) round: Option<Round>,
    pub(crate) meter: Meter,
    /// The connector's name, for messages.
    pub(crate) connector: Box<str>,
    /// What the call takes of its server's room; nothing for one that isn't made.
    #[expect(dead_code, reason = "dropping it is what it is for")]
    pub(crate) share: Option<Share>,
}

impl Relay {
    /// The answer, once the upstream replied.
    pub(crate) async fn reply(
        self,
        peer: &Arc<Peer>,
        link: Arc<Link>,
        shared: SharedId,
        reply: Reply,
    ) -> Response<Body> {
        match reply {
            Reply::Accepted => self.failed(&CallError::NotMcp),
            Reply::Message(message) => match self.back(&link, shared).arrived(message) {
                Arrived::Answer {
                    message,
                    is_error,
                    code,
                } => self.answer(&link, message, is_error, code),
                Arrived::Inexpressible => self.refused(INEXPRESSIBLE),
                Arrived::Notification(_) | Arrived::Request { .. } | Arrived::Stray => self.failed(&CallError::NotMcp),
            },
            Reply::Events(events) => {
                let lasts = if self.accepts.events {
                    self.limits.stream_time
                } else {
                    self.limits.message_wait
                };
                let until = Instant::now() + lasts;
                Stream::new(self, until, peer.clone(), link, shared, events)
                    .start()
                    .await
            }
        }
    }

    fn back(&self, link: &Link, shared: SharedId) -> Back<'_> {
        Back {
            id: &self.id,
            progress_token: self.progress_token.as_deref(),
            era: self.era,
            upstream: link.era(),
            shared,
            round: self.round.as_ref(),
        }
    }

    fn answer(self, link: &Link, message: Bytes, is_error: bool, code: Option<i64>) -> Response<Body> {
        let status = match code {
            // Between Patchbay and the upstream, not the client's doing.
            Some(-32022 | -32020) if link.era() == Era::Modern => return self.refused(MISUNDERSTOOD),
            Some(rpc::METHOD_NOT_FOUND) if self.era == Era::Modern => StatusCode::NOT_FOUND,
            Some(code) if self.era == Era::Modern && rpc::MODERN_CODES.contains(&code) => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        self.finish(status, message, is_error)
    }

    /// The answer when the upstream gave none.
    pub(crate) fn failed(self, error: &CallError) -> Response<Body> {
        let message = self.failure(error);
        self.finish(StatusCode::OK, message, true)
    }

    /// The answer when the upstream's can't be given, or it isn't even asked.
    pub(crate) fn refused(self, why: &str) -> Response<Body> {
        let message = self.tool_error(why);
        self.finish(StatusCode::OK, message, true)
    }

    fn finish(mut self, status: StatusCode, message: Bytes, is_error: bool) -> Response<Body> {
        self.meter.bytes(message.len());
        self.meter.finish(is_error);
        let (media, body) = if self.accepts.json || !self.accepts.events {
            (JSON, message)
        } else {
            (EVENTS, event(&message))
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    }

    fn failure(&self, error: &CallError) -> Bytes {
        tracing::info!(connector = &*self.connector, %error, "a call failed on its way");
        // Which addresses are allowed is the operator's business.
        let reason = match error {
            CallError::Transport(FetchError::Egress(_)) => "its address may not be called".to_owned(),
            error => error.to_string(),
        };
        self.tool_error(&format!("could not be called: {reason}"))
    }

    fn tool_error(&self, what: &str) -> Bytes {
        let text = quoted(&format!("The connector '{}' {what}.", self.connector));
        let kind = if self.era == Era::Modern {
            ",\"resultType\":\"complete\""
        } else {
            ""
        };
        Bytes::from(format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":{text}}}],\
             \"isError\":true{kind}}}}}",
            self.id
        ))
    }
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

const INEXPRESSIBLE: &str =
    "asks for further input in a way that this client's protocol version has no words for; use a newer client";
const MISUNDERSTOOD: &str = "did not understand the request";
/// Why a connector isn't called that has no room left for one more call.
pub(crate) const BUSY: &str = "has as many calls of this server running as it may have; try again in a moment";
/// Why a connector that is switched off isn't called.
pub(crate) const SWITCHED_OFF: &str = "is not activated at the moment, so its tools can't be called";

/// A message as a server-sent event. Line ends within it can only be white space between JSON's tokens.
fn event(message: &Bytes) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 8);
    event.put_slice(b"data: ");
    if memchr::memchr2(b'\n', b'\r', message).is_none() {
        event.put_slice(message);
    } else {
        event.extend(
            message
                .iter()
                .map(|&byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }),
        );
    }
    event.put_slice(b"\n\n");
    event.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    #[test]
    fn clients_get_what_they_accept() {
        for (accept, json, events) in [
            (None, true, false),
            (Some("*/*"), true, false),
            (Some("application/json"), true, false),
            (Some("application/json, text/event-stream"), true, true),
            (Some("text/event-stream;q=0.9 , application/json;q=1"), true, true),
            (Some("text/event-stream"), false, true),
            (Some("text/html"), false, false),
        ] {
            let headers: HeaderMap = accept
                .map(|accept| (ACCEPT, accept.parse().unwrap()))
                .into_iter()
                .collect();
            assert_eq!(Accepts::of(&headers), Accepts { json, events }, "{accept:?}");
        }
    }

    #[test]
    fn an_event_is_one_line_whatever_the_json_looks_like() {
        assert_eq!(event(&Bytes::from_static(b"{}")), "data: {}\n\n");
        assert_eq!(
            event(&Bytes::from_static(b"{\r\n \"a\": 1\n}")),
            "data: {   \"a\": 1 }\n\n"
        );
    }
}
