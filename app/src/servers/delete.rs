//! The question before a server is deleted.

use super::api::{DELETE_SERVER, DeleteServer};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form, names, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerView;

/// Names what stops with a server, and what is left of it.
#[component]
pub(super) fn DeleteDialog(
    server: ServerView,
    tokens: usize,
    /// The tools that were made from templates, by name.
    made: Vec<String>,
) -> impl IntoView {
    let form = form(DELETE_SERVER);
    let close = format!("/servers/{}", server.id);
    let made = (!made.is_empty()).then(|| {
        let total = made.len() as u64;
        view! { <li>{things(total, "tool")} " made from templates: " {names(made, total)}</li> }
    });
    let sources = server.source_ids.len() as u64;
    let stays = match (server.connector, sources) {
        (Some(connector), 0) => format!("The connector {} stays.", connector.name),
        (Some(connector), _) => format!("The connector {} and the sources stay.", connector.name),
        (None, 0) => String::new(),
        (None, _) => "The sources stay.".to_owned(),
    };
    view! {
        <Dialog title=format!("Delete {}?", server.name) close=close.clone()>
            <p>"This stops at once:"</p>
            <ul class="losses">
                <li>"its endpoint, " <code>{server.endpoint}</code></li>
                <li>{things(tokens as u64, "token")} ", so that every client is refused"</li>
                {made}
            </ul>
            <p>
                {stays} " You can restore the server from the list of deleted ones. Until then nobody else gets its endpoint, and it "
                "counts towards how many you may have."
            </p>
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
