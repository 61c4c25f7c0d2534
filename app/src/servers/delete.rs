//! Deleting a server.

use super::api::{DELETE_SERVER, DeleteServer};
use crate::{
    error::AppError,
    ui::{Confirm, Hidden, Submit, things, use_form},
};
use leptos::{form::ActionForm, prelude::*};
use patchbay_domain::server::ServerView;

/// Asks before a server is deleted, and names what goes with it.
#[component]
pub(super) fn DeleteDialog(server: ServerView, tokens: usize) -> AnyView {
    let (action, form) = use_form::<DeleteServer>(DELETE_SERVER, words);
    let close = format!("/servers/{}", server.id);
    view! {
        <Confirm title=format!("Delete {}?", server.name) close=close.clone() form>
            <p>"This takes along:"</p>
            <ul class="losses">
                <li>"its endpoint, " <code>{server.endpoint}</code> ", which stops answering at once,"</li>
                <li>{things(tokens as u64, "token")} ", so that every client is refused,"</li>
                <li>"its configuration."</li>
            </ul>
            <p>"The connector " <strong>{server.connector.name}</strong> " stays."</p>
            <ActionForm action attr:id=form.own_element()>
                <Hidden name="server_id" value=server.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-noscroll="">"Keep it"</a>
                    <Submit label="Delete server" danger=true/>
                </div>
            </ActionForm>
        </Confirm>
    }
    .into_any()
}

fn words(error: &AppError) -> String {
    format!("The server was not deleted: {error}")
}
