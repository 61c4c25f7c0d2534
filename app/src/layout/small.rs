//! The frame of the pages for people who aren't signed in: one card in the middle.

use super::Frame;
use crate::ui::NoticeCard;
use leptos::prelude::*;
use leptos_meta::Title;

/// A page of one card.
#[component]
pub(crate) fn SmallPage(
    /// Its title.
    title: &'static str,
    /// A sentence on what to do.
    #[prop(optional, into)]
    about: Option<String>,
    children: Children,
) -> AnyView {
    let notice = use_context::<Frame>().and_then(|frame| frame.flash.notice);
    view! {
        <Title text=title/>
        <main id="main" class="small-page" tabindex="-1">
            <div class="small-card">
                <div class="brand brand-large">
                    <img src="/favicon.svg" alt="" width="36" height="36"/><span>"Patchbay"</span>
                </div>
                {notice.map(|notice| view! { <div role="status"><NoticeCard notice/></div> }.into_any())}
                <h1>{title}</h1>
                {about.filter(|about| !about.is_empty()).map(|about| view! { <p class="page-about">{about}</p> })}
                {children()}
            </div>
        </main>
    }
    .into_any()
}
