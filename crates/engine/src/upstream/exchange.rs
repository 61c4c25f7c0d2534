//! One POST to an upstream and what its answer is, in HTTP's terms. What the messages say is not looked at, but for
//! refusals, which tell whether a session is over or the upstream speaks another era.

use super::{
    Era, Link,
    body::{self, ReadError},
    connect::Wire,
    error::{CallError, FetchError, classify},
    link::{METHOD, NAME, SESSION_ID},
    rpc::{self, Answer},
    sse::Decoder,
};
use bytes::Bytes;
use futures::FutureExt;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

/// The largest message that is taken from an upstream.
pub const MESSAGE_MAX: usize = 32 << 20;
/// The most that is read of a refusal.
const REFUSAL_MAX: usize = 64 << 10;

/// How long an upstream may take to end a stream after its answer.
const LINGER: Duration = Duration::from_secs(2);

/// A message to an upstream.
pub struct Outgoing<'a> {
    /// The JSON-RPC message.
    pub body: Bytes,
    /// Its method; a header towards modern upstreams.
    pub method: HeaderValue,
    /// The name of what it calls; a header towards modern upstreams.
    pub name: Option<HeaderValue>,
    /// The `Mcp-Param-*` headers; towards modern upstreams.
    pub params: &'a [(HeaderName, HeaderValue)],
}

impl fmt::Debug for Outgoing<'_> {
    /// Without the message and its arguments: a server's configuration travels in it, secrets included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("name", &self.name)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How an upstream answered.
#[derive(Debug)]
pub enum Reply {
    /// With one JSON-RPC message.
    Message(Bytes),
    /// With a stream of them.
    Events(Events),
    /// With nothing, as to a notification.
    Accepted,
}

/// The messages of a stream, as they come. Dropping it closes the stream, which upstreams take for a cancellation.
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    decoder: Decoder,
    idle: Duration,
    last_life: Instant,
}

impl Events {
    /// The next message; `None` at the end. Comments and events of other kinds are passed over. May be dropped and
    /// called again.
    ///
    /// # Errors
    /// When the stream breaks, goes silent for too long, or sends too large a message.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            while let Some(event) = self.decoder.next_event().map_err(|_| CallError::TOO_LARGE)? {
                if event.kind.is_empty() || event.kind == "message" {
                    return Ok(Some(event.data));
                }
            }
            match timeout_at(self.last_life + self.idle, self.body.frame()).await {
                Err(_) => return Err(CallError::TIMEOUT),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(classify(&error).into()),
                Ok(Some(Ok(frame))) => {
                    self.last_life = Instant::now();
                    if let Ok(data) = frame.into_data() {
                        self.decoder.push(data);
                    }
                }
            }
        }
    }

    /// Lets the upstream end the stream by itself, so that the connection can be used again. Nothing that still comes
    /// matters.
    pub fn finish(mut self) {
        let mut drain = Box::pin(async move { while matches!(self.next().await, Ok(Some(_))) {} });
        // Mostly the end is there already.
        if drain.as_mut().now_or_never().is_none() {
            tokio::spawn(timeout(LINGER, drain));
        }
    }
}

/// Sends one message and reads the answer until its nature is clear; all of it when it isn't a stream.
pub(super) async fn post(
    wire: &Wire,
    link: &Link,
    outgoing: Outgoing<'_>,
    deadline: Instant,
) -> Result<Reply, CallError> {
    post_within(wire, link, outgoing, deadline, MESSAGE_MAX).await
}

/// The same with another limit on the answer.
pub(super) async fn post_within(
    wire: &Wire,
    link: &Link,
    outgoing: Outgoing<'_>,
    deadline: Instant,
    limit: usize,
) -> Result<Reply, CallError> {
    post_for_session(wire, link, outgoing, deadline, limit)
        .await
        .map(|(reply, _)| reply)
}

/// The same, with the session that the upstream began, if it did.
pub(super) async fn post_for_session(
    wire: &Wire,
    link: &Link,
    outgoing: Outgoing<'_>,
    deadline: Instant,
    limit: usize,
) -> Result<(Reply, Option<HeaderValue>), CallError> {
    let mut request = Request::new(Full::new(outgoing.body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = link.uri.clone();
    *request.headers_mut() = link.headers.clone();
    if link.era() == Era::Modern {
        let headers = request.headers_mut();
        headers.insert(METHOD, outgoing.method);
        if let Some(name) = outgoing.name {
            headers.insert(NAME, name);
        }
        for (name, value) in outgoing.params {
            headers.insert(name, value.clone());
        }
    }
    let answer = async {
        let mut response = wire.pool().send(request).await?;
        let session = response.headers_mut().remove(SESSION_ID);
        Ok((accept(wire, link, response, limit).await?, session))
    };
    timeout_at(deadline, answer).await.unwrap_or(Err(CallError::TIMEOUT))
}

async fn accept(wire: &Wire, link: &Link, response: Response<Incoming>, limit: usize) -> Result<Reply, CallError> {
    let status = response.status();
    if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
        return Ok(Reply::Accepted);
    }
    if !status.is_success() {
        return refusal(link, response).await;
    }
    match media_type(&response) {
        Media::Events => Ok(Reply::Events(Events {
            body: response.into_body(),
            decoder: Decoder::new(limit),
            idle: wire.timeouts().stream_idle,
            last_life: Instant::now(),
        })),
        Media::Json => {
            let message = body::read(response.into_body(), limit)
                .await
                .map_err(|error| match error {
                    ReadError::TooLarge => CallError::TOO_LARGE,
                    ReadError::Broken(error) => classify(&error).into(),
                })?;
            Ok(if message.is_empty() {
                Reply::Accepted
            } else {
                Reply::Message(message)
            })
        }
        Media::Other => Err(CallError::NotMcp),
    }
}

enum Media {
    Json,
    Events,
    Other,
}

/// A missing type counts as JSON: some servers answer notifications so.
fn media_type(response: &Response<Incoming>) -> Media {
    let Some(value) = response.headers().get(CONTENT_TYPE) else {
        return Media::Json;
    };
    let begins_with = |media: &[u8]| {
        value
            .as_bytes()
            .get(..media.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(media))
    };
    if begins_with(b"application/json") {
        Media::Json
    } else if begins_with(b"text/event-stream") {
        Media::Events
    } else {
        Media::Other
    }
}

/// An answer that isn't a 2xx: nothing ran. It may still be a JSON-RPC error to pass on.
async fn refusal(link: &Link, response: Response<Incoming>) -> Result<Reply, CallError> {
    let status = response.status().as_u16();
    if matches!(status, 401 | 403) {
        return Err(CallError::Unauthorized(status));
    }
    // The two that keep the method and the body. Others would turn a call into something else.
    if let (307 | 308, Some(location)) = (status, response.headers().get(LOCATION)) {
        return Err(CallError::Moved(
            String::from_utf8_lossy(location.as_bytes()).into_owned(),
        ));
    }
    let text = body::read(response.into_body(), REFUSAL_MAX).await.unwrap_or_default();
    let answer = Answer::parse(&text);
    if link.has_session() && ends_session(status, answer.as_ref(), &text) {
        return Err(CallError::SessionGone);
    }
    let error = answer.as_ref().and_then(|answer| answer.error.as_ref());
    let is_answer = error.is_some();
    let modern_error = error.is_some_and(|error| rpc::MODERN_CODES.contains(&error.code));
    let misunderstood = match link.era() {
        Era::Legacy => modern_error && matches!(status, 400 | 404),
        // A modern server's errors name the request. One that doesn't understand modern requests at all can't.
        Era::Modern => {
            matches!(status, 400 | 404 | 405 | 406 | 415 | 422)
                && !modern_error
                && (!is_answer || answer.as_ref().is_none_or(|answer| answer.id.is_none()))
        }
    };
    match (misunderstood, is_answer) {
        (true, _) => Err(CallError::EraChanged {
            status,
            answer: is_answer.then_some(text),
        }),
        (false, true) => Ok(Reply::Message(text)),
        (false, false) => Err(CallError::Status(status)),
    }
}

/// Whether a refusal says that the session is over, so that the call didn't run and may be made in a new one. A 404
/// says so by itself. Some servers answer 400 and say it in words. An error that answers the call itself says nothing
/// of the kind, whatever its words: the call may have run.
fn ends_session(status: u16, answer: Option<&Answer<'_>>, text: &[u8]) -> bool {
    let error = answer.and_then(|answer| answer.error.as_ref());
    // In a session all ids are Patchbay's own numbers. Where a server knows none, it puts null or a word of its own.
    let names_the_call = answer
        .and_then(|answer| answer.id)
        .is_some_and(|id| !id.get().starts_with('"'));
    match (status, error) {
        (_, Some(_)) if names_the_call => false,
        (404, _) => true,
        (400, Some(error)) => tells_of_session(&error.message),
        (400, None) => std::str::from_utf8(text).is_ok_and(tells_of_session),
        _ => false,
    }
}

/// How servers begin to say that they don't know a session, after what HTTP calls it.
const NO_SESSION: [&str; 16] = [
    "session not found",
    "session has ",
    "session expired",
    "session terminated",
    "session does not exist",
    "session id",
    "invalid session",
    "invalid or expired session",
    "invalid or missing session",
    "unknown session",
    "no session",
    "no valid session",
    "missing session",
    "mcp-session-id",
    "invalid mcp-session-id",
    "missing mcp-session-id",
];
/// What is longer is about something else.
const SENTENCE_MAX: usize = 120;

fn tells_of_session(text: &str) -> bool {
    if text.len() > SENTENCE_MAX {
        return false;
    }
    let text = text.trim().to_ascii_lowercase();
    let said = ["bad request:", "not found:", "error:"]
        .iter()
        .find_map(|title| text.strip_prefix(title))
        .unwrap_or(&text)
        .trim_start();
    NO_SESSION.iter().any(|beginning| {
        // `session_id` is an argument's name.
        said.strip_prefix(beginning).is_some_and(|rest| !rest.starts_with('_'))
    })
}

/// The message that answers the one request that `reply` is the reply to.
pub(super) async fn final_message(reply: Reply) -> Result<Bytes, CallError> {
    match reply {
        Reply::Message(message) => Ok(message),
        Reply::Accepted => Err(CallError::NotMcp),
        Reply::Events(mut events) => {
            while let Some(message) = events.next().await? {
                if Answer::parse(&message).is_some_and(|answer| answer.is_final()) {
                    events.finish();
                    return Ok(message);
                }
            }
            Err(CallError::Unanswered)
        }
    }
}

/// Tells the upstream, beside whatever else happens, that a session won't be used again.
pub(super) fn end_session_later(wire: &Arc<Wire>, link: &Arc<Link>) {
    if link.has_session()
        && let Ok(runtime) = Handle::try_current()
    {
        let (wire, link) = (wire.clone(), link.clone());
        runtime.spawn(async move { end_session(&wire, &link).await });
    }
}

/// It may not care.
async fn end_session(wire: &Wire, link: &Link) {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.method_mut() = Method::DELETE;
    *request.uri_mut() = link.uri.clone();
    *request.headers_mut() = link.headers.clone();
    request.headers_mut().remove(CONTENT_TYPE);
    if let Ok(Ok(response)) = timeout(wire.timeouts().connect, wire.pool().send(request)).await {
        // Read to its end, so that the connection can be used again.
        let _ = timeout(wire.timeouts().connect, body::read(response.into_body(), REFUSAL_MAX)).await;
    }
}

/// Whether the endpoint opens a stream when it is only asked, as the transport from before 2025-03-26 does.
pub(super) async fn streams_on_get(wire: &Wire, link: &Link, deadline: Instant) -> bool {
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = link.uri.clone();
    *request.headers_mut() = link.headers.clone();
    request.headers_mut().remove(CONTENT_TYPE);
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    let response: Result<Response<Incoming>, FetchError> = timeout_at(deadline, wire.pool().send(request))
        .await
        .unwrap_or(Err(FetchError::Timeout));
    response.is_ok_and(|response| response.status().is_success() && matches!(media_type(&response), Media::Events))
}
