//! Takes from the budgets of [`crate::limits`] before a password is hashed or a service fetched, for the API and for the
//! dashboard's forms alike.

use crate::{limits::Action, middleware::identity::Identity, rest, state::AppState};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};
use patchbay_app::{AppError, context::RequestInfo};
use serde::Deserialize;
use std::time::Duration;

/// What is limited. A path that is missing here is not, so a test compares this with all there is.
const ACTIONS: [(&str, Action); 8] = [
    ("/api/auth/login", Action::SignIn),
    ("/api/auth/register", Action::SignUp),
    ("/api/auth/set-up", Action::SetUp),
    ("/api/connectors/activate", Action::Activate),
    ("/fn/account/sign-in", Action::SignIn),
    ("/fn/account/sign-up", Action::SignUp),
    ("/fn/set-up", Action::SetUp),
    ("/fn/connectors/activate", Action::Activate),
];

/// Refuses what comes too often.
pub(crate) async fn rate_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let action = ACTIONS
        .iter()
        .find(|(limited, _)| *limited == path)
        .map(|&(_, action)| action);
    let Some(action) = action.filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };

    let (request, account) = match account(action, request).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let remote = request.extensions().get::<RequestInfo>().and_then(|info| info.remote);
    match state
        .limits
        .take(action, remote, account.as_deref(), state.engine.clock().now())
    {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            tracing::info!(?action, "too many attempts");
            refuse(wait, request.uri().path(), request.headers())
        }
    }
}

/// Whose account the action is about: the one that is named when nobody is signed in yet, else the actor's.
async fn account(action: Action, request: Request) -> Result<(Request, Option<String>), Response> {
    if action == Action::Activate {
        let identity = request.extensions().get::<Identity>();
        let user = identity.and_then(Identity::actor).map(|actor| actor.user.to_string());
        return Ok((request, user));
    }
    let (parts, body) = request.into_parts();
    // The body was limited before; one that can't be read here can't be read by a handler either.
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|_| rest::Error::TooLarge.into_response())?;
    let email = named(&parts.headers, &body);
    Ok((Request::from_parts(parts, Body::from(body)), email))
}

/// The `email` of a JSON object or a form. Whether the rest is right is the handler's matter.
fn named(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        email: String,
    }

    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/x-www-form-urlencoded") {
        url::form_urlencoded::parse(body)
            .find(|(name, _)| name == "email")
            .map(|(_, value)| value.into_owned())
    } else {
        serde_json::from_slice::<Named>(body).ok().map(|named| named.email)
    }
}

/// As the API, a script of ours or a plain form understands it.
fn refuse(wait: Duration, path: &str, headers: &HeaderMap) -> Response {
    if path.starts_with("/api/") {
        return rest::Error::from(patchbay_engine::Error::RateLimited { retry_after: wait }).into_response();
    }
    let seconds = rest::seconds(wait);
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    let error = AppError::RateLimited { seconds };
    let mut response = if wants_page {
        let page = format!(
            "<!doctype html><html lang=en><title>Too many attempts</title><h1>Too many attempts</h1><p>{error}</p>"
        );
        Html(page).into_response()
    } else {
        axum::Json(error).into_response()
    };
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_in(kind: &'static str, body: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        named(&headers, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn the_account_is_read_from_json_and_from_forms() {
        assert_eq!(
            named_in("application/json", r#"{"email":"a@b","password":"x"}"#).as_deref(),
            Some("a@b")
        );
        assert_eq!(
            named_in("application/x-www-form-urlencoded", "password=x&email=a%40b").as_deref(),
            Some("a@b")
        );
        assert_eq!(named_in("application/json", "[]"), None);
        assert_eq!(named_in("application/x-www-form-urlencoded", "x=1"), None);
    }
}
