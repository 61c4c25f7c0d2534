//! The question before a source leaves a server.

use super::{
    api::{ARRANGE_SOURCES, ArrangeSources},
    bindings::binding_title,
};
use crate::ui::{Dialog, Hidden, InPlaceForm, Kind, Submit, Words, form, names, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    server::{BindingView, ServerView},
    tool::ServerTool,
};

/// Names the tools that go with it.
#[component]
pub(super) fn RemoveSourceDialog(server: ServerView, binding: BindingView, tools: Vec<ServerTool>) -> AnyView {
    let form = form(ARRANGE_SOURCES);
    let close = format!("/servers/{}", server.id);
    let words = Words::from("The source was not removed").with_way(Kind::Edited, "Show it as it is now", close.clone());
    let source = binding.source_id.map(|id| id.to_string()).unwrap_or_default();
    let tools: Vec<_> = tools
        .into_iter()
        .filter(|tool| tool.source_id == binding.source_id)
        .map(|tool| tool.tool.name)
        .collect();
    let total = tools.len() as u64;
    let what = if total == 0 {
        view! { <p>"It offers no tools here, so no client misses anything."</p> }.into_any()
    } else {
        view! { <p>"Clients lose " {things(total, "tool")} ": " {names(tools, total)} "."</p> }.into_any()
    };
    view! {
        <Dialog title=format!("Remove {}?", binding_title(&binding)) close=close.clone()>
            {what}
            <p>"The source stays, with its configuration. Added again, it has its tools under the same names."</p>
            <InPlaceForm form action=ArrangeSources::url() words>
                <Hidden name="server_id" value=server.id.to_string()/>
                <Hidden name="version" value=server.updated_at.to_string()/>
                <Hidden name="action" value=format!("remove:{source}")/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Remove from this server" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
