//! Signing in and out.

use crate::{
    middleware::identity::Identity,
    rest::{
        Endpoint, Error,
        extract::Json,
        openapi::{Example, Secret},
    },
    state::AppState,
};
use axum::{
    Extension,
    extract::State,
    http::{Method, StatusCode},
    routing::post,
};
use patchbay_app::context::RequestInfo;
use patchbay_domain::user::UserView;
use patchbay_engine::{
    Error as EngineError,
    audit::Who,
    error::{Denied, Unauthenticated},
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_sessions::Session;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/auth/login", post(login)).doc("sign_in", |doc| {
            doc.summary("Sign in")
                .about(
                    "With a cookie for browsers and an access token for programs, both good for the same session. \
                        Where the account has a second factor, a `code` is needed, too: one from the authenticator, or \
                        one of the recovery codes.",
                )
                .anybody()
                .body::<Credentials>()
                .answer::<SignedIn>(200, "Signed in. The answer sets the cookie, too.")
                .fails(
                    401,
                    "BAD_CREDENTIALS",
                    "The address or the password is wrong, or the account is disabled.",
                )
                .fails(
                    401,
                    "SECOND_FACTOR_REQUIRED",
                    "The password is right, and a `code` is needed, too.",
                )
                .fails(401, "BAD_CODE", "The code is not right, or was used already.")
        }),
        Endpoint::new(Method::POST, "/api/auth/logout", post(logout)).doc("sign_out", |doc| {
            doc.summary("Sign out")
                .about(
                    "Ends the session of the access token, or else of the cookie. Being signed out already is no \
                        error.",
                )
                .anybody()
                .no_content("The session and its access tokens are over.")
                .fails(401, "BAD_TOKEN", "The access token is none.")
                .fails(
                    403,
                    "SESSION_REQUIRED",
                    "An API token hangs on no session: revoke it instead.",
                )
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SignIn")]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// Whose account.
    email: String,
    /// Its password.
    #[schemars(with = "Secret")]
    password: SecretString,
    /// From the second factor, where the account has one.
    #[serde(default)]
    #[schemars(with = "Option<Secret>")]
    code: Option<SecretString>,
}

#[derive(Serialize, JsonSchema)]
struct SignedIn {
    /// What a program sends as `Authorization: Bearer`.
    access_token: String,
    /// How to send it.
    token_type: &'static str,
    /// How long it is good, in seconds.
    expires_in: u64,
    /// Who that is.
    user: UserView,
}

/// Signs in: with a cookie for browsers and an access token for programs, both good for the same session.
async fn login(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(info): Extension<RequestInfo>,
    Json(Credentials { email, password, code }): Json<Credentials>,
) -> Result<axum::Json<SignedIn>, Error> {
    let engine = &state.engine;
    let proven = engine.sign_in(&email, &password, code.as_ref()).await?;
    let who = Who::from_origin(info.origin());
    let session_id = engine.begin_session(&who, &session, &proven, &info.device).await?;
    let user = proven.user;
    let token = engine.access_token(&user, session_id)?;
    Ok(axum::Json(SignedIn {
        access_token: token.token.expose_secret().to_owned(),
        token_type: "bearer",
        expires_in: token.expires_in.into(),
        user,
    }))
}

/// Ends the session of the access token, or else of the cookie. Being signed out already is no error; an API token hangs on no
/// session, and is revoked instead.
async fn logout(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Extension(session): Extension<Session>,
) -> Result<StatusCode, Error> {
    match identity {
        Identity::Token(actor) if actor.session.is_none() => {
            return Err(EngineError::from(Denied::SessionNeeded).into());
        }
        Identity::Token(actor) => state.engine.end_session_of(&actor).await?,
        Identity::BadToken => return Err(EngineError::from(Unauthenticated::BadToken).into()),
        Identity::Cookie(actor) => state.engine.end_session(Some(&actor), &session).await?,
        Identity::SignedOut => state.engine.end_session(None, &session).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Example for Credentials {
    fn example() -> Value {
        json!({ "email": "ada@example.org", "password": "a phrase that only you know" })
    }
}

impl Example for SignedIn {
    fn example() -> Value {
        json!({ "access_token": "eyJ…", "token_type": "bearer", "expires_in": 3600, "user": UserView::example() })
    }
}
