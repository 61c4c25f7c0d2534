//! The hot path's connections: hyper's pooled client on a connector that the egress policy guards. No redirects, no
//! proxies, no cookies, no decompression: what arrives is what was sent.

use super::{egress::EgressPolicy, error::classify, resolve::GuardedResolver};
use crate::upstream::FetchError;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::ClientConfig;
use std::{
    net::IpAddr,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;

/// How long a connection may idle here. Common servers (uvicorn, Node) close after 5 s; leaving a little earlier keeps
/// a call from being sent into a connection that is just being closed, which could not be repeated safely.
const IDLE: Duration = Duration::from_secs(4);
/// Idle connections kept per origin. In flight there can be more.
const MAX_IDLE: usize = 256;
/// Between two pings on an HTTP/2 connection, and for the answer.
const H2_PING: Duration = Duration::from_secs(20);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Pooled connections, HTTP/1.1 or (over TLS) HTTP/2.
#[derive(Debug, Clone)]
pub(super) struct Pool(Client<HttpsConnector<Guarded>, Full<Bytes>>);

impl Pool {
    pub(super) fn new(policy: &EgressPolicy, tls: ClientConfig, connect_timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(GuardedResolver::new(policy));
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect_timeout));
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(Guarded {
                policy: policy.clone(),
                tcp,
            });
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .http2_keep_alive_interval(H2_PING)
            .http2_keep_alive_timeout(H2_PING)
            .http2_adaptive_window(true)
            .build(connector);
        Self(client)
    }

    /// Sends one request. Dropping the future, or the body of its answer, gives the request up.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, FetchError> {
        self.0.request(request).await.map_err(|error| {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "an upstream could not be called"
            );
            classify(&error)
        })
    }
}

/// Checks hosts that are addresses; names are checked by the resolver below.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    policy: EgressPolicy,
    tcp: HttpConnector<GuardedResolver>,
}

impl tower::Service<Uri> for Guarded {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if let Ok(address) = host.parse::<IpAddr>()
            && let Err(error) = self.policy.check_address("", address)
        {
            return Box::pin(async move { Err(error.into()) });
        }
        let connecting = self.tcp.call(uri);
        Box::pin(async move { connecting.await.map_err(Into::into) })
    }
}
