//! Disabling an account, and enabling it again.

use super::{
    api::{SET_STATE, SetState},
    query::{ACTIVE, DISABLED},
};
use crate::ui::{Dialog, Hidden, InPlaceForm, Setting, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::user::UserView;

/// Whether the account can be used, and the other of the two.
#[component]
pub(super) fn State(user: UserView) -> AnyView {
    let id = user.id;
    match user.disabled_at {
        None => view! {
            <Setting id="state" title="Disable" about="Nothing is deleted, but nobody gets in, and nothing of theirs answers until it is enabled again.">
                <a class="button button-danger-quiet" href=format!("/users/{id}?disable=1") data-dialog="">"Disable account"</a>
            </Setting>
        }
        .into_any(),
        Some(_) => {
            let form = form(SET_STATE);
            view! {
                <Setting id="state" title="Enable" about="They can sign in again, and their MCP servers and API tokens work as before.">
                    <InPlaceForm form action=SetState::url() words="The account was not enabled" class="form form-button">
                        <Hidden name="user_id" value=id.to_string()/>
                        <Hidden name="state" value=ACTIVE/>
                        <Submit label="Enable account" secondary=true/>
                    </InPlaceForm>
                </Setting>
            }
            .into_any()
        }
    }
}

/// The question before an account is disabled: names what stops.
#[component]
pub(super) fn DisableDialog(user: UserView) -> AnyView {
    let form = form(SET_STATE);
    let close = format!("/users/{}", user.id);
    view! {
        <Dialog title=format!("Disable {}?", user.email) close=close.clone()>
            <p>"At once, and until the account is enabled again:"</p>
            <ul class="losses">
                <li>"nobody can sign in with it, and its sessions end"</li>
                <li>"its API tokens are refused"</li>
                <li>"clients of its MCP servers are refused, and open connections end"</li>
            </ul>
            <InPlaceForm form action=SetState::url() words="The account was not disabled">
                <Hidden name="user_id" value=user.id.to_string()/>
                <Hidden name="state" value=DISABLED/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it active"</a>
                    <Submit label="Disable account" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
