//! The search field above a list. A form with GET: what is searched for stands in the address.

use super::{Icon, IconView};
use leptos::prelude::*;

/// A search field.
#[component]
pub(crate) fn Search(
    /// The list's path.
    #[prop(into)]
    action: String,
    /// What is searched, for the field's name.
    label: &'static str,
    /// What the field is sent as.
    #[prop(default = "q")]
    name: &'static str,
    /// What is searched for right now.
    #[prop(into)]
    q: String,
    /// Further fields: a filter, say.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    view! {
        <search class="search">
            <form method="get" action=action>
                <div class="search-row">
                    <div class="search-field">
                        <IconView icon=Icon::Search/>
                        <input class="input" type="search" name=name value=q placeholder=label aria-label=label autocomplete="off"/>
                    </div>
                    {children.map(|children| children())}
                    <button class="button" type="submit">"Search"</button>
                </div>
            </form>
        </search>
    }
    .into_any()
}
