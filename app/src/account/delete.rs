//! The question before one's own account is deleted.

use super::{
    api::{DELETE_ACCOUNT, DeleteAccount},
    belongings::BelongingsList,
};
use crate::ui::{Control, Dialog, Field, PlainForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::account::Belongings;

/// Names what goes with the account; wants the password, and the address repeated. Sent the plain way, because nothing of the
/// page stays.
#[component]
pub(super) fn DeleteDialog(email: String, belongings: Belongings) -> AnyView {
    let form = form(DELETE_ACCOUNT);
    let close = "/account";
    view! {
        <Dialog title="Delete your account?".to_owned() close=close.to_owned()>
            <p>"This can't be undone, and clients of your MCP servers are refused at once. It takes along:"</p>
            <BelongingsList belongings/>
            <PlainForm form action=DeleteAccount::url()>
                <Field form name="confirm" label=format!("Type {email} to confirm") required=true autofocus=true/>
                <Field form name="password" label="Password" control=Control::Line("password") required=true
                    autocomplete="current-password"/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete account" danger=true/>
                </div>
            </PlainForm>
        </Dialog>
    }
    .into_any()
}
