//! The question before a server is deleted.

use super::api::{DELETE_SERVER, DeleteServer};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerView;

/// Names what goes with a server.
#[component]
pub(super) fn DeleteDialog(server: ServerView, tokens: usize) -> impl IntoView {
    let form = form(DELETE_SERVER);
    let close = format!("/servers/{}", server.id);
    view! {
        <Dialog title=format!("Delete {}?", server.name) close=close.clone()>
            <p>"This takes along:"</p>
            <ul class="losses">
                <li>"its endpoint, " <code>{server.endpoint}</code> ", which stops answering at once,"</li>
                <li>{things(tokens as u64, "token")} ", so that every client is refused,"</li>
                <li>"its configuration."</li>
            </ul>
            <p>"The connector " <strong>{server.connector.name}</strong> " stays."</p>
            <InPlaceForm form action=DeleteServer::url() words="The server was not deleted">
                <Hidden name="server_id" value=server.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete server" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
