//! The dialog that gives a tool another name and other words, on this server alone.

use super::api::{UPDATE_TOOL, UpdateTool};
use crate::ui::{Control, Dialog, Field, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    ids::ServerId,
    tool::{DYNAMIC_TOOL_NAME_MAX, ServerTool},
};

/// What is left empty is the tool's own.
#[component]
pub(super) fn EditToolDialog(server: ServerId, tool: ServerTool) -> AnyView {
    let form = form(UPDATE_TOOL);
    let close = format!("/servers/{server}");
    let name = tool.tool.name;
    let given_name = Some(name.clone()).filter(|name| *name != tool.default_name);
    let given_words = tool
        .tool
        .description
        .filter(|words| Some(words) != tool.default_description.as_ref());
    view! {
        <Dialog title=format!("Edit {name}") close=close.clone()>
            <InPlaceForm form action=UpdateTool::url() words="The tool was not saved">
                <Hidden name="server_id" value=server.to_string()/>
                <Hidden name="tool" value=name/>
                <Field form name="name" label="Name" value=given_name.unwrap_or_default() placeholder=tool.default_name mark_optional=true
                    autofocus=true
                    help=format!("What clients of this server call. At most {DYNAMIC_TOOL_NAME_MAX} letters, digits, underscores, hyphens and dots. Left empty, it is the tool's own.")/>
                <Field form name="description" label="Description" control=Control::Lines value=given_words.unwrap_or_default()
                    placeholder=tool.default_description.unwrap_or_default() mark_optional=true
                    help="For the model that is to choose it. Left empty, it is the tool's own."/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Cancel"</a>
                    <Submit label="Save"/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
