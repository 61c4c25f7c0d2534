//! The question before a server is deleted.

use super::{api::DELETE_SERVER, forms::DeleteServerForm};
use crate::ui::{Dialog, Hidden, Submit, form, things};
use leptos::prelude::*;
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
            <DeleteServerForm seed=form.seed()>
                <Hidden name="server_id" value=server.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete server" danger=true/>
                </div>
            </DeleteServerForm>
        </Dialog>
    }
    .into_any()
}
