//! The gateway as a layer in front of the rest of the process: its requests never reach the dashboard's sessions,
//! headers and limits, and the dashboard's never reach the gateway.

use crate::{Body, Gateway};
use futures::future::{BoxFuture, Either};
use http::{Request, Response};
use std::{
    convert::Infallible,
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Puts a [`Gateway`] in front of a service.
#[derive(Debug, Clone)]
pub struct GatewayLayer(pub(crate) Gateway);

impl<S> Layer<S> for GatewayLayer {
    type Service = GatewayService<S>;

    fn layer(&self, inner: S) -> GatewayService<S> {
        GatewayService {
            gateway: self.0.clone(),
            inner,
        }
    }
}

/// A service with a [`Gateway`] in front.
#[derive(Debug, Clone)]
pub struct GatewayService<S> {
    gateway: Gateway,
    inner: S,
}

impl<S> Service<Request<axum::body::Body>> for GatewayService<S>
where
    S: Service<Request<axum::body::Body>, Response = Response<axum::body::Body>>,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<BoxFuture<'static, Result<S::Response, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<axum::body::Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        if !self.gateway.claims(&parts) {
            return Either::Right(self.inner.call(Request::from_parts(parts, body)));
        }
        let gateway = self.gateway.clone();
        Either::Left(Box::pin(async move {
            let response = gateway.handle(Request::from_parts(parts, body)).await;
            Ok(response.map(axum::body::Body::new))
        }))
    }
}

/// The gateway by itself, for a process that serves nothing else.
impl<B> Service<Request<B>> for Gateway
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let gateway = self.clone();
        Box::pin(async move { Ok(gateway.handle(request).await) })
    }
}
