//! What keeps an account one's own: its password, its sessions, and its end.

use crate::{
    context::{self, Next, Reply},
    error::AppError,
    outcome::Done,
    ui::things,
};
use leptos::prelude::*;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::SessionId,
};
use patchbay_engine::error::NotFound;

/// The name of the form that changes the password.
pub(in crate::account) const CHANGE_PASSWORD: &str = "change-password";
/// The name of the form that ends all sessions but this one.
pub(in crate::account) const END_OTHERS: &str = "end-others";
/// The name of the form that deletes the account.
pub(in crate::account) const DELETE_ACCOUNT: &str = "delete-account";

/// The name of the form that ends one session.
pub(in crate::account) fn end_session_form(session: &str) -> String {
    format!("end-session-{session}")
}

/// Another password; it ends the person's other sessions.
#[server(prefix = "/fn", endpoint = "account/change-password")]
pub(crate) async fn change_password(current_password: String, new_password: String) -> Result<Done, AppError> {
    let reply = Reply::new(CHANGE_PASSWORD, "/account#password");
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let (current, new) = (current_password.into(), new_password.into());
        let ended = engine.change_password(&actor, &current, &new).await?;
        Ok(Next::to("/account").telling(match ended {
            0 => "Password changed. There was no other session to end.".to_owned(),
            1 => "Password changed. Your other session was ended.".to_owned(),
            ended => format!("Password changed. Your {} were ended.", things(ended, "other session")),
        }))
    };
    reply.finish(result.await).await
}

/// Signs out another browser or program.
#[server(prefix = "/fn", endpoint = "account/end-session")]
pub(crate) async fn end_session(session_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(end_session_form(&session_id), "/account#sessions");
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let id: SessionId = session_id.parse().map_err(|_| NotFound::Session)?;
        engine.revoke_session(&actor, id).await?;
        Ok(Next::to("/account#sessions").telling("Session ended."))
    };
    reply.finish(result.await).await
}

/// Signs out every other browser and program.
#[server(prefix = "/fn", endpoint = "account/end-other-sessions")]
pub(crate) async fn end_other_sessions() -> Result<Done, AppError> {
    let reply = Reply::new(END_OTHERS, "/account#sessions");
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let ended = engine.revoke_other_sessions(&actor).await?;
        Ok(Next::to("/account#sessions").telling(format!("{} ended.", things(ended, "other session"))))
    };
    reply.finish(result.await).await
}

/// Deletes the account with all that it owns. `confirm` repeats its address.
#[server(prefix = "/fn", endpoint = "account/delete")]
pub(crate) async fn delete_account(password: String, #[server(default)] confirm: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_ACCOUNT, "/account?delete=1").keep("confirm", &confirm);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        confirm_email(&confirm, &engine.me(&actor).await?.email)?;
        engine.delete_account(&actor, &password.into()).await?;
        context::leave_telling("Your account is deleted, with everything in it.").await?;
        Ok(Next::to("/sign-in"))
    };
    reply.finish(result.await).await
}

/// Refuses what doesn't repeat the address.
pub(crate) fn confirm_email(typed: &str, email: &str) -> Result<(), FieldErrors> {
    if typed.trim().eq_ignore_ascii_case(email) {
        return Ok(());
    }
    let error = match typed.trim() {
        "" => FieldError::Required,
        _ => FieldError::Refused {
            reason: format!("This is not the address: {email}"),
        },
    };
    Err(FieldErrors::one("confirm", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_repeated_in_any_case_and_not_left_out() {
        assert!(confirm_email(" Ada@Example.org ", "ada@example.org").is_ok());
        assert!(confirm_email("", "ada@example.org").is_err());
        let refused = confirm_email("eve@example.org", "ada@example.org").unwrap_err();
        assert!(
            refused
                .get("confirm")
                .unwrap()
                .to_string()
                .ends_with(": ada@example.org")
        );
    }
}
