//! What stands around the API's documentation: its parts, and the way back.

use super::read::Api;
use crate::context;
use leptos::prelude::*;
use leptos_meta::Title;

/// A page of the API's documentation.
#[component]
pub(super) fn Docs(
    /// All of it.
    api: std::sync::Arc<Api>,
    /// The section that is shown; nothing for the first page.
    #[prop(optional_no_strip)]
    here: Option<String>,
    /// The page's title.
    #[prop(into)]
    title: String,
    children: Children,
) -> AnyView {
    let (back, way_back) = match context::actor() {
        Some(_) => ("/", "Overview"),
        None => ("/sign-in", "Sign in"),
    };
    let current = move |slug: Option<&str>| (slug == here.as_deref()).then_some("page");
    let parts = api.sections.iter().map(|section| {
        let name = section.name.clone();
        let current = current(Some(&section.slug));
        view! { <li><a href=format!("/api/docs/{}", section.slug) aria-current=current>{name}</a></li> }
    });
    view! {
        <Title text=title/>
        <a class="skip-link" href="#main">"Skip to content"</a>
        <div class="docs">
            <header class="docs-side">
                <div class="docs-head">
                    <a class="brand" href="/">
                        <img src="/favicon.svg" alt="" width="28" height="28"/>
                        <span>"Patchbay"</span>
                    </a>
                    <a href=back>{way_back}</a>
                </div>
                <nav aria-label="Parts of the API">
                    <ul class="docs-parts">
                        <li><a href="/api/docs" aria-current=current(None)>"Introduction"</a></li>
                        {parts.collect_view()}
                    </ul>
                </nav>
            </header>
            <main id="main" class="page docs-page" tabindex="-1">{children()}</main>
        </div>
    }
    .into_any()
}

/// A method, in a column of its own width.
#[component]
pub(super) fn Method(method: String) -> AnyView {
    let class = format!("method method-{}", method.to_lowercase());
    view! { <span class=class>{method}</span> }.into_any()
}
