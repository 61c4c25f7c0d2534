//! The server functions of an account: here those that bring people in and out.

mod keep;
mod second_factor;
mod tokens;

pub(crate) use keep::confirm_email;
pub(super) use keep::{
    CHANGE_PASSWORD, ChangePassword, DELETE_ACCOUNT, DeleteAccount, END_OTHERS, EndOtherSessions, EndSession,
    end_session_form,
};
pub(super) use second_factor::{
    CONFIRM, ConfirmSecondFactor, OFFER, OfferSecondFactor, REMOVE, RENEW_CODES, RemoveSecondFactor, RenewRecoveryCodes,
};
pub(super) use tokens::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};

use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;
use patchbay_engine::{Error, users::Proven};
use serde::{Deserialize, Serialize};

/// The sign-in form's name.
pub(super) const SIGN_IN: &str = "sign-in";
/// The name of the form for the second step.
pub(super) const SIGN_IN_CODE: &str = "sign-in-code";
/// The sign-up form's name.
pub(super) const SIGN_UP: &str = "sign-up";
/// The name of the form that sets a lost password anew.
pub(super) const RESET_PASSWORD: &str = "reset-password";

/// Somebody whose password was right, and whose code is awaited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PendingSignIn {
    proven: Proven,
    /// The address as it was typed.
    pub(super) email: String,
    /// Where to go on afterwards.
    next: String,
}

/// Begins a session, and goes on with `next` if that is a page of this site. Where a second factor is asked for, that is the
/// next page.
#[server(prefix = "/fn", endpoint = "account/sign-in")]
pub(crate) async fn sign_in(
    email: String,
    password: String,
    #[server(default)] next: String,
) -> Result<Done, AppError> {
    use crate::{
        context::{self, Waiting},
        paths,
    };
    let back = paths::with_query("/sign-in", &[("next", &next)]);
    let reply = context::Reply::for_anybody(SIGN_IN, back).keep("email", &email);
    let result = async {
        let engine = context::engine();
        let proven = engine.authenticate_user(&email, &password.into()).await?;
        let next = paths::local(&next).unwrap_or("/");
        if proven.user.second_factor {
            let next = next.to_owned();
            // A cookie that somebody planted before is worth nothing from here on, and whoever was signed in with it is so no
            // more.
            engine
                .end_session(context::actor().as_ref(), &context::session()?)
                .await?;
            context::keep_for_nobody(Waiting::SignIn, &PendingSignIn { proven, email, next }).await?;
            return Ok(context::Next::to("/sign-in/code"));
        }
        begin_session(&proven).await?;
        Ok(context::Next::to(next))
    };
    reply.finish(result.await).await
}

/// The second step: begins the session that waits for a code. `email` says whose it is, so that attempts are counted for the
/// account; it must be the one that waits.
#[server(prefix = "/fn", endpoint = "account/sign-in-code")]
pub(crate) async fn sign_in_code(email: String, code: String) -> Result<Done, AppError> {
    use crate::context::{self, Next, Waiting};
    let reply = context::Reply::for_anybody(SIGN_IN_CODE, "/sign-in/code");
    let result = async {
        let pending = context::look_at::<PendingSignIn>(Waiting::SignIn).await?;
        let Some(pending) = pending.filter(|pending| pending.email == email) else {
            return Ok(Next::to("/sign-in").telling("That took too long: sign in again."));
        };
        context::engine()
            .check_second_factor(pending.proven.user.id, &code.into())
            .await?;
        context::take::<PendingSignIn>(Waiting::SignIn).await?;
        begin_session(&pending.proven).await?;
        Ok(Next::to(pending.next))
    };
    reply.finish(result.await).await
}

/// Makes an account and begins a session. `token` is an invitation's, where there is one.
#[server(prefix = "/fn", endpoint = "account/sign-up")]
pub(crate) async fn sign_up(
    email: String,
    password: String,
    #[server(default)] token: String,
) -> Result<Done, AppError> {
    use crate::context;
    // The token as well: it is gone from the address, and makes one account only.
    let reply = context::Reply::for_anybody(SIGN_UP, "/sign-up")
        .keep("token", &token)
        .keep("email", &email);
    let result = async {
        let invitation = Some(token.trim()).filter(|token| !token.is_empty()).map(Into::into);
        let proven = context::engine()
            .sign_up(&context::who(), &email, &password.into(), invitation.as_ref())
            .await?;
        begin_session(&proven).await?;
        Ok(context::Next::to("/"))
    };
    reply.finish(result.await).await
}

/// Sets a lost password anew with the token of a link; signing in comes next, with the second factor if there is one.
#[server(prefix = "/fn", endpoint = "account/reset-password")]
pub(crate) async fn reset_password(token: String, password: String) -> Result<Done, AppError> {
    use crate::context::{self, Next};
    let reply = context::Reply::for_anybody(RESET_PASSWORD, "/reset-password").keep("token", &token);
    let result = async {
        let engine = context::engine();
        engine
            .reset_password(&context::who(), &token.trim().into(), &password.into())
            .await?;
        let (next, text) = (
            Next::to("/sign-in"),
            "The password is changed. Sign in with the new one.",
        );
        let is_over = context::actor().is_some() && engine.actor_of_session(&context::session()?).await?.is_none();
        if is_over {
            // It was theirs, and ended with the others: it carries nothing any more.
            context::leave_telling(text).await?;
            return Ok(next);
        }
        Ok(next.telling(text))
    };
    reply.finish(result.await).await
}

/// Ends the session, and goes on with `next` if that is a page of this site.
#[server(prefix = "/fn", endpoint = "account/sign-out")]
pub(crate) async fn sign_out(#[server(default)] next: String) -> Result<Done, AppError> {
    use crate::{context, paths};
    let result = async {
        let actor = context::actor();
        context::engine()
            .end_session(actor.as_ref(), &context::session()?)
            .await?;
        Ok(context::Next::to(paths::local(&next).unwrap_or("/sign-in")))
    };
    context::Reply::new("sign-out", "/").finish(result.await).await
}

/// Signs this browser in.
async fn begin_session(proven: &Proven) -> Result<(), Error> {
    use crate::context;
    let session = context::session()?;
    context::engine()
        .begin_session(&context::who(), &session, proven, &context::device())
        .await?;
    Ok(())
}
