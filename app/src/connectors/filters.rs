//! What narrows the list of connectors, and its order. A form with GET: the choice stands in the address.

use super::query::{ConnectorsQuery, PATH};
use crate::ui::Search;
use leptos::prelude::*;
use patchbay_domain::connector::{ChangesState, ConnectorMode, ConnectorSort};

/// Search, mode, changes that wait, and the order.
#[component]
pub(super) fn Filters(query: ConnectorsQuery, is_superuser: bool) -> AnyView {
    let order = query.order();
    let ConnectorsQuery { q, mode, changes, .. } = query;
    view! {
        <Search action=PATH label="Search connectors" q=q>
            <div class="search-filters">
                <ModeFilter mode/>
                {is_superuser.then(|| view! { <ChangesFilter changes/> })}
                <Order order/>
            </div>
        </Search>
    }
    .into_any()
}

#[component]
fn ModeFilter(mode: String) -> impl IntoView {
    let option = |value: ConnectorMode| {
        let selected = mode == value.as_str();
        view! { <option value=value.as_str() selected=selected>{value.label()}</option> }
    };
    view! {
        <select class="input search-filter" name="mode" aria-label="Mode">
            <option value="">"All modes"</option>
            {option(ConnectorMode::Active)}
            {option(ConnectorMode::Sync)}
            {option(ConnectorMode::Deactive)}
        </select>
    }
}

#[component]
fn ChangesFilter(changes: String) -> impl IntoView {
    let option = |value: ChangesState| {
        let selected = changes == value.as_str();
        view! { <option value=value.as_str() selected=selected>{value.label()}</option> }
    };
    view! {
        <select class="input search-filter" name="changes" aria-label="Changes">
            <option value="">"Changed or not"</option>
            {option(ChangesState::Waiting)}
            {option(ChangesState::Refused)}
        </select>
    }
}

#[component]
fn Order(order: ConnectorSort) -> impl IntoView {
    let option = |value: ConnectorSort| {
        // What nobody asked for needs not stand in the address.
        let word = if value == ConnectorSort::default() {
            ""
        } else {
            value.as_str()
        };
        view! { <option value=word selected=order == value>{value.label()}</option> }
    };
    view! {
        <select class="input search-filter" name="sort" aria-label="Order">
            {option(ConnectorSort::Newest)}
            {option(ConnectorSort::Updated)}
            {option(ConnectorSort::Name)}
        </select>
    }
}
