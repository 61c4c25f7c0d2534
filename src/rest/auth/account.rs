//! Making an account, reading it, changing its password, deleting it.

use super::super::{
    Endpoint, Error,
    extract::{Caller, Json},
    openapi::{Example, Secret},
};
use crate::state::AppState;
use axum::{
    Extension,
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, post, put},
};
use patchbay_app::context::RequestInfo;
use patchbay_domain::{account::Belongings, user::UserView};
use patchbay_engine::audit::Who;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_sessions::Session;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/auth/set-up", post(set_up)).doc("set_up", |doc| {
            doc.summary("Make the first superuser")
                .about(
                    "With the token of the set-up link, which stands in the log of a Patchbay that has no users \
                        yet.",
                )
                .anybody()
                .body::<SetUp>()
                .answer::<UserView>(201, "The superuser")
                .fails(
                    403,
                    "BAD_SET_UP_TOKEN",
                    "The set-up link was used, has ended or was never given out.",
                )
                .fails(403, "SET_UP_DONE", "There is a superuser already.")
                .fails(409, "EMAIL_TAKEN", "There is an account with this address already.")
        }),
        Endpoint::new(Method::POST, "/api/auth/register", post(register)).doc("sign_up", |doc| {
            doc.summary("Make an account")
                .about("Where sign-up is open, or by invitation.")
                .anybody()
                .body::<Register>()
                .answer::<UserView>(201, "The user")
                .fails(403, "SIGN_UP_CLOSED", "Accounts are by invitation, or not made at all.")
                .fails(
                    403,
                    "BAD_INVITATION",
                    "The invitation was used, revoked, has ended or was never made.",
                )
                .fails(409, "EMAIL_TAKEN", "There is an account with this address already.")
        }),
        Endpoint::new(Method::POST, "/api/auth/reset", post(reset)).doc("reset_password", |doc| {
            doc.summary("Set a lost password")
                .about(
                    "With the token of a link that a superuser made. Ends all sessions, and leaves the second \
                        factor as it is.",
                )
                .anybody()
                .body::<Reset>()
                .no_content("It is the password from now on.")
                .fails(
                    403,
                    "BAD_RESET_LINK",
                    "The link was used, replaced, has ended or was never made.",
                )
        }),
        Endpoint::new(Method::GET, "/api/auth/me", get(me)).doc("show_me", |doc| {
            doc.summary("Show who is signed in").answer::<UserView>(200, "The user")
        }),
        Endpoint::new(Method::PUT, "/api/auth/password", put(change_password)).doc("change_password", |doc| {
            doc.summary("Change the password")
                .about("Ends the other sessions.")
                .session_only()
                .body::<NewPassword>()
                .answer::<Ended>(200, "How many sessions that ended")
        }),
        Endpoint::new(Method::DELETE, "/api/auth/me", delete(delete_me)).doc("delete_me", |doc| {
            doc.summary("Delete one's own account")
                .about("With all that it owns.")
                .session_only()
                .body::<Password>()
                .answer::<Belongings>(200, "What went with it")
                .fails(
                    409,
                    "LAST_SUPERUSER",
                    "Nobody would be left who keeps the catalogue and the users.",
                )
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetUp {
    /// The end of the set-up link.
    #[schemars(with = "Secret")]
    token: SecretString,
    /// The address of the first superuser.
    email: String,
    /// From 8 to 1024 characters.
    #[schemars(with = "Secret")]
    password: SecretString,
}

/// Makes the first superuser, with the token of the set-up link.
async fn set_up(
    State(state): State<AppState>,
    Extension(info): Extension<RequestInfo>,
    Json(SetUp { token, email, password }): Json<SetUp>,
) -> Result<(StatusCode, axum::Json<UserView>), Error> {
    let who = Who::from_origin(info.origin());
    let proven = state.engine.set_up(&who, &token, &email, &password).await?;
    Ok((StatusCode::CREATED, axum::Json(proven.user)))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SignUp")]
#[serde(deny_unknown_fields)]
struct Register {
    /// The address of the new account.
    email: String,
    /// From 8 to 1024 characters.
    #[schemars(with = "Secret")]
    password: SecretString,
    /// The token of an invitation's link.
    #[serde(default)]
    #[schemars(with = "Option<Secret>")]
    invitation: Option<SecretString>,
}

/// Makes an account, where sign-up is open, or by invitation.
async fn register(
    State(state): State<AppState>,
    Extension(info): Extension<RequestInfo>,
    Json(new): Json<Register>,
) -> Result<(StatusCode, axum::Json<UserView>), Error> {
    let who = Who::from_origin(info.origin());
    let proven = state
        .engine
        .sign_up(&who, &new.email, &new.password, new.invitation.as_ref())
        .await?;
    Ok((StatusCode::CREATED, axum::Json(proven.user)))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ResetPassword")]
#[serde(deny_unknown_fields)]
struct Reset {
    /// The end of the link.
    #[schemars(with = "Secret")]
    token: SecretString,
    /// The new one, from 8 to 1024 characters.
    #[schemars(with = "Secret")]
    password: SecretString,
}

/// Sets a lost password, with the token of a link that a superuser made.
async fn reset(
    State(state): State<AppState>,
    Extension(info): Extension<RequestInfo>,
    Json(Reset { token, password }): Json<Reset>,
) -> Result<StatusCode, Error> {
    let who = Who::from_origin(info.origin());
    state.engine.reset_password(&who, &token, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(State(state): State<AppState>, Caller(actor): Caller) -> Result<axum::Json<UserView>, Error> {
    Ok(axum::Json(state.engine.me(&actor).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The one that counts now.
    #[schemars(with = "Secret")]
    current_password: SecretString,
    /// From 8 to 1024 characters.
    #[schemars(with = "Secret")]
    new_password: SecretString,
}

/// How many sessions were ended by something else than their owner's signing out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndedSessions")]
pub(super) struct Ended {
    /// How many.
    pub(super) sessions_ended: u64,
}

async fn change_password(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(change): Json<NewPassword>,
) -> Result<axum::Json<Ended>, Error> {
    let sessions_ended = state
        .engine
        .change_password(&actor, &change.current_password, &change.new_password)
        .await?;
    Ok(axum::Json(Ended { sessions_ended }))
}

/// What only somebody who knows the password may do.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "OwnPassword")]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    /// One's own.
    #[schemars(with = "Secret")]
    pub(super) password: SecretString,
}

/// Deletes the account with all that it owns, and tells what that was.
async fn delete_me(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Extension(session): Extension<Session>,
    Json(Password { password }): Json<Password>,
) -> Result<axum::Json<Belongings>, Error> {
    let gone = state.engine.delete_account(&actor, &password).await?;
    // Its row went with the account; the browser is told to forget it, too.
    state.engine.end_session(None, &session).await?;
    Ok(axum::Json(gone))
}

impl Example for SetUp {
    fn example() -> Value {
        json!({ "token": "…", "email": "root@example.org", "password": "a phrase that only you know" })
    }
}

impl Example for Register {
    fn example() -> Value {
        json!({ "email": "ada@example.org", "password": "a phrase that only you know", "invitation": "…" })
    }
}

impl Example for Reset {
    fn example() -> Value {
        json!({ "token": "…", "password": "a phrase that only you know" })
    }
}

impl Example for NewPassword {
    fn example() -> Value {
        json!({ "current_password": "a phrase that only you know", "new_password": "another phrase that only you know" })
    }
}

impl Example for Ended {
    fn example() -> Value {
        json!({ "sessions_ended": 2 })
    }
}

impl Example for Password {
    fn example() -> Value {
        json!({ "password": "a phrase that only you know" })
    }
}
