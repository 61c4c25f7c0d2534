//! The catalogue's forms, alive.

use super::{
    api::{Activate, Register},
    words,
};
use crate::ui::{Alert, FormSeed, live_form};
use leptos::{form::ActionForm, prelude::*};

/// Registers a connector. The fields are the page's.
#[island]
pub(super) fn RegisterForm(seed: FormSeed, children: Children) -> impl IntoView {
    let (action, live) = live_form::<Register>(&seed);
    view! {
        <ActionForm action attr:class="form">
            <Alert form=seed.id error=live.error explain=words::not_registered/>
            {children()}
        </ActionForm>
    }
}

/// Activates a connector. The fields are the page's.
#[island]
pub(super) fn ActivateForm(
    seed: FormSeed,
    /// How the form is laid out.
    class: String,
    children: Children,
) -> impl IntoView {
    let (action, live) = live_form::<Activate>(&seed);
    view! {
        <ActionForm action attr:class=class>
            <Alert form=seed.id error=live.error explain=words::not_activated/>
            {children()}
        </ActionForm>
    }
}
