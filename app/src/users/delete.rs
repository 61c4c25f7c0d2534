//! The question before a user is deleted.

use super::api::{DELETE_USER, DeleteUser};
use crate::{
    account::BelongingsList,
    ui::{Dialog, Field, Hidden, InPlaceForm, Submit, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{account::Belongings, user::UserView};

/// Names what goes with the account, and wants its address repeated.
#[component]
pub(super) fn DeleteDialog(user: UserView, belongings: Belongings) -> AnyView {
    let form = form(DELETE_USER);
    let close = format!("/users/{}", user.id);
    view! {
        <Dialog title=format!("Delete {}?", user.email) close=close.clone()>
            <p>"This can't be undone, and clients of their MCP servers are refused at once. It takes along:"</p>
            <BelongingsList belongings/>
            <p>"The audit log keeps what they did, but not who they were."</p>
            <InPlaceForm form action=DeleteUser::url() words="The user was not deleted">
                <Hidden name="user_id" value=user.id.to_string()/>
                <Field form name="confirm" label=format!("Type {} to confirm", user.email) required=true autofocus=true/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete user" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
