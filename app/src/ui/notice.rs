//! What there is to tell at the top of a page.

use super::site::{Told, use_site};
use crate::ui::{Icon, IconView};
use leptos::prelude::*;

/// The notices. The region is always there, so that screen readers hear of what appears in it.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let site = use_site();
    view! {
        <div class="notices" role="status">
            <Suspense>
                {move || Suspend::new(async move {
                    let _ = site.arrive().await;
                    view! { <For each=move || site.told().get() key=|told| told.id let:told><One told/></For> }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn One(told: Told) -> impl IntoView {
    let site = use_site();
    let Told { id, notice, .. } = told;
    view! {
        <div class="notice notice-good">
            <p class="notice-text">{notice.text}</p>
            {(!notice.details.is_empty()).then(|| view! {
                <ul class="notice-list">{notice.details.into_iter().map(|detail| view! { <li>{detail}</li> }).collect_view()}</ul>
            })}
            <button type="button" class="button button-quiet button-icon notice-close needs-scripts"
                aria-label="Dismiss" on:click=move |_| site.dismiss(id)>
                <IconView icon=Icon::Close/>
            </button>
        </div>
    }
}
