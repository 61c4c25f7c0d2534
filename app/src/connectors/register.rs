//! The form that registers a connector.

use super::{
    api::{REGISTER, Register},
    words,
};
use crate::ui::{Control, Field, FormBody, Submit, use_form};
use leptos::{form::ActionForm, prelude::*};

/// The first of the two steps to a usable connector.
#[component]
pub(super) fn RegisterForm() -> AnyView {
    let (action, form) = use_form::<Register>(REGISTER, words::not_registered);
    view! {
        <section class="panel aside" id="register" aria-labelledby="register-title">
            <h2 id="register-title">"Register a connector"</h2>
            <p class="panel-about">"Its service doesn't have to run yet: you give its URL when you activate it."</p>
            <ActionForm action attr:class="form" attr:id=form.own_element()>
                <FormBody form>
                    <Field name="name" label="Connector Name" required=true/>
                    <Field name="description" label="Description" control=Control::Lines required=true/>
                    <Field name="secret" label="Secret (Optional)" control=Control::Line("password") autocomplete="new-password"
                        help="Sent to the connector as a Bearer token with every call. Stored encrypted, never shown again."/>
                    <Submit label="Register Connector"/>
                </FormBody>
            </ActionForm>
        </section>
    }
    .into_any()
}
