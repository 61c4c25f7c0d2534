//! Text to take elsewhere: an endpoint, a token, a snippet. Marked with the mouse where there are no scripts.

use super::{Icon, IconView};
use crate::browser;
use leptos::prelude::*;

/// One line of text with a button that copies it.
#[component]
pub(crate) fn CopyLine(
    /// The element's id, unique on the page.
    #[prop(into)]
    id: String,
    /// What the text is, for the button's name: "endpoint".
    what: &'static str,
    /// The text.
    #[prop(into)]
    text: String,
) -> AnyView {
    view! {
        <div class="copy copy-line">
            <code id=id.clone() class="copy-text" tabindex="0">{text}</code>
            <CopyButton id what/>
        </div>
    }
    .into_any()
}

/// Several lines of text with a button that copies them.
#[component]
pub(crate) fn CopyBlock(
    /// The element's id, unique on the page.
    #[prop(into)]
    id: String,
    /// What the text is, for the button's name.
    what: &'static str,
    /// The text.
    #[prop(into)]
    text: String,
) -> AnyView {
    view! {
        <div class="copy copy-block">
            <pre class="copy-text" tabindex="0"><code id=id.clone()>{text}</code></pre>
            <CopyButton id what/>
        </div>
    }
    .into_any()
}

#[component]
fn CopyButton(id: String, what: &'static str) -> AnyView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        copied.set(browser::copy(&id));
        set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
    };
    view! {
        <button type="button" class="button button-quiet copy-button needs-scripts" aria-label=format!("Copy {what}") on:click=copy>
            {move || if copied.get() { view! { <IconView icon=Icon::Check/> } } else { view! { <IconView icon=Icon::Copy/> } }}
            <span aria-hidden="true">{move || if copied.get() { "Copied" } else { "Copy" }}</span>
        </button>
        <span class="visually-hidden" role="status">{move || if copied.get() { "Copied." } else { "" }}</span>
    }
    .into_any()
}
