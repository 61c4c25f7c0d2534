//! Endpoints that take no query refuse one by the names in it, as those do that take another. Who is to take one, its
//! documentation says.

use super::extract;
use crate::middleware::identity::Identity;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Lets requests without a query through. Whoever must sign in first is told that first, by the handler.
pub(super) async fn no_query(State(is_for_anybody): State<bool>, request: Request, next: Next) -> Response {
    let who = request.extensions().get::<Identity>();
    let is_judged = is_for_anybody || who.is_some_and(|who| who.actor().is_some());
    if is_judged && let Err(error) = extract::no_parameters(request.uri()) {
        return error.into_response();
    }
    next.run(request).await
}
