//! The way between the lists of servers.

use leptos::prelude::*;

/// One's own, one's deleted ones, and, for admins, everybody's.
#[component]
pub(super) fn Tabs(
    /// The list that is shown.
    here: &'static str,
    is_admin: bool,
) -> AnyView {
    let mut lists = vec![("/servers", "Yours"), ("/servers?deleted=1", "Deleted")];
    if is_admin {
        lists.push(("/servers/all", "Everybody's"));
    }
    view! {
        <nav class="tabs" aria-label="Lists">
            {lists.into_iter().map(|(href, label)| {
                let current = (href == here).then_some("page");
                view! { <a href=href aria-current=current>{label}</a> }
            }).collect_view()}
        </nav>
    }
    .into_any()
}
