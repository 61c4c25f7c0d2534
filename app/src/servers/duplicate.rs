//! Copying a server.

use super::api::{DUPLICATE_SERVER, DuplicateServer};
use crate::ui::{Dialog, Field, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerView;

/// Asks for the copy's name.
#[component]
pub(super) fn DuplicateDialog(server: ServerView) -> AnyView {
    let form = form(DUPLICATE_SERVER);
    let close = format!("/servers/{}", server.id);
    view! {
        <Dialog title=format!("Duplicate {}", server.name) close=close.clone()>
            <p>
                "The copy has the same configuration, sources, tools and settings of tools, and an endpoint and a token of its own. Later "
                "changes of one don't reach the other."
            </p>
            <InPlaceForm form action=DuplicateServer::url() words="The server was not duplicated">
                <Hidden name="server_id" value=server.id.to_string()/>
                <Field form name="name" label="Name of the copy" value=format!("{} (copy)", server.name) required=true autofocus=true/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Cancel"</a>
                    <Submit label="Duplicate"/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
