//! One thing that can be set on a page of several: what it is about beside what can be done.

use leptos::prelude::*;

/// A thing to set. Its heading names the region.
#[component]
pub(crate) fn Setting(
    /// The heading's element id, unique on the page.
    id: &'static str,
    /// What it is called.
    #[prop(into)]
    title: String,
    /// What it is for.
    #[prop(into)]
    about: String,
    children: Children,
) -> AnyView {
    view! {
        <section class="setting" aria-labelledby=id>
            <div class="setting-words">
                <h2 id=id>{title}</h2>
                <p>{about}</p>
            </div>
            <div class="setting-body">{children()}</div>
        </section>
    }
    .into_any()
}
