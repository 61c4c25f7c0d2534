//! Making the first superuser.

use crate::{error::AppError, outcome::Done};
use leptos::prelude::*;

/// The set-up form's name.
pub(super) const SET_UP: &str = "set-up";

/// Makes the first superuser with the token of the set-up link, and begins a session.
#[server(prefix = "/fn", endpoint = "set-up")]
pub(crate) async fn set_up(token: String, email: String, password: String) -> Result<Done, AppError> {
    use crate::context;
    // The token as well: it is gone from the address, and worth nothing in an hour or once it is used.
    let reply = context::Reply::for_anybody(SET_UP, "/set-up")
        .keep("token", &token)
        .keep("email", &email);
    let result = async {
        let engine = context::engine();
        let proven = engine
            .set_up(&context::who(), &token.trim().into(), &email, &password.into())
            .await?;
        engine
            .begin_session(&context::who(), &context::session()?, &proven, &context::device())
            .await?;
        Ok(context::Next::to("/"))
    };
    reply.finish(result.await).await
}
