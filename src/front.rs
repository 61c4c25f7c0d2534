//! The first fork: requests at an MCP server's endpoint go to the gateway, untouched; everything else to the dashboard and
//! the API, through their middleware.

use axum::{Router, body::Body};
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};
use patchbay_gateway::Gateway;
use std::{
    convert::Infallible,
    task::{Context, Poll},
};
use tower::Service;

/// Both doors as one service.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) gateway: Gateway,
    pub(crate) dashboard: Router,
}

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.gateway.claims(&request) {
            let gateway = self.gateway.clone();
            async move { Ok(gateway.handle(request).await) }.boxed()
        } else {
            self.dashboard.call(request).boxed()
        }
    }
}
