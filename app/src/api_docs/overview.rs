//! The first page: how the API is used, and all that it offers.

use super::{
    frame::{Docs, Method},
    read::{Api, ApiDocs, Section},
    text::Paragraphs,
};
use crate::{context, ui::CopyBlock};
use leptos::prelude::*;

/// The first page.
#[component]
pub(crate) fn ApiDocsPage() -> impl IntoView {
    let ApiDocs(api) = expect_context();
    let base = context::engine().config().public_url.to_string();
    view! {
        <Docs api=api.clone() title="API">
            <header class="page-head">
                <div class="page-head-words">
                    <h1>"The REST API"</h1>
                    <p class="page-about">{format!("Of Patchbay {}.", api.version)} " For programs: "
                        <a href="/api/openapi.json">"openapi.json"</a>"."</p>
                </div>
            </header>
            <section class="section docs-words" aria-labelledby="shapes">
                <h2 id="shapes">"Shapes"</h2>
                <Paragraphs text=api.about.clone()/>
            </section>
            <SigningIn api=api.clone() base/>
            {api.sections.iter().map(index).collect_view()}
        </Docs>
    }
}

#[component]
fn SigningIn(api: std::sync::Arc<Api>, base: String) -> AnyView {
    let first = format!(
        "export PATCHBAY_TOKEN=…\n\ncurl '{base}api/auth/me' \\\n  -H \"Authorization: Bearer $PATCHBAY_TOKEN\""
    );
    let ways = api.sign_in.iter().map(|way| {
        view! {
            <div>
                <dt>{way.name}</dt>
                <dd><Paragraphs text=way.about.clone()/></dd>
            </div>
        }
    });
    view! {
        <section class="section docs-words" aria-labelledby="signing-in">
            <h2 id="signing-in">"Signing in"</h2>
            <dl class="docs-ways">{ways.collect_view()}</dl>
            <CopyBlock id="first-call" what="command" text=first/>
        </section>
    }
    .into_any()
}

fn index(section: &Section) -> AnyView {
    let path = format!("/api/docs/{}", section.slug);
    let operations = section.operations.iter().map(|operation| {
        view! {
            <li class:is-deprecated=operation.deprecated>
                <a href=format!("{path}#{}", operation.id)>
                    <Method method=operation.method.clone()/>
                    <code>{operation.path.clone()}</code>
                </a>
                <span>{operation.summary.clone()}</span>
            </li>
        }
    });
    view! {
        <section class="section" aria-labelledby=section.slug.clone()>
            <div class="section-head">
                <h2 id=section.slug.clone()><a href=path.clone()>{section.name.clone()}</a></h2>
            </div>
            <p class="section-about">{section.about.clone()}</p>
            <ul class="docs-index">{operations.collect_view()}</ul>
        </section>
    }
    .into_any()
}
