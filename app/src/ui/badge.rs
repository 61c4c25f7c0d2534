//! A status: a word with a dot, so that colour is never all there is.

use leptos::prelude::*;
use patchbay_domain::connector::ConnectorMode;

/// What a connector is good for right now.
#[component]
pub(crate) fn ModeBadge(mode: ConnectorMode) -> impl IntoView {
    let class = match mode {
        ConnectorMode::Deactive => "badge badge-waiting",
        ConnectorMode::Active => "badge badge-good",
        ConnectorMode::Sync => "badge badge-info",
    };
    view! { <span class=class>{mode.label()}</span> }
}
