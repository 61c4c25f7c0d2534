//! A person's deleted servers.

use super::{
    api::{RESTORE_SERVER, RestoreServer},
    table::MadeFrom,
};
use crate::ui::{Hidden, InPlaceForm, TimeAgo, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::server::ServerView;

/// Each with a button that brings it back. One form is around them all: each button says which server it is about.
#[component]
pub(super) fn DeletedTable(
    servers: Vec<ServerView>,
    /// This page.
    from: String,
) -> AnyView {
    let form = form(RESTORE_SERVER);
    view! {
        <InPlaceForm form action=RestoreServer::url() words="The server was not restored">
            <Hidden name="from" value=from/>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Made from"</th>
                        <th scope="col">"Endpoint"</th>
                        <th scope="col">"Deleted"</th>
                        <th scope="col"><span class="visually-hidden">"Restore"</span></th>
                    </tr>
                </thead>
                <tbody>{servers.into_iter().map(|server| view! { <Row server/> }).collect_view()}</tbody>
            </table>
        </InPlaceForm>
    }
    .into_any()
}

#[component]
fn Row(server: ServerView) -> AnyView {
    view! {
        <tr>
            <th scope="row">{server.name.clone()}</th>
            <td data-label="Made from"><MadeFrom connector=server.connector bindings=server.bindings/></td>
            <td data-label="Endpoint"><code class="endpoint-text">{server.endpoint}</code></td>
            <td data-label="Deleted" class="date">{server.deleted_at.map(|at| view! { <TimeAgo at/> })}</td>
            <td class="table-action"><RestoreButton id=server.id.to_string() name=server.name/></td>
        </tr>
    }
    .into_any()
}

/// Sends the form around it for one server.
#[component]
pub(super) fn RestoreButton(id: String, name: String) -> AnyView {
    let label = format!("Restore {name}");
    view! { <button class="button" type="submit" name="server_id" value=id aria-label=label>"Restore"</button> }
        .into_any()
}
