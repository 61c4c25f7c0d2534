//! When a connector's service was last asked for its definitions, and asking it now.

use super::api::{SYNC, Sync};
use crate::{
    layout::here,
    ui::{Hidden, InPlaceForm, Submit, TimeAgo, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::connector::CheckView;

/// When, and why it failed if it did: for a list of pairs.
#[component]
pub(super) fn CheckFacts(check: Option<CheckView>) -> AnyView {
    let Some(CheckView { checked_at, error }) = check else {
        return view! { <div><dt>"Last asked"</dt><dd>"never"</dd></div> }.into_any();
    };
    view! {
        <div><dt>"Last asked"</dt><dd><TimeAgo at=checked_at/></dd></div>
        {error.map(|error| view! {
            <div class="pair-wide"><dt>"It didn't answer as it should"</dt><dd class="bad">{error}</dd></div>
        })}
    }
    .into_any()
}

/// Asks the service now, and says what came of it.
#[component]
pub(super) fn SyncForm(number: i64, label: &'static str) -> impl IntoView {
    let form = form(SYNC);
    view! {
        <InPlaceForm form action=Sync::url() words="Its service could not be asked" class="form form-button">
            <Hidden name="connector_id" value=number.to_string()/>
            <Hidden name="from" value=here()/>
            <Submit label slow="Reading its definitions…" secondary=true/>
        </InPlaceForm>
    }
}
