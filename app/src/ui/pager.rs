//! From page to page of a list, by address.

use super::{Icon, IconView};
use leptos::prelude::*;

/// How many there are, and the way to the others. Nothing when all fit on one page.
#[component]
pub(crate) fn Pager(
    /// How many there are in all.
    total: u64,
    /// The address of the first page, when this isn't it.
    first: Option<String>,
    /// The address of the next page, when there is one.
    next: Option<String>,
) -> impl IntoView {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                <span class="pager-total">{total} " in all"</span>
                {first.map(|href| view! { <a class="button" href=href>"First page"</a> })}
                {next.map(|href| view! {
                    <a class="button" href=href rel="next">"Next page" <IconView icon=Icon::Arrow/></a>
                })}
            </nav>
        }
    })
}
