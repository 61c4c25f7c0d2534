//! What narrows the list of users. A form with GET: the choice stands in the address.

use super::{
    query::{PATH, STATES, UsersQuery},
    words::ROLES,
};
use crate::ui::Search;
use leptos::prelude::*;

/// Search, role and state.
#[component]
pub(super) fn Filters(query: UsersQuery) -> AnyView {
    let UsersQuery { q, role, state, .. } = query;
    view! {
        <Search action=PATH label="Search users" q=q>
            <div class="search-filters">
                // Everybody is a user.
                <OneOf name="role" label="Role" any="All roles" value=role choices=ROLES[1..].to_vec()/>
                <OneOf name="state" label="State" any="Active or not" value=state choices=STATES.to_vec()/>
            </div>
        </Search>
    }
    .into_any()
}

#[component]
fn OneOf(
    name: &'static str,
    label: &'static str,
    any: &'static str,
    value: String,
    choices: Vec<(&'static str, &'static str)>,
) -> AnyView {
    view! {
        <select class="input search-filter" name=name aria-label=label>
            <option value="">{any}</option>
            {choices.into_iter().map(|(word, label)| {
                let selected = value == word;
                view! { <option value=word selected=selected>{label}</option> }
            }).collect_view()}
        </select>
    }
    .into_any()
}
