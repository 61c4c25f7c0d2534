//! A status: a word with a dot, so that colour is never all there is.

use leptos::prelude::*;
use patchbay_domain::{connector::ConnectorMode, source::BindingState};

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

/// Whether something that a server is made from contributes tools.
#[component]
pub(crate) fn BindingBadge(state: BindingState) -> impl IntoView {
    let (class, words) = match state {
        BindingState::Ready => ("badge badge-good", "Ready"),
        BindingState::Misfit => ("badge badge-waiting", "Configuration doesn't fit"),
        BindingState::SwitchedOff => ("badge badge-waiting", "Switched off"),
        BindingState::NoConnector => ("badge", "No connector"),
    };
    view! { <span class=class>{words}</span> }
}
