//! A secret at its only sight.

use super::{CopyLine, Icon, IconView};
use leptos::prelude::*;

/// A secret that was just made, with a button that copies it.
#[component]
pub(crate) fn ShownOnce(
    /// The element's id, unique on the page.
    id: &'static str,
    /// What to do with it.
    title: &'static str,
    /// What it is for, and until when.
    #[prop(into)]
    about: String,
    /// What the text is, for the button's name.
    what: &'static str,
    /// The secret.
    #[prop(into)]
    text: String,
) -> AnyView {
    let (title_id, labelled_by) = (format!("{id}-title"), format!("{id}-title"));
    view! {
        <section class="panel panel-accent shown-once" aria-labelledby=labelled_by>
            <h2 id=title_id><IconView icon=Icon::Key/> {title}</h2>
            <p class="panel-about">{about}</p>
            <CopyLine id what text/>
        </section>
    }
    .into_any()
}
