//! What there is to tell at the top of a page.

use super::{Icon, IconView};
use crate::outcome::Notice;
use leptos::prelude::*;

/// A notice that can be dismissed.
#[island]
pub(crate) fn NoticeCard(notice: Notice) -> impl IntoView {
    let (is_there, set_there) = signal(true);
    let Notice { text, details } = notice;
    let card = move || {
        let details = details
            .iter()
            .map(|detail| view! { <li>{detail.clone()}</li> })
            .collect_view();
        view! {
            <div class="notice notice-good">
                <p class="notice-text">{text.clone()}</p>
                {(!details.is_empty()).then_some(view! { <ul class="notice-list">{details}</ul> })}
                <button type="button" class="button button-quiet button-icon notice-close needs-scripts"
                    aria-label="Dismiss" on:click=move |_| set_there.set(false)>
                    <IconView icon=Icon::Close/>
                </button>
            </div>
        }
    };
    move || is_there.get().then(&card)
}
