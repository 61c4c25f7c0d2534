//! What superusers can do about somebody else's account.

use super::{
    api::{MAKE_RESET_LINK, MakeResetLink, RESET_SECOND_FACTOR, ResetSecondFactor, SET_ROLE, SetRole},
    disable::State,
    words::{ROLES, role_word},
};
use crate::ui::{Control, Dialog, Field, Hidden, InPlaceForm, Setting, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::user::UserView;

/// Role, password, second factor, and whether the account can be used at all.
#[component]
pub(super) fn Manage(user: UserView) -> AnyView {
    let id = user.id;
    view! {
        <div class="settings">
            <RoleSetting user=user.clone()/>
            <LostPassword user=user.clone()/>
            <SecondFactor user=user.clone()/>
            <State user/>
            <Setting id="delete" title="Delete" about="The account goes, with everything that was made there.">
                <a class="button button-danger-quiet" href=format!("/users/{id}?delete=1") data-dialog="">"Delete user"</a>
            </Setting>
        </div>
    }
    .into_any()
}

#[component]
fn RoleSetting(user: UserView) -> AnyView {
    let form = form(SET_ROLE);
    let choices = ROLES.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
    view! {
        <Setting id="role" title="Role"
            about="Users keep what is theirs. Admins keep order among everybody's MCP servers. Superusers keep the catalogue and the users, too.">
            <InPlaceForm form action=SetRole::url() words="The role was not changed">
                <Hidden name="user_id" value=user.id.to_string()/>
                <Field form name="role" label="Role" control=Control::Select(choices) value=role_word(&user.roles) required=true/>
                <Submit label="Save role" secondary=true/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

#[component]
fn LostPassword(user: UserView) -> AnyView {
    let form = form(MAKE_RESET_LINK);
    view! {
        <Setting id="lost-password" title="Lost password"
            about="A link with which they set a new one, once. It is good for a day, and replaces the one before.">
            <InPlaceForm form action=MakeResetLink::url() words="There is no new link" class="form form-button">
                <Hidden name="user_id" value=user.id.to_string()/>
                <Submit label="Make a reset link" secondary=true/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

#[component]
fn SecondFactor(user: UserView) -> AnyView {
    let (class, state) = if user.second_factor {
        ("badge badge-good", "On")
    } else {
        ("badge", "Off")
    };
    let href = format!("/users/{}?second_factor=1", user.id);
    view! {
        <Setting id="second-factor" title="Second factor" about="For somebody whose phone and recovery codes are gone.">
            <div class="setting-state">
                <span class=class>{state}</span>
                {user.second_factor.then(|| view! {
                    <a class="button button-danger-quiet" href=href data-dialog="">"Remove second factor"</a>
                })}
            </div>
        </Setting>
    }
    .into_any()
}

/// The question before somebody's second factor is removed.
#[component]
pub(super) fn SecondFactorDialog(user: UserView) -> AnyView {
    let form = form(RESET_SECOND_FACTOR);
    let close = format!("/users/{}", user.id);
    view! {
        <Dialog title="Remove second factor?".to_owned() close=close.clone()>
            <p>
                "The password is all that signing in as " <strong>{user.email}</strong>
                " takes then, until they set one up again. Their recovery codes go, too. Make sure that it is them who ask."
            </p>
            <InPlaceForm form action=ResetSecondFactor::url() words="The second factor was not removed">
                <Hidden name="user_id" value=user.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Remove second factor" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
