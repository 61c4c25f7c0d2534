//! The server functions that keep the users in order. All are for superusers; the engine says so, too.

mod invitations;

pub(super) use invitations::{CreateInvitation, INVITE, REVOKE_INVITATION, RevokeInvitation};

use super::{
    query::{ACTIVE, DISABLED},
    words::{parse_role, roles},
};
use crate::{
    account::{belongings_words, confirm_email},
    context::{self, Next, Reply, Waiting},
    error::AppError,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::UserId,
    user::{Role, UpdateUser},
};
use patchbay_engine::{Actor, Engine, Error, error::NotFound};

/// The name of the form that gives another role.
pub(super) const SET_ROLE: &str = "set-role";
/// The name of the form that disables an account or enables it again.
pub(super) const SET_STATE: &str = "set-state";
/// The name of the form that makes a link for a lost password.
pub(super) const MAKE_RESET_LINK: &str = "make-reset-link";
/// The name of the form that removes a second factor.
pub(super) const RESET_SECOND_FACTOR: &str = "reset-second-factor";
/// The name of the form that deletes a user.
pub(super) const DELETE_USER: &str = "delete-user";

/// Gives a user another role.
#[server(prefix = "/fn", endpoint = "users/role")]
pub(crate) async fn set_role(user_id: String, role: String) -> Result<Done, AppError> {
    let page = format!("/users/{user_id}");
    let reply = Reply::new(SET_ROLE, format!("{page}#role")).keep("role", &role);
    let result = async {
        let (engine, actor) = superuser()?;
        let update = UpdateUser {
            roles: Some(read_role(&role)?),
            ..UpdateUser::default()
        };
        let user = engine.update_user(&actor, parse(&user_id)?, update).await?.user;
        Ok(Next::to(page).telling(format!("{} is now: {}.", user.email, roles(&user.roles))))
    };
    reply.finish(result.await).await
}

/// Disables an account (`disabled`) or enables it again (`active`).
#[server(prefix = "/fn", endpoint = "users/state")]
pub(crate) async fn set_state(user_id: String, state: String) -> Result<Done, AppError> {
    let page = format!("/users/{user_id}");
    let asking = if state == DISABLED { "?disable=1" } else { "" };
    let reply = Reply::new(SET_STATE, format!("{page}{asking}"));
    let result = async {
        let (engine, actor) = superuser()?;
        let disabled = read_state(&state)?;
        let update = UpdateUser {
            disabled: Some(disabled),
            ..UpdateUser::default()
        };
        let user = engine.update_user(&actor, parse(&user_id)?, update).await?.user;
        let is = if disabled { "disabled" } else { "enabled again" };
        Ok(Next::to(page).telling(format!("{} is {is}.", user.email)))
    };
    reply.finish(result.await).await
}

/// Makes a link for somebody who lost their password. It is shown on their page, once.
#[server(prefix = "/fn", endpoint = "users/reset-link")]
pub(crate) async fn make_reset_link(user_id: String) -> Result<Done, AppError> {
    let page = format!("/users/{user_id}");
    let reply = Reply::new(MAKE_RESET_LINK, &page);
    let result = async {
        let (engine, actor) = superuser()?;
        let id = parse(&user_id)?;
        let created = engine.create_reset_link(&actor, id).await?;
        context::keep(Waiting::ResetLink(id), &created.link).await?;
        Ok(Next::to(page))
    };
    reply.finish(result.await).await
}

/// Removes the second factor of somebody whose phone is gone.
#[server(prefix = "/fn", endpoint = "users/reset-second-factor")]
pub(crate) async fn reset_second_factor(user_id: String) -> Result<Done, AppError> {
    let page = format!("/users/{user_id}");
    let reply = Reply::new(RESET_SECOND_FACTOR, format!("{page}?second_factor=1"));
    let result = async {
        let (engine, actor) = superuser()?;
        engine.reset_second_factor(&actor, parse(&user_id)?).await?;
        Ok(Next::to(page).telling("Second factor removed."))
    };
    reply.finish(result.await).await
}

/// Deletes a user with all that they own. `confirm` repeats their address.
#[server(prefix = "/fn", endpoint = "users/delete")]
pub(crate) async fn delete_user(user_id: String, #[server(default)] confirm: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE_USER, format!("/users/{user_id}?delete=1")).keep("confirm", &confirm);
    let result = async {
        let (engine, actor) = superuser()?;
        let id = parse(&user_id)?;
        let email = engine.user(&actor, id).await?.user.email;
        confirm_email(&confirm, &email)?;
        let took = belongings_words(&engine.delete_user(&actor, id).await?);
        let next = Next::to("/users").telling(format!("User '{email}' deleted."));
        Ok(next.warning(took.into_iter().map(|words| format!("Went along: {words}")).collect()))
    };
    reply.finish(result.await).await
}

/// The engine and who asks: nothing that was typed is looked at for anybody else.
fn superuser() -> Result<(Engine, Actor), Error> {
    let (engine, actor) = context::signed_in()?;
    actor.require_superuser()?;
    Ok((engine, actor))
}

pub(super) fn parse(id: &str) -> Result<UserId, Error> {
    id.parse().map_err(|_| NotFound::User.into())
}

/// Whether the account is to be disabled.
fn read_state(word: &str) -> Result<bool, FieldErrors> {
    let expected = || format!("{ACTIVE} or {DISABLED}");
    match word {
        ACTIVE => Ok(false),
        DISABLED => Ok(true),
        _ => Err(FieldErrors::one(
            "state",
            FieldError::Malformed { expected: expected() },
        )),
    }
}

fn read_role(word: &str) -> Result<Vec<Role>, FieldErrors> {
    let expected = || "one of user, admin and superuser".to_owned();
    parse_role(word).ok_or_else(|| FieldErrors::one("role", FieldError::Malformed { expected: expected() }))
}
