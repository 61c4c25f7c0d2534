//! The frame of the pages for people who are signed in.

use super::{navigation::Navigation, notices::Notices};
use leptos::prelude::*;
use leptos_router::components::Outlet;

/// Navigation, notices, and the page itself.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <div class="app">
            <Navigation/>
            <main id="main" class="page" tabindex="-1">
                <Notices/>
                <Outlet/>
            </main>
        </div>
    }
}
