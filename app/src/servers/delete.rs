//! The question before a server is deleted.

use super::api::{DELETE_SERVER, DeleteServer};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form, names, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerView;

/// Names what ends with a server, and what is left of it.
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
    view! {
        <Dialog title=format!("Delete {}?", server.name) close=close.clone()>
            <p>"This ends at once, and you can't bring it back:"</p>
            <ul class="losses">
                <li>"its endpoint, " <code>{server.endpoint}</code></li>
                <li>{things(tokens as u64, "token")} ", so that every client is refused"</li>
                {made}
            </ul>
            <p>
                "The connector " <strong>{server.connector.map(|connector| connector.name)}</strong> " stays. Until that is deleted, too, the configuration stays "
                "stored, nobody else gets the endpoint, and the server counts towards how many you may have."
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
