//! A real HTTP server on loopback whose answers a test decides.

use super::{EgressPolicy, Target, Timeouts, Upstream, body};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;

/// A request that came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) verb: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
}

impl Seen {
    /// The JSON-RPC method.
    pub(super) fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// An answer to give.
pub(super) struct Answer(pub(super) Response<BoxBody<Bytes, Infallible>>);

impl Answer {
    pub(super) fn status(status: u16, media: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Full::new(body.into()).boxed());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
            .headers_mut()
            .insert("content-type", HeaderValue::from_static(media));
        Self(response)
    }

    pub(super) fn json(body: &Value) -> Self {
        Self::status(200, "application/json", body.to_string())
    }

    pub(super) fn result(seen: &Seen, result: &Value) -> Self {
        Self::json(&serde_json::json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": result}))
    }

    pub(super) fn error(seen: &Seen, status: u16, error: &Value) -> Self {
        let body = serde_json::json!({"jsonrpc": "2.0", "id": seen.body["id"], "error": error});
        Self::status(status, "application/json", body.to_string())
    }

    pub(super) fn accepted() -> Self {
        Self::status(202, "text/plain", "")
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0
            .headers_mut()
            .insert(HeaderName::from_static(name), value.parse().unwrap());
        self
    }

    /// A body that begins and never ends.
    pub(super) fn stalled(media: &'static str) -> Self {
        let frames = futures::StreamExt::chain(
            futures::stream::iter([Ok(http_body::Frame::data(Bytes::from_static(b"{")))]),
            futures::stream::pending(),
        );
        let mut response = Response::new(http_body_util::StreamBody::new(frames).boxed());
        response
            .headers_mut()
            .insert("content-type", HeaderValue::from_static(media));
        Self(response)
    }
}

/// A running server.
pub(super) struct Fake {
    pub(super) target: Target,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Fake {
    pub(super) async fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let log = seen.clone();
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let (answer, log) = (answer.clone(), log.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answer, log) = (answer.clone(), log.clone());
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body::read(body, 1 << 20).await.unwrap_or_default();
                        let seen = Seen {
                            verb: parts.method,
                            path: parts.uri.path().to_owned(),
                            headers: parts.headers,
                            body: serde_json::from_slice(&body).unwrap_or_default(),
                            connection,
                        };
                        log.lock().unwrap().push(seen.clone());
                        Ok::<_, Infallible>(answer(&seen).0)
                    }
                });
                tokio::spawn(async move {
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                });
            }
        });
        Self {
            target: Target {
                url,
                authorization: None,
            },
            seen,
            task,
        }
    }

    /// What came so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many sessions were ended. Nothing else waits for that.
    pub(super) async fn ended_sessions(&self, count: usize) {
        let ended = async {
            while self.seen().iter().filter(|seen| seen.verb == Method::DELETE).count() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), ended)
            .await
            .expect("sessions are ended");
    }

    /// The JSON-RPC methods of what came so far, or the HTTP method where there is none.
    pub(super) fn methods(&self) -> Vec<String> {
        let name = |seen: &Seen| match seen.method() {
            "" => seen.verb.to_string(),
            method => method.to_owned(),
        };
        self.seen().iter().map(name).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A way out that reaches loopback and doesn't wait long.
pub(super) fn upstream() -> Upstream {
    let timeouts = Timeouts {
        probe: Duration::from_millis(200),
        handshake: Duration::from_secs(2),
        answer: Duration::from_secs(2),
        ..Timeouts::default()
    };
    Upstream::with_timeouts(EgressPolicy::parse("loopback").unwrap(), timeouts)
}
