//! The button that sends a form.

use super::LiveForm;
use leptos::prelude::*;

/// The button that sends the form around it. It rests while an answer is awaited, and says what takes so long.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Submit(
    /// What it does.
    label: &'static str,
    /// The same with what it does it to, for whoever doesn't see the row that it stands in.
    #[prop(optional)]
    named: String,
    /// What is going on when that takes a while.
    #[prop(optional)]
    slow: &'static str,
    /// Whether something is lost by it.
    #[prop(optional)]
    danger: bool,
    /// Whether it isn't what the page is for.
    #[prop(optional)]
    secondary: bool,
    /// What it says besides the fields, where a form has several: a name and a value.
    #[prop(optional)]
    sends: (&'static str, &'static str),
) -> impl IntoView {
    let class = match (danger, secondary) {
        (true, _) => "button button-danger",
        (_, true) => "button",
        (false, false) => "button button-primary",
    };
    let (name, value) = sends;
    view! {
        <SubmitButton label=label.to_owned() slow=slow.to_owned() class=class.to_owned() named name=name.to_owned() value=value.to_owned()/>
    }
}

/// [`Submit`], alive. Of several buttons only the one that was pressed shows that it works.
#[island]
fn SubmitButton(
    label: String,
    slow: String,
    class: String,
    named: String,
    name: String,
    value: String,
) -> impl IntoView {
    let form = use_context::<LiveForm>();
    let pending = Signal::derive(move || form.is_some_and(|form| form.pending.get()));
    let mine = value.clone();
    let working =
        Memo::new(move |_| pending.get() && form.is_some_and(|form| form.pressed.with(|pressed| *pressed == mine)));
    let sent = value.clone();
    let press = move |_| {
        if let Some(form) = form {
            form.pressed.set(sent.clone());
        }
    };
    let named = Some(named).filter(|named| !named.is_empty());
    let name = Some(name).filter(|name| !name.is_empty());
    let value = name.is_some().then_some(value);
    view! {
        <div class="submit" class:is-pending=working>
            <button class=class type="submit" name=name value=value aria-label=named disabled=pending on:click=press>
                <span class="spinner" aria-hidden="true"></span>
                {label}
            </button>
            <span role="status">
                {move || working.get().then(|| view! { <span class="submit-slow">{slow.clone()}</span> })}
            </span>
        </div>
    }
}
