//! The sources that a new server is made from.

use crate::ui::{BindingBadge, FieldError, Form};
use leptos::prelude::*;
use patchbay_engine::sources::SourceBrief;

/// A tick for each source; nothing where there are none. Those that are ticked count in the order in which they stand.
#[component]
pub(super) fn SourceChoice(
    form: Form,
    sources: Vec<SourceBrief>,
    /// The ids of those that are ticked at first, with commas in between.
    chosen: String,
    /// Whether the server has a connector of its own.
    is_own: bool,
) -> impl IntoView {
    let id = form.element("source_ids");
    let before = form.error_of("source_ids").unwrap_or_default();
    let (legend, help) = if is_own {
        (
            "Sources beside it",
            "Their tools' names begin with the type of the source, as in notes__add_note.",
        )
    } else {
        (
            "Sources",
            "The first one's tools keep their names; the others' begin with the type, as in notes__add_note.",
        )
    };
    (!sources.is_empty()).then(|| {
        let help_id = format!("{id}-help");
        let described_by = format!("{help_id} {id}-error");
        let control = id.clone();
        view! {
            <fieldset class="fieldset" id=id aria-describedby=described_by>
                <legend>{legend}</legend>
                <p class="field-help" id=help_id>
                    {help} " On the server's page you can put them in another order, and rename each tool."
                </p>
                <ul class="choices">
                    {sources.into_iter().map(|source| {
                        let is_chosen = chosen.split(',').any(|id| id == source.id.to_string());
                        view! { <Choice form source is_chosen/> }
                    }).collect_view()}
                </ul>
                <FieldError control key="source_ids".to_owned() before/>
            </fieldset>
        }
    })
}

#[component]
fn Choice(form: Form, source: SourceBrief, is_chosen: bool) -> AnyView {
    let value = source.id.to_string();
    let id = form.element(&format!("source-{value}"));
    let is_named = source.name.is_some();
    view! {
        <li class="choice">
            <input class="tick" type="checkbox" id=id.clone() name="source_ids[]" value=value checked=is_chosen/>
            <label for=id>{source.name.unwrap_or_else(|| source.kind.clone())}</label>
            {is_named.then(|| view! { <span class="choice-note">{source.kind}</span> })}
            {source.idle.map(|state| view! { <BindingBadge state/> })}
        </li>
    }
    .into_any()
}
