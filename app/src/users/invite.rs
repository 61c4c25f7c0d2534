//! The form that makes an invitation.

use super::{
    api::{CreateInvitation, INVITE},
    words::ROLES,
};
use crate::ui::{Control, Field, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};

/// For one address or for whoever gets the link, with the role of the new account.
#[component]
pub(super) fn Invite() -> AnyView {
    let form = form(INVITE);
    let choices = ROLES.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
    view! {
        <section class="panel" aria-labelledby="invite">
            <h2 id="invite">"New invitation"</h2>
            <p class="panel-about">"With an email, the account can be made for that address only; without one, for any."</p>
            <InPlaceForm form action=CreateInvitation::url() words="The invitation was not made" class="form form-inline form-choice">
                <Field form name="email" label="Email" control=Control::Line("email") mark_optional=true placeholder="grace@example.org"/>
                <Field form name="role" label="Role" control=Control::Select(choices) value="user" required=true/>
                <Submit label="Create invitation"/>
            </InPlaceForm>
        </section>
    }
    .into_any()
}
