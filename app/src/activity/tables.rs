//! What was called, in sums.

use crate::ui::count;
use leptos::prelude::*;
use patchbay_domain::usage::UsageView;

/// One thing that was called.
pub(super) struct Row {
    pub(super) name: String,
    /// Its page, if it has one.
    pub(super) href: Option<String>,
    pub(super) usage: UsageView,
}

/// Things that were called, in the order that they come in.
#[component]
pub(super) fn Sums(
    id: &'static str,
    title: &'static str,
    /// What one of them is.
    what: &'static str,
    rows: Vec<Row>,
) -> impl IntoView {
    let rows = rows.into_iter().map(|row| {
        let UsageView { calls, errors, mean_ms } = row.usage;
        let name = match row.href {
            Some(href) => view! { <a href=href>{row.name}</a> }.into_any(),
            None => view! { <code>{row.name}</code> }.into_any(),
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td data-label="Calls" class="number">{count(calls)}</td>
                <td data-label="Errors" class="number">{count(errors)}</td>
                <td data-label="Average" class="number">{format!("{} ms", count(mean_ms))}</td>
            </tr>
        }
    });
    view! {
        <section class="section" aria-labelledby=id>
            <div class="section-head"><h2 id=id>{title}</h2></div>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{what}</th>
                        <th scope="col" class="number">"Calls"</th>
                        <th scope="col" class="number">"Errors"</th>
                        <th scope="col" class="number">"Average"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
}
