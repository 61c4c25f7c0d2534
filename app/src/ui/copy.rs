//! Text to take elsewhere: an endpoint, a token, a snippet. Marked with the mouse where there are no scripts.

use super::{Icon, IconView};
use crate::browser;
use leptos::prelude::*;
use std::time::Duration;

/// One line of text with a button that copies it.
#[cfg(feature = "ssr")]
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
            <CopyButton id what=what.to_owned()/>
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
            <CopyButton id what=what.to_owned()/>
        </div>
    }
    .into_any()
}

/// Copies an element's text, and says that it did.
#[island]
fn CopyButton(
    /// The element's id.
    id: String,
    /// What its text is.
    what: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        copied.set(browser::copy(&id));
        set_timeout(move || copied.set(false), Duration::from_secs(2));
    };
    let icon = move || if copied.get() { Icon::Check } else { Icon::Copy };
    view! {
        <button type="button" class="button button-quiet copy-button needs-scripts" aria-label=format!("Copy {what}") on:click=copy>
            {move || view! { <IconView icon=icon()/> }}
            <span aria-hidden="true">{move || if copied.get() { "Copied" } else { "Copy" }}</span>
        </button>
        <span class="visually-hidden" role="status">{move || copied.get().then_some("Copied.")}</span>
    }
}
