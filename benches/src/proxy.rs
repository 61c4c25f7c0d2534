//! The yardstick: axum in front, hyper's pooled client behind, bytes copied, nothing checked. What the gateway costs
//! beyond this is what it does.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use http::{StatusCode, Uri, header::HOST};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::net::TcpListener;

type Upstream = (Client<HttpConnector, Body>, Uri);

/// Serves until it is killed; prints its address on one line.
pub(crate) async fn serve(upstream: Uri) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector);
    serve_http(listener, Router::new().fallback(copy).with_state((client, upstream))).await
}

/// `axum::serve` with `TCP_NODELAY`, which any server in earnest sets.
pub(crate) async fn serve_http(listener: TcpListener, app: Router) -> anyhow::Result<()> {
    let listener = listener.tap_io(|stream| {
        // A connection that can't have it still works.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

async fn copy(State((client, upstream)): State<Upstream>, mut request: Request) -> Response {
    *request.uri_mut() = upstream;
    request.headers_mut().remove(HOST);
    match client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
