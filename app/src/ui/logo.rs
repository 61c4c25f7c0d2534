//! A connector's logo, or its first letter.

use leptos::prelude::*;

/// A square picture for a connector.
#[component]
pub(crate) fn Logo(
    /// The logo's path, if there is one.
    url: Option<String>,
    /// The connector's name.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    match url {
        Some(url) => {
            view! { <img class="logo" src=url alt="" width="40" height="40" loading="lazy" decoding="async"/> }
                .into_any()
        }
        None => {
            let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
            view! { <span class="logo logo-letter" aria-hidden="true">{letter}</span> }.into_any()
        }
    }
}
