//! The question before a source is deleted.

use super::{
    api::{DELETE_SOURCE, DeleteSource},
    title,
};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form, names, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::source::SourceView;

/// Names the servers that it leaves.
#[component]
pub(super) fn DeleteDialog(source: SourceView) -> AnyView {
    let form = form(DELETE_SOURCE);
    let close = format!("/sources/{}", source.id);
    let total = source.mcp_servers.len() as u64;
    let servers: Vec<_> = source.mcp_servers.iter().map(|server| server.name.clone()).collect();
    let losses = if total == 0 {
        view! { <p>"No server uses it. Its configuration is gone with it, and can't be brought back."</p> }.into_any()
    } else {
        view! {
            <p>"This ends at once, and you can't bring it back:"</p>
            <ul class="losses">
                <li>"its configuration"</li>
                <li>"its tools on " {things(total, "server")} ": " {names(servers, total)}</li>
            </ul>
            <p>"The servers stay, with their endpoints, tokens and other tools."</p>
        }
        .into_any()
    };
    view! {
        <Dialog title=format!("Delete {}?", title(&source)) close=close.clone()>
            {losses}
            <InPlaceForm form action=DeleteSource::url() words="The source was not deleted">
                <Hidden name="source_id" value=source.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete source" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
