//! The question before a dynamic tool is deleted.

use super::api::{DELETE_TOOL, DeleteTool};
use crate::ui::{Dialog, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{ids::ServerId, tool::ToolView};

/// Names what goes with a tool.
#[component]
pub(super) fn DeleteToolDialog(server: ServerId, tool: ToolView) -> AnyView {
    let form = form(DELETE_TOOL);
    let close = format!("/servers/{server}");
    view! {
        <Dialog title=format!("Delete {}?", tool.name) close=close.clone()>
            <p>
                "It leaves this server's list at once, and clients that call it get an error. This can't be undone; the template stays, "
                "and a tool of this name can be made from it again."
            </p>
            <InPlaceForm form action=DeleteTool::url() words="The tool was not deleted">
                <Hidden name="server_id" value=server.to_string()/>
                <Hidden name="tool" value=tool.name/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete tool" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
