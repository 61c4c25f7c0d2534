//! Words of the description: paragraphs, with `code` in them.

use leptos::prelude::*;

/// Some paragraphs.
#[component]
pub(super) fn Paragraphs(
    /// The words.
    #[prop(into)]
    text: String,
    /// How they look.
    #[prop(optional)]
    class: Option<&'static str>,
) -> AnyView {
    text.split('\n')
        .filter(|line| !line.trim().is_empty())
        .map(|line| view! { <p class=class>{words(line)}</p> })
        .collect_view()
        .into_any()
}

/// A line, with what stands between backticks as code.
fn words(line: &str) -> AnyView {
    line.split('`')
        .enumerate()
        .map(|(index, part)| {
            let part = part.to_owned();
            if index % 2 == 0 {
                part.into_any()
            } else {
                view! { <code>{part}</code> }.into_any()
            }
        })
        .collect_view()
        .into_any()
}
