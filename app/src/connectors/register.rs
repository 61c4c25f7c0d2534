//! The panel that registers a connector.

use super::{
    api::{REGISTER, Register},
    words,
};
use crate::ui::{Control, Field, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};

/// The first of the two steps to a usable connector.
#[component]
pub(super) fn RegisterPanel() -> impl IntoView {
    let form = form(REGISTER);
    view! {
        <section class="panel aside" id="register" aria-labelledby="register-title">
            <h2 id="register-title">"Register New Connector"</h2>
            <p class="panel-about">"Its service doesn't have to run yet: you give its URL when you activate it."</p>
            <InPlaceForm form action=Register::url() words=words::not_registered()>
                <Field form name="name" label="Connector Name" placeholder="Connector Name" required=true/>
                <Field form name="description" label="Description" placeholder="Description" control=Control::Lines
                    required=true/>
                <Field form name="secret" label="Secret (Optional)" placeholder="Secret (Optional)"
                    control=Control::Line("password") autocomplete="new-password"
                    help="Sent to the connector as a Bearer token with every call. Stored encrypted, never shown again."/>
                <Submit label="Register Connector"/>
            </InPlaceForm>
        </section>
    }
    .into_any()
}
