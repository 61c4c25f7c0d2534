//! The load: some connections, each of which calls again as soon as it has its answer.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::time::{Duration, Instant};
use tokio::{net::TcpStream, task::JoinSet};

/// What is asked, over and over.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What came of a round.
pub(crate) struct Round {
    pub(crate) calls: u64,
    pub(crate) took: Duration,
    /// Each call's duration, sorted.
    pub(crate) latencies: Vec<Duration>,
}

impl Round {
    pub(crate) fn per_second(&self) -> f64 {
        self.calls as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// Calls on this many connections for this long.
pub(crate) async fn round(call: &Call, connections: usize, time: Duration) -> anyhow::Result<Round> {
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    for _ in 0..connections {
        let call = call.clone();
        tasks.spawn(async move {
            let mut sender = connect(&call.uri).await?;
            let mut latencies = Vec::with_capacity(4096);
            while begin.elapsed() < time {
                let sent = Instant::now();
                once(&mut sender, &call).await?;
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.append(&mut done??);
    }
    let took = begin.elapsed();
    latencies.sort_unstable();
    Ok(Round {
        calls: latencies.len() as u64,
        took,
        latencies,
    })
}

/// Calls once; gives the answer's body.
pub(crate) async fn single(call: &Call) -> anyhow::Result<Bytes> {
    let mut sender = connect(&call.uri).await?;
    once(&mut sender, call).await
}

async fn connect(uri: &Uri) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(uri.authority().context("a URI with a host")?.as_str()).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn once(sender: &mut SendRequest<Full<Bytes>>, call: &Call) -> anyhow::Result<Bytes> {
    let mut request = Request::new(Full::new(call.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = call
        .uri
        .path_and_query()
        .context("a URI with a path")?
        .as_str()
        .parse()?;
    *request.headers_mut() = call.headers.clone();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(
        status.is_success(),
        "status {status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(body)
}
