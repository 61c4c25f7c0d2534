//! The page for addresses that have none.

use crate::layout::SmallPage;
use leptos::prelude::*;

/// Says so, and offers a way on.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    crate::context::set_status(404);
    view! {
        <SmallPage title="Page not found" about="There is nothing at this address. It may have moved, or have a typing error.">
            <p class="actions">
                <a class="button button-primary" href="/">"Go to the overview"</a>
                <a class="button" href="/connectors">"Browse connectors"</a>
            </p>
        </SmallPage>
    }
}
