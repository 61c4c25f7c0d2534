//! `/api/auth`: accounts and signing in.

use super::{
    Endpoint, Error,
    extract::{Caller, Json},
};
use crate::{middleware::identity::Identity, state::AppState};
use axum::{
    Extension,
    extract::State,
    http::{Method, StatusCode},
    routing::{get, post},
};
use patchbay_app::context::RequestInfo;
use patchbay_domain::user::UserView;
use patchbay_engine::{Error as EngineError, audit::Who, error::Unauthenticated};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/auth/set-up", post(set_up)),
        Endpoint::new(Method::POST, "/api/auth/register", post(register)),
        Endpoint::new(Method::POST, "/api/auth/login", post(login)),
        Endpoint::new(Method::POST, "/api/auth/logout", post(logout)),
        Endpoint::new(Method::GET, "/api/auth/me", get(me)),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: SecretString,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetUp {
    token: SecretString,
    email: String,
    password: SecretString,
}

#[derive(Serialize)]
struct SignedIn {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    user: UserView,
}

/// Makes the first superuser, with the token of the set-up link.
async fn set_up(
    State(state): State<AppState>,
    Extension(info): Extension<RequestInfo>,
    Json(SetUp { token, email, password }): Json<SetUp>,
) -> Result<(StatusCode, axum::Json<UserView>), Error> {
    let who = Who::from_origin(info.origin());
    let user = state.engine.set_up(&who, &token, &email, &password).await?;
    Ok((StatusCode::CREATED, axum::Json(user)))
}

/// Makes an account, where sign-up is open.
async fn register(
    State(state): State<AppState>,
    Extension(info): Extension<RequestInfo>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<(StatusCode, axum::Json<UserView>), Error> {
    let who = Who::from_origin(info.origin());
    let user = state.engine.sign_up(&who, &email, &password).await?;
    Ok((StatusCode::CREATED, axum::Json(user)))
}

/// Signs in: with a cookie for browsers and an access token for programs, both good for the same session.
async fn login(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(info): Extension<RequestInfo>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<axum::Json<SignedIn>, Error> {
    let user = state.engine.sign_in(&email, &password).await?;
    let who = Who::from_origin(info.origin());
    let session_id = state.engine.begin_session(&who, &session, &user, &info.device).await?;
    let token = state.engine.access_token(&user, session_id)?;
    Ok(axum::Json(SignedIn {
        access_token: token.token.expose_secret().to_owned(),
        token_type: "bearer",
        expires_in: token.expires_in.into(),
        user,
    }))
}

/// Ends the session of the access token, or else of the cookie. Being signed out already is no error.
async fn logout(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Extension(session): Extension<Session>,
) -> Result<StatusCode, Error> {
    match identity {
        Identity::Token(actor) => state.engine.end_session_of(&actor).await?,
        Identity::BadToken => return Err(EngineError::from(Unauthenticated::BadToken).into()),
        Identity::Cookie(actor) => state.engine.end_session(Some(&actor), &session).await?,
        Identity::SignedOut => state.engine.end_session(None, &session).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn me(State(state): State<AppState>, Caller(actor): Caller) -> Result<axum::Json<UserView>, Error> {
    Ok(axum::Json(state.engine.me(&actor).await?))
}
