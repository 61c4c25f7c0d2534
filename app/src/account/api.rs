//! Signing up, in and out.

use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;

/// The sign-in form's name.
pub(super) const SIGN_IN: &str = "sign-in";
/// The sign-up form's name.
pub(super) const SIGN_UP: &str = "sign-up";

/// Begins a session, and goes on with `next` if that is a page of this site.
#[server(prefix = "/fn", endpoint = "account/sign-in")]
pub(crate) async fn sign_in(
    email: String,
    password: String,
    #[server(default)] next: String,
) -> Result<Done, AppError> {
    use crate::{context, paths};
    let back = paths::with_query("/sign-in", &[("next", &next)]);
    let reply = context::Reply::for_anybody(SIGN_IN, back).keep("email", &email);
    let result = async {
        let engine = context::engine();
        let user = engine.sign_in(&email, &password.into()).await?;
        engine
            .begin_session(&context::who(), &context::session()?, &user, &context::device())
            .await?;
        Ok(context::Next::to(paths::local(&next).unwrap_or("/")))
    };
    reply.finish(result.await).await
}

/// Makes an account and begins a session.
#[server(prefix = "/fn", endpoint = "account/sign-up")]
pub(crate) async fn sign_up(email: String, password: String) -> Result<Done, AppError> {
    use crate::context;
    let reply = context::Reply::for_anybody(SIGN_UP, "/sign-up").keep("email", &email);
    let result = async {
        let engine = context::engine();
        let user = engine.sign_up(&context::who(), &email, &password.into()).await?;
        engine
            .begin_session(&context::who(), &context::session()?, &user, &context::device())
            .await?;
        Ok(context::Next::to("/"))
    };
    reply.finish(result.await).await
}

/// Ends the session.
#[server(prefix = "/fn", endpoint = "account/sign-out")]
pub(crate) async fn sign_out() -> Result<Done, AppError> {
    use crate::context;
    let result = async {
        let actor = context::actor();
        context::engine()
            .end_session(actor.as_ref(), &context::session()?)
            .await?;
        Ok(context::Next::to("/sign-in"))
    };
    context::Reply::new("sign-out", "/").finish(result.await).await
}
