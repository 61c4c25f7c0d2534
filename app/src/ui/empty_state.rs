//! What stands where a list has nothing: what belongs there, and the first step.

use super::{Icon, IconView};
use leptos::prelude::*;

/// An empty list.
#[component]
pub(crate) fn EmptyState(
    /// What belongs there.
    icon: Icon,
    /// In a few words.
    #[prop(into)]
    title: String,
    /// In a sentence, with the first step beneath it.
    children: Children,
) -> AnyView {
    view! {
        <div class="empty">
            <span class="empty-icon"><IconView icon/></span>
            <h2 class="empty-title">{title}</h2>
            {children()}
        </div>
    }
    .into_any()
}
