//! An upstream's stream of messages on its way back: what comes before the answer, signs of life, and the answer.

use super::{EVENTS, INEXPRESSIBLE, Relay, event};
use crate::{
    body::Body,
    translate::{Arrived, SharedId},
};
use bytes::Bytes;
use futures::stream;
use http::{
    HeaderName, HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use patchbay_engine::upstream::{CallError, Era, Events, FetchError, Link, Peer};
use std::sync::Arc;
use tokio::time::{Instant, timeout, timeout_at};

const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// How many questions of an upstream's are answered on one call's stream.
const DECLINED_MAX: u32 = 16;

/// A stream of messages on its way back.
pub(super) struct Stream {
    relay: Relay,
    /// When it ends, whatever still comes. Signs of life alone would keep it open for ever.
    until: Instant,
    /// How many of the upstream's questions were answered.
    declined: u32,
    peer: Arc<Peer>,
    link: Arc<Link>,
    shared: SharedId,
    events: Events,
}

/// What comes next on a stream.
enum Step {
    Aside(Bytes),
    Answer {
        message: Bytes,
        is_error: bool,
        code: Option<i64>,
    },
    Inexpressible,
    Failed(CallError),
}

impl Stream {
    pub(super) fn new(
        relay: Relay,
        until: Instant,
        peer: Arc<Peer>,
        link: Arc<Link>,
        shared: SharedId,
        events: Events,
    ) -> Self {
        Self {
            relay,
            until,
            declined: 0,
            peer,
            link,
            shared,
            events,
        }
    }

    /// Most streams hold the answer and nothing else: then the client gets just that. It gets a stream when something
    /// comes before the answer, or when the answer takes long.
    pub(super) async fn start(mut self) -> Response<Body> {
        let patience = Instant::now() + self.relay.limits.patience;
        let first = loop {
            let step = if self.relay.accepts.events {
                timeout_at(patience, self.step()).await.ok()
            } else {
                Some(self.step_in_time().await)
            };
            match step {
                Some(Step::Aside(_)) if !self.relay.accepts.events => {}
                Some(Step::Answer {
                    message,
                    is_error,
                    code,
                }) => {
                    self.events.finish();
                    return self.relay.answer(&self.link, message, is_error, code);
                }
                Some(Step::Inexpressible) => return self.relay.refused(INEXPRESSIBLE),
                Some(Step::Failed(error)) => return self.relay.failed(&error),
                Some(Step::Aside(message)) => break event(&message),
                None => break COMMENT,
            }
        };
        let mut response = Response::new(Body::stream(self.rest(first)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, EVENTS);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        );
        response
    }

    fn rest(self, first: Bytes) -> impl stream::Stream<Item = Bytes> + Send {
        stream::unfold((Some(self), Some(first)), |(stream, first)| async move {
            if let Some(mut first) = first {
                let mut stream = stream?;
                stream.relay.meter.bytes(first.len());
                return Some((std::mem::take(&mut first), (Some(stream), None)));
            }
            let mut stream = stream?;
            let keep_alive = stream.relay.limits.keep_alive;
            let message = match timeout(keep_alive, stream.step_in_time()).await {
                Err(_) => return Some((COMMENT, (Some(stream), None))),
                Ok(Step::Aside(message)) => {
                    let event = event(&message);
                    stream.relay.meter.bytes(event.len());
                    return Some((event, (Some(stream), None)));
                }
                Ok(Step::Answer { message, is_error, .. }) => {
                    stream.events.finish();
                    (message, is_error)
                }
                Ok(Step::Inexpressible) => (stream.relay.tool_error(INEXPRESSIBLE), true),
                Ok(Step::Failed(error)) => (stream.relay.failure(&error), true),
            };
            let last = event(&message.0);
            stream.relay.meter.bytes(last.len());
            stream.relay.meter.finish(message.1);
            Some((last, (None, None)))
        })
    }

    async fn step_in_time(&mut self) -> Step {
        timeout_at(self.until, self.step())
            .await
            .unwrap_or(Step::Failed(CallError::Transport(FetchError::Timeout)))
    }

    async fn step(&mut self) -> Step {
        loop {
            let message = match self.events.next().await {
                Ok(Some(message)) => message,
                Ok(None) => return Step::Failed(CallError::Unanswered),
                Err(error) => return Step::Failed(error),
            };
            match self.relay.back(&self.link, self.shared).arrived(message) {
                Arrived::Answer {
                    message,
                    is_error,
                    code,
                } => {
                    return Step::Answer {
                        message,
                        is_error,
                        code,
                    };
                }
                Arrived::Notification(message) => return Step::Aside(message),
                Arrived::Inexpressible => return Step::Inexpressible,
                Arrived::Request { id, method } => self.decline(&id, &method),
                Arrived::Stray => {}
            }
        }
    }

    /// Answers what an upstream asks on a call's stream. Patchbay told it that it can do nothing of the kind, but a
    /// ping is always answered.
    fn decline(&mut self, id: &str, method: &str) {
        // The modern era has no such questions, and no way to answer one.
        if self.link.era() == Era::Modern || self.declined == DECLINED_MAX {
            return;
        }
        self.declined += 1;
        let answer = if method == "ping" {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}")
        } else {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":-32601,\"message\":\"Method not found\"}}}}"
            )
        };
        let (peer, link) = (self.peer.clone(), self.link.clone());
        tokio::spawn(async move {
            if let Err(error) = peer.tell(&link, answer.into(), HeaderValue::from_static("")).await {
                tracing::debug!(%error, "an upstream's question could not be answered");
            }
        });
    }
}
