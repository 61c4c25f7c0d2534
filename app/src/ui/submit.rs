//! The button that sends a form.

use super::LiveForm;
use leptos::prelude::*;

/// The button that sends the form around it. It rests while an answer is awaited, and says what takes so long.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Submit(
    /// What it does.
    label: &'static str,
    /// What is going on when that takes a while.
    #[prop(optional)]
    slow: &'static str,
    /// Whether something is lost by it.
    #[prop(optional)]
    danger: bool,
) -> impl IntoView {
    let class = if danger {
        "button button-danger"
    } else {
        "button button-primary"
    };
    view! { <SubmitButton label=label.to_owned() slow=slow.to_owned() class=class.to_owned()/> }
}

/// [`Submit`], alive.
#[island]
fn SubmitButton(label: String, slow: String, class: String) -> impl IntoView {
    let form = use_context::<LiveForm>();
    let pending = Signal::derive(move || form.is_some_and(|form| form.pending.get()));
    view! {
        <div class="submit" class:is-pending=pending>
            <button class=class type="submit" disabled=pending>
                <span class="spinner" aria-hidden="true"></span>
                {label}
            </button>
            <span role="status">
                {move || pending.get().then(|| view! { <span class="submit-slow">{slow.clone()}</span> })}
            </span>
        </div>
    }
}
