//! The head of a page: its title, what it is about, and its one primary action.

use leptos::prelude::*;
use leptos_meta::Title;

/// The page above a page.
pub(crate) struct Parent {
    name: String,
    path: String,
}

impl<N: Into<String>, P: Into<String>> From<(N, P)> for Parent {
    fn from((name, path): (N, P)) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
        }
    }
}

/// The head of a page, and the title of its browser tab.
#[component]
pub(crate) fn PageHeader(
    /// The title.
    #[prop(into)]
    title: String,
    /// Where this page hangs: the list, say.
    #[prop(optional, into)]
    parent: Option<Parent>,
    /// A sentence on what is here.
    #[prop(optional, into)]
    about: Option<String>,
    /// Badges beside the title and actions at the end.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <Title text=title.clone()/>
        <header class="page-head">
            <div class="page-head-words">
                {parent.map(|Parent { name, path }| view! {
                    <nav class="crumbs" aria-label="Breadcrumb"><a href=path>{name}</a></nav>
                })}
                <h1>{title}</h1>
                {about.map(|about| view! { <p class="page-about">{about}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-head-actions">{children()}</div> })}
        </header>
    }
    .into_any()
}
