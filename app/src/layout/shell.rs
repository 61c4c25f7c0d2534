//! The frame of the pages for people who are signed in.

use super::{navigation::Navigation, use_frame};
use crate::ui::NoticeCard;
use leptos::prelude::*;
use leptos_router::components::Outlet;

/// Navigation, notices, and the page itself. `frontend/boot.js` knows the three ids.
#[component]
pub(crate) fn Shell() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <div class="app">
            <Navigation/>
            <main id="main" class="page" tabindex="-1">
                <Notices/>
                <div id="content"><Outlet/></div>
            </main>
        </div>
    }
}

/// The notices. The region is always there, so that screen readers hear of what appears in it.
#[component]
fn Notices() -> impl IntoView {
    let frame = use_frame();
    view! {
        <div class="notices" id="notices" role="status">
            <Suspense>
                {Suspend::new(async move {
                    let notice = frame.await.ok().and_then(|frame| frame.flash.notice);
                    notice.map(|notice| view! { <NoticeCard notice/> })
                })}
            </Suspense>
        </div>
    }
}
