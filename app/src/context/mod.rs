//! The request behind a page or a server function: who asks, with which session, and how it is answered.
//!
//! Only on the server. Server functions and pages reach axum through here; `shell` alone also writes a header of its own.

mod error_table;
mod flash;
mod reply;
mod waiting;

pub(crate) use flash::{Flash, FormFlash, keep_test, keep_token, take_flash, take_test, take_token};
pub(crate) use reply::{Next, Reply};
pub(crate) use waiting::{Waiting, keep, keep_for_nobody, leave_telling, look_at, take};

use crate::error::AppError;
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use patchbay_domain::audit::Door;
use patchbay_engine::{Actor, Engine, Error, actor::Origin, audit::Who, error::Unauthenticated};
use std::net::IpAddr;
use tower_sessions::Session;

/// Who is signed in, if anybody. A request extension that the session middleware sets.
#[derive(Debug, Clone)]
pub struct CurrentActor(pub Option<Actor>);

/// What else is known of a request. A request extension.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// What its log lines are found by.
    pub request_id: String,
    /// Where it came from.
    pub remote: Option<IpAddr>,
    /// The browser and its system, as `Firefox on Linux`.
    pub device: String,
    /// By which way it came.
    pub door: Door,
}

impl RequestInfo {
    /// Where it came in, for the audit log.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            door: self.door,
            request_id: Some(self.request_id.clone()),
            address: self.remote,
            attempt: None,
        }
    }
}

/// The engine that the router gave.
pub(crate) fn engine() -> Engine {
    expect_context::<Engine>()
}

/// Who is signed in, if anybody.
pub(crate) fn actor() -> Option<Actor> {
    extension::<CurrentActor>().and_then(|current| current.0)
}

/// The engine and who asks; an error when nobody is signed in.
pub(crate) fn signed_in() -> Result<(Engine, Actor), Error> {
    let actor = actor().ok_or(Unauthenticated::SignedOut)?;
    Ok((engine(), actor))
}

/// Who does something, for the audit log: who is signed in, or nobody that is known yet.
pub(crate) fn who() -> Who {
    match (actor(), extension::<RequestInfo>()) {
        (Some(actor), _) => actor.who(),
        (None, Some(info)) => Who::from_origin(info.origin()),
        (None, None) => Who::system(),
    }
}

/// The browser's session, perhaps of nobody.
pub(crate) fn session() -> Result<Session, Error> {
    extension::<Session>().ok_or_else(|| Error::internal("the session layer is missing"))
}

/// The browser and its system, for the list of somebody's sessions.
pub(crate) fn device() -> String {
    extension::<RequestInfo>().map(|info| info.device).unwrap_or_default()
}

/// The public side of an error. What isn't public goes to the log.
pub(crate) fn public(error: &Error) -> AppError {
    let request_id = extension::<RequestInfo>()
        .map(|info| info.request_id)
        .unwrap_or_default();
    if let Error::Internal(source) = error {
        tracing::error!(request_id, error = source.as_ref(), "a page or form failed");
    }
    error_table::public(error, request_id)
}

/// Sets the response's status.
pub(crate) fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

/// Sends the browser elsewhere with a GET.
pub(crate) fn see_other(path: &str) {
    let location = HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static("/"));
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

/// Whether a page is being rendered, rather than a server function answered.
fn is_page() -> bool {
    use_context::<Parts>().is_none_or(|parts| !parts.uri.path().starts_with("/fn/"))
}

/// Whether this is a form sent by a browser without scripts.
fn is_plain_form() -> bool {
    let accepts = |parts: &Parts| {
        parts
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|v| v.contains("text/html"))
    };
    !is_page() && use_context::<Parts>().is_some_and(|parts| accepts(&parts))
}

fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>()?.extensions.get::<T>().cloned()
}
