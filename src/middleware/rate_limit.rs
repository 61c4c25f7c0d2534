//! Takes from the budgets of [`crate::limits`] before a password is hashed or a service fetched, for the API and for the
//! dashboard's forms alike.

use crate::{limits::Action, middleware::identity::Identity, rest, state::AppState};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use patchbay_app::{AppError, context::RequestInfo};
use serde::Deserialize;
use std::time::Duration;

/// What is limited. A path that is missing here is not: a test tries every door that opens for people who aren't signed in.
const ACTIONS: [(&str, Action); 11] = [
    ("/api/auth/login", Action::SignIn),
    ("/api/auth/register", Action::SignUp),
    ("/api/auth/set-up", Action::SetUp),
    ("/api/connectors", Action::Activate),
    ("/api/connectors/activate", Action::Activate),
    ("/api/connectors/*/sync", Action::Activate),
    ("/fn/account/sign-in", Action::SignIn),
    ("/fn/account/sign-up", Action::SignUp),
    ("/fn/set-up", Action::SetUp),
    ("/fn/connectors/activate", Action::Activate),
    ("/fn/connectors/sync", Action::Activate),
];

/// What a request to this path does, if it is limited.
fn action(path: &str) -> Option<Action> {
    let is_it = |limited: &str| match limited.split_once('*') {
        None => limited == path,
        // One part of the path, whatever it is.
        Some((begin, end)) => path
            .strip_prefix(begin)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|part| !part.contains('/')),
    };
    ACTIONS
        .iter()
        .find(|(limited, _)| is_it(limited))
        .map(|&(_, action)| action)
}

/// Refuses what comes too often.
pub(crate) async fn rate_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let action = action(request.uri().path());
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
    // It was taken in, and limited, before.
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|_| rest::Error::cut_off().into_response())?;
    let email = named(parts.uri.path(), &body);
    Ok((Request::from_parts(parts, Body::from(body)), email))
}

/// The `email` of a JSON object or a form. Whether the rest is right is the handler's matter.
///
/// Which of the two it is, the path says: a server function takes every body for a form, and the API every one for JSON,
/// whatever its header calls it.
fn named(path: &str, body: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        email: String,
    }

    if path.starts_with("/fn/") {
        url::form_urlencoded::parse(body)
            .find(|(name, _)| name == "email")
            .map(|(_, value)| value.into_owned())
    } else {
        serde_json::from_slice::<Named>(body).ok().map(|named| named.email)
    }
}

/// As the API, a script of ours or a plain form understands it.
fn refuse(wait: Duration, path: &str, headers: &HeaderMap) -> Response {
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    if wants_page || path.starts_with("/api/") {
        // The page is drawn further out.
        return rest::Error::from(patchbay_engine::Error::RateLimited { retry_after: wait }).into_response();
    }
    let seconds = rest::seconds(wait);
    let mut response = axum::Json(AppError::RateLimited { seconds }).into_response();
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_in(path: &str, body: &'static str) -> Option<String> {
        named(path, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_star_stands_for_one_part_of_a_path() {
        for path in ["/api/connectors", "/api/connectors/7/sync", "/fn/connectors/activate"] {
            assert_eq!(action(path), Some(Action::Activate), "{path}");
        }
        for path in [
            "/api/connectors/7",
            "/api/connectors/7/x/sync",
            "/api/connectors/sync",
            "/",
        ] {
            assert_eq!(action(path), None, "{path}");
        }
    }

    #[test]
    fn the_account_is_read_from_json_and_from_forms() {
        assert_eq!(
            named_in("/api/auth/login", r#"{"email":"a@b","password":"x"}"#).as_deref(),
            Some("a@b")
        );
        assert_eq!(
            named_in("/fn/account/sign-in", "password=x&email=a%40b").as_deref(),
            Some("a@b")
        );
        assert_eq!(named_in("/api/auth/login", "[]"), None);
        assert_eq!(named_in("/fn/account/sign-in", "x=1"), None);
    }
}
