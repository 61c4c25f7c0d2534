//! The question before a connector is deleted.

use super::{
    api::{DELETE, Delete},
    impact::ImpactList,
    words,
};
use crate::ui::{Dialog, Field, Hidden, InPlaceForm, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{changes::Impact, connector::ConnectorSummary};

/// Names what goes with it, and wants its name repeated when servers do.
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
    let takes_servers = impact.servers.total > 0;
    let takes_anything = takes_servers || impact.deleted_servers > 0;
    view! {
        <Dialog title=format!("Delete {name}?") close=close.clone()>
            <p>"Its definitions, their history, its logo and its secret go. This can't be undone."</p>
            {if takes_anything {
                view! {
                    <p>"This goes along, and clients of these servers are refused at once:"</p>
                    <ImpactList impact/>
                }
                .into_any()
            } else {
                view! { <p>"No MCP server is made from it, so nobody loses one."</p> }.into_any()
            }}
            <InPlaceForm form action=Delete::url() words=words::not_deleted(connector.connector_id)>
                <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                {takes_servers.then(|| view! {
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
