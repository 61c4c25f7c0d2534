//! Activating a connector: right after registering it, or any time from a dialog.

use super::{
    api::{ACTIVATE, ACTIVATE_NEXT, Activate},
    impact::ImpactList,
    read::decides_unseen,
    words,
};
use crate::{
    layout::here,
    ui::{Control, Dialog, Field, Hidden, InPlaceForm, ModeBadge, Submit, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{changes::Impact, connector::ConnectorSummary};

const PLACEHOLDER: &str = "http://localhost:8025/connector.json";
const SLOW: &str = "Reading the connector's definitions and logo…";

/// The second of the two steps, offered right after the first.
#[component]
pub(super) fn ActivateSection(connector: ConnectorSummary) -> impl IntoView {
    let form = form(ACTIVATE_NEXT);
    view! {
        <section class="panel panel-accent activation-section" aria-labelledby="activation-title">
            <h2 id="activation-title">{format!("Activate Connector: {}", connector.name)}</h2>
            <p class="panel-about">"Start your connector server, then provide the URL:"</p>
            <InPlaceForm form action=Activate::url() words=words::not_activated() class="form form-inline">
                <Hidden name="form" value=ACTIVATE_NEXT/>
                <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                <Hidden name="from" value=here()/>
                <Field form name="connector_url" label="Connector URL" control=Control::Line("url")
                    placeholder=PLACEHOLDER required=true autofocus=true/>
                <Submit label="Activate" slow=SLOW/>
            </InPlaceForm>
        </section>
    }
    .into_any()
}

/// The activation dialog.
#[component]
pub(super) fn ActivateDialog(
    connector: ConnectorSummary,
    /// Whom it affects when the connector is activated again.
    impact: Impact,
    /// The page without the dialog.
    #[prop(into)]
    close: String,
) -> impl IntoView {
    let form = form(ACTIVATE);
    let number = connector.connector_id;
    let again = decides_unseen(&connector).then(|| view! { <Again number impact/> });
    view! {
        <Dialog title="Activate connector".to_owned() close=close.clone()>
            <p class="dialog-facts">
                <span>"Connector: " <strong>{connector.name}</strong></span>
                <span>"Status: " {connector.mode.as_str()} " " <ModeBadge mode=connector.mode/></span>
            </p>
            {again}
            <InPlaceForm form action=Activate::url() words=words::not_activated()>
                <Hidden name="connector_id" value=connector.connector_id.to_string()/>
                <Hidden name="from" value=here()/>
                <Field form name="connector_url" label="Connector URL" control=Control::Line("url")
                    placeholder=PLACEHOLDER value=connector.url required=true autofocus=true
                    help="The URL of its connector.json, or of its MCP endpoint."/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Cancel"</a>
                    <Submit label="Activate Connector" slow=SLOW/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}

/// What activating does to a connector that is in use: it goes round the review of changes.
#[component]
fn Again(number: i64, impact: Impact) -> impl IntoView {
    view! {
        <p>
            "What its service says by then is pinned and in force at once. Everything that is held back or was refused comes into force "
            "with it, without a look at the differences. " <a href=format!("/connectors/{number}/changes")>"Look at the changes first"</a>
        </p>
        <div class="affected">
            <p>"It affects:"</p>
            <ImpactList impact/>
        </div>
    }
}
