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
static ACTIONS: [(Method, &str, Action); 32] = [
    (Method::POST, "/api/auth/login", Action::SignIn),
    (Method::POST, "/api/auth/register", Action::SignUp),
    (Method::POST, "/api/auth/set-up", Action::SetUp),
    (Method::POST, "/api/auth/reset", Action::Reset),
    (Method::PUT, "/api/auth/password", Action::Prove),
    (Method::DELETE, "/api/auth/me", Action::Prove),
    (Method::POST, "/api/auth/second-factor", Action::Prove),
    (Method::DELETE, "/api/auth/second-factor", Action::Prove),
    (Method::POST, "/api/auth/second-factor/confirm", Action::Prove),
    (Method::POST, "/api/auth/second-factor/recovery-codes", Action::Prove),
    (Method::POST, "/api/invitations", Action::Invite),
    (Method::POST, "/api/users/*/reset-link", Action::Invite),
    (Method::POST, "/api/connectors", Action::Activate),
    (Method::POST, "/api/connectors/activate", Action::Activate),
    (Method::POST, "/api/connectors/*/sync", Action::Activate),
    (Method::POST, "/api/sources/*/test", Action::Test),
    (Method::POST, "/fn/account/sign-in", Action::SignIn),
    (Method::POST, "/fn/account/sign-in-code", Action::SignIn),
    (Method::POST, "/fn/account/sign-up", Action::SignUp),
    (Method::POST, "/fn/set-up", Action::SetUp),
    (Method::POST, "/fn/account/reset-password", Action::Reset),
    (Method::POST, "/fn/account/change-password", Action::Prove),
    (Method::POST, "/fn/account/delete", Action::Prove),
    (Method::POST, "/fn/account/offer-second-factor", Action::Prove),
    (Method::POST, "/fn/account/confirm-second-factor", Action::Prove),
    (Method::POST, "/fn/account/renew-recovery-codes", Action::Prove),
    (Method::POST, "/fn/account/remove-second-factor", Action::Prove),
    (Method::POST, "/fn/users/invite", Action::Invite),
    (Method::POST, "/fn/users/reset-link", Action::Invite),
    (Method::POST, "/fn/connectors/activate", Action::Activate),
    (Method::POST, "/fn/connectors/sync", Action::Activate),
    (Method::POST, "/fn/sources/test", Action::Test),
];

/// What a request does, if it is limited.
fn action(method: &Method, path: &str) -> Option<Action> {
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
        .find(|(by, limited, _)| by == method && is_it(limited))
        .map(|&(_, _, action)| action)
}

/// Whether it is limited how often somebody may ask for this.
pub(crate) fn is_limited(method: &Method, path: &str) -> bool {
    action(method, path).is_some()
}

/// Refuses what comes too often.
pub(crate) async fn rate_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(action) = action(request.method(), request.uri().path()) else {
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
    if action.is_by_actor() {
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
/// whatever its header calls it. Read just as they do: a name that only one of us understood would be a way round.
fn named(path: &str, body: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        email: String,
    }

    if path.starts_with("/fn/") {
        let form = std::str::from_utf8(body).ok()?;
        serde_qs::Config::new(5, false).deserialize_str::<Named>(form).ok()
    } else {
        serde_json::from_slice::<Named>(body).ok()
    }
    .map(|named| named.email)
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
        let action = |path: &str| super::action(&Method::POST, path);
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
    fn a_path_is_limited_only_where_the_method_does_something() {
        let password = "/api/auth/password";
        assert_eq!(action(&Method::PUT, password), Some(Action::Prove));
        assert_eq!(action(&Method::GET, password), None);
        assert_eq!(action(&Method::GET, "/api/auth/me"), None);
        assert_eq!(action(&Method::DELETE, "/api/auth/me"), Some(Action::Prove));
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
        // As server functions take it.
        for spelling in ["[email]", "[[email]", "%65mail"] {
            let form = format!("password=x&{spelling}=a%40b");
            let named = named("/fn/account/sign-in", &form.into());
            assert_eq!(named.as_deref(), Some("a@b"), "{spelling}");
        }
        assert_eq!(named_in("/api/auth/login", "[]"), None);
        assert_eq!(named_in("/fn/account/sign-in", "x=1"), None);
    }
}
