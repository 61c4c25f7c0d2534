//! Changing the password.

use super::api::{CHANGE_PASSWORD, ChangePassword};
use crate::ui::{Control, Field, InPlaceForm, Setting, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};

/// The form that changes the password.
#[component]
pub(super) fn Password(
    /// Whose it is, for password managers.
    email: String,
) -> AnyView {
    let form = form(CHANGE_PASSWORD);
    view! {
        <Setting id="password" title="Password" about="Another one ends your other sessions. This one stays, and so do API tokens: revoke those that you don't trust.">
            <InPlaceForm form action=ChangePassword::url() words="The password was not changed">
                <input type="email" autocomplete="username" value=email hidden=true readonly=true/>
                <Field form name="current_password" label="Current password" control=Control::Line("password") required=true
                    autocomplete="current-password"/>
                <Field form name="new_password" label="New password" control=Control::Line("password") required=true
                    autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                <Submit label="Change password" secondary=true/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}
