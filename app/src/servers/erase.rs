//! The question before somebody's server is deleted for good.

use super::api::{ERASE_SERVER, EraseServer};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerOfUser;

/// Names whose it is, and what goes with it.
#[component]
pub(super) fn EraseDialog(
    server: ServerOfUser,
    /// The list without the dialog.
    close: String,
) -> AnyView {
    let form = form(ERASE_SERVER);
    let in_use = server.deleted_at.is_none();
    view! {
        <Dialog title=format!("Delete {} for good?", server.name) close=close.clone()>
            <p>"It is " <strong>{server.owner}</strong> "'s, and nobody can bring it back:"</p>
            <ul class="losses">
                <li>"its endpoint, " <code>{server.endpoint}</code> ", which another server may get then"</li>
                <li>"its tokens, so that every client is refused"</li>
                <li>"its configuration, the settings of its tools, and the tools that were made from templates"</li>
            </ul>
            <p>
                {if in_use { "It is in use: its owner has not deleted it. " } else { "" }}
                "The sources that it is made from stay."
            </p>
            <InPlaceForm form action=EraseServer::url() words="The server was not deleted">
                <Hidden name="server_id" value=server.id.to_string()/>
                <Hidden name="from" value=close.clone()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete for good" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
