//! The question before something is lost.

use super::{Dialog, FormBody, FormState};
use leptos::prelude::*;

/// A dialog that names what goes, with a way back. The form around the button is the caller's.
#[component]
pub(crate) fn Confirm(
    /// The question.
    #[prop(into)]
    title: String,
    /// The page without the question.
    #[prop(into)]
    close: String,
    /// The state of the form that does it.
    form: FormState,
    children: Children,
) -> impl IntoView {
    view! { <Dialog title close><FormBody form>{children()}</FormBody></Dialog> }
}
