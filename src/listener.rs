//! Takes connections, speaks HTTP on them, and lets go of them in good order. What is answered is somebody else's matter.

mod opening;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use opening::Opening;
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _};

/// Connections at one time. More wait until another ends.
const CONNECTIONS: usize = 8192;
/// How long a client may take to say anything, and for the head of a request, so that slow ones can't hold connections for
/// nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long calls that are under way get to end once no new ones are taken.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);

/// The other end of a request's connection, as a request extension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until `shutdown`, then drains.
pub(crate) async fn serve<S>(listener: TcpListener, service: S, shutdown: CancellationToken)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIMEOUT);
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (place, accepted) = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = http.serve_connection_with_upgrades(prepare(stream), hyper_service(&service, peer));
                let connection = connections.watch(connection.into_owned());
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::trace!(%error, %peer, "a connection ended early");
                    }
                    drop(place);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some calls did not end in time and are cut off");
    }
}

/// Takes a connection as soon as there is one, and room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, io::Result<(TcpStream, SocketAddr)>) {
    let place = Arc::clone(room)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    (place, listener.accept().await)
}

fn prepare(stream: TcpStream) -> TokioIo<Opening<TcpStream>> {
    // Answers are written whole; waiting for more only makes them late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "a connection keeps its delay");
    }
    TokioIo::new(Opening::new(stream, HEAD_TIMEOUT))
}

fn hyper_service<S>(
    service: &S,
    peer: SocketAddr,
) -> impl hyper::service::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Send
+ 'static
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    TowerToHyperService::new(service.clone().map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request
    }))
}

/// A connection that is gone before it was taken is nobody's trouble; being out of file handles passes, but not at once.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "can't take connections for the moment");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
