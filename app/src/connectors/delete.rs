//! The question before a connector is deleted.

use super::{
    api::{DELETE, Delete},
    impact::ImpactList,
    words,
};
use crate::ui::{Dialog, Field, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{changes::Impact, connector::ConnectorSummary};

/// Names what goes with it, and wants its name repeated when servers use it.
#[component]
pub(super) fn DeleteDialog(
    connector: ConnectorSummary,
    impact: Impact,
    /// The page without the dialog.
    #[prop(into)]
    close: String,
) -> AnyView {
    let form = form(DELETE);
    let name = connector.name;
    // Servers that lose some of their tools are worth the same thought as those that go.
    let is_used = impact.using() > 0;
    let affects_anything = is_used || impact.deleted_servers > 0 || impact.sources > 0;
    let stays = (impact.sources > 0).then_some(
        "Sources of its type stay, and servers that are made from sources only: they offer nothing of it any more.",
    );
    view! {
        <Dialog title=format!("Delete {name}?") close=close.clone()>
            <p>"Its definitions, their history, its logo and its secret go. This can't be undone."</p>
            {if affects_anything {
                view! {
                    <p>"Servers that are made from it go along, and their clients are refused at once. It affects:"</p>
                    <ImpactList impact/>
                    {stays.map(|stays| view! { <p>{stays}</p> })}
                }
                .into_any()
            } else {
                view! { <p>"No MCP server is made from it, so nobody loses one."</p> }.into_any()
            }}
            <InPlaceForm form action=Delete::url() words=words::not_deleted(connector.connector_id)>
                <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                {is_used.then(|| view! {
                    <Field form name="confirm" label=format!("Type {name} to confirm") required=true autofocus=true/>
                })}
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Delete connector" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
