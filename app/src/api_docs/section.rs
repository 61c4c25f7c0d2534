//! All endpoints of one kind of thing.

use super::{frame::Docs, operation::OperationPart, read::ApiDocs};
use crate::{context, not_found::NotFoundPage};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The page of a section.
#[component]
pub(crate) fn ApiSectionPage() -> AnyView {
    let ApiDocs(api) = expect_context();
    let slug = use_params_map().with_untracked(|parameters| parameters.get("section").unwrap_or_default());
    let Some(section) = api.section(&slug) else {
        return view! { <NotFoundPage/> }.into_any();
    };
    let base = context::engine().config().public_url.to_string();
    let (name, about) = (section.name.clone(), section.about.clone());
    let operations = section
        .operations
        .iter()
        .map(|operation| view! { <OperationPart operation base=base.clone()/> })
        .collect_view();
    view! {
        <Docs api=api.clone() here=Some(slug) title=format!("{name} · API")>
            <header class="page-head">
                <div class="page-head-words">
                    <h1>{name}</h1>
                    <p class="page-about">{about}</p>
                </div>
            </header>
            {operations}
        </Docs>
    }
    .into_any()
}
