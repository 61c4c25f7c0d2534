//! A number that matters, with its name.

use leptos::prelude::*;

/// A number with its name; a link to where the number comes from, when there is such a page.
#[component]
pub(crate) fn Stat(
    /// What is counted.
    label: &'static str,
    /// How many.
    #[prop(into)]
    value: String,
    /// What else there is to know.
    #[prop(optional, into)]
    note: Option<String>,
    /// Where it comes from.
    #[prop(optional)]
    href: Option<&'static str>,
) -> impl IntoView {
    let words = view! {
        <span class="stat-label">{label}</span>
        <span class="stat-value">{value}</span>
        {note.filter(|note| !note.is_empty()).map(|note| view! { <span class="stat-note">{note}</span> })}
    };
    match href {
        Some(href) => view! { <a class="stat" href=href>{words}</a> }.into_any(),
        None => view! { <div class="stat">{words}</div> }.into_any(),
    }
}
