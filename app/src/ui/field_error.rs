//! What is wrong with a field, beside it.

use super::LiveForm;
use crate::browser;
use leptos::prelude::*;

/// The place for what is wrong with a field, and the field's mark that something is.
#[island]
pub(crate) fn FieldError(
    /// The element id of the field's control.
    control: String,
    /// What the field's errors are listed under.
    key: String,
    /// What was wrong when the form was last sent without scripts; empty means nothing.
    before: String,
) -> impl IntoView {
    let form = use_context::<LiveForm>();
    let error = Signal::derive(move || match form {
        Some(form) => form.error.with(|error| error.as_ref()?.of_field(&key)),
        None => Some(before.clone()).filter(|before| !before.is_empty()),
    });
    let id = format!("{control}-error");
    Effect::new(move || {
        let invalid = error.with(|error| error.as_ref().map(|_| "true"));
        browser::mark(&control, "aria-invalid", invalid);
    });
    view! { <div class="field-error" id=id>{move || error.get().map(|error| view! { <p>{error}</p> })}</div> }
}
