//! Being sent to another page.

use leptos::prelude::*;

/// Sends the browser to a path of this site instead of showing a page.
#[component]
pub(crate) fn Leave(to: String) -> impl IntoView {
    crate::context::see_other(&to);
    view! { <p><a href=to>"Continue"</a></p> }
}
