//! The second factor of one's own account: offered, confirmed with a first code, taken away again.

use super::{
    super::{
        Endpoint, Error,
        extract::{Caller, Json},
        openapi::{Example, Secret},
    },
    account::Password,
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, post},
};
use patchbay_domain::account::{RecoveryCodes, SecondFactorOffer};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/auth/second-factor", post(offer)).doc("offer_second_factor", |doc| {
            doc.summary("Begin with a second factor")
                .about(
                    "A new shared secret for an authenticator. It counts for nothing until a code from it has been \
                        shown.",
                )
                .session_only()
                .body::<Password>()
                .answer::<SecondFactorOffer>(
                    200,
                    "The secret, also as a URI and as a QR code; this is its only sight",
                )
                .fails(
                    409,
                    "SECOND_FACTOR_ON",
                    "There is a second factor already: remove it first.",
                )
        }),
        Endpoint::new(Method::POST, "/api/auth/second-factor/confirm", post(confirm))
            .once()
            .doc("confirm_second_factor", |doc| {
                doc.summary("Turn the second factor on")
                    .session_only()
                    .body::<Code>()
                    .answer::<RecoveryCodes>(200, "Codes that stand in for it, once each; this is their only sight")
                    .fails(409, "NO_SECOND_FACTOR", "There is nothing to confirm.")
                    .fails(409, "SECOND_FACTOR_ON", "It is on already.")
            }),
        Endpoint::new(
            Method::POST,
            "/api/auth/second-factor/recovery-codes",
            post(renew_recovery_codes),
        )
        .once()
        .doc("renew_recovery_codes", |doc| {
            doc.summary("Make new recovery codes")
                .about("The older ones are worth nothing from then on.")
                .session_only()
                .body::<Password>()
                .answer::<RecoveryCodes>(200, "The new ones; this is their only sight")
                .fails(409, "NO_SECOND_FACTOR", "There is no second factor.")
        }),
        Endpoint::new(Method::DELETE, "/api/auth/second-factor", delete(remove)).doc("remove_second_factor", |doc| {
            doc.summary("Remove the second factor")
                .session_only()
                .body::<Password>()
                .no_content("Signing in takes the password alone from now on.")
                .fails(409, "NO_SECOND_FACTOR", "There is no second factor.")
        }),
    ]
}

/// A new shared secret, which counts for nothing until a code from it has been shown.
async fn offer(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Password { password }): Json<Password>,
) -> Result<axum::Json<SecondFactorOffer>, Error> {
    Ok(axum::Json(state.engine.offer_second_factor(&actor, &password).await?))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "SecondFactorCode")]
#[serde(deny_unknown_fields)]
struct Code {
    /// Six digits that the authenticator shows.
    #[schemars(with = "Secret")]
    code: SecretString,
}

/// Turns it on. The answer is the one sight of the recovery codes.
async fn confirm(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Code { code }): Json<Code>,
) -> Result<axum::Json<RecoveryCodes>, Error> {
    Ok(axum::Json(state.engine.confirm_second_factor(&actor, &code).await?))
}

/// New recovery codes; the older ones are worth nothing from now on.
async fn renew_recovery_codes(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Password { password }): Json<Password>,
) -> Result<axum::Json<RecoveryCodes>, Error> {
    Ok(axum::Json(state.engine.renew_recovery_codes(&actor, &password).await?))
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(Password { password }): Json<Password>,
) -> Result<StatusCode, Error> {
    state.engine.remove_second_factor(&actor, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Example for Code {
    fn example() -> Value {
        json!({ "code": "123456" })
    }
}
