//! The question before a connector gets another mode.

use super::{
    api::{SET_MODE, SetMode},
    impact::ImpactList,
};
use crate::ui::{Dialog, Hidden, InPlaceForm, ModeBadge, Submit, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    changes::Impact,
    connector::{ChangesState, ConnectorMode, ConnectorSummary},
};
use patchbay_engine::connectors::mode_obstacle;

/// What leads to a mode, as a button says it.
pub(super) fn verb(to: ConnectorMode) -> &'static str {
    match to {
        ConnectorMode::Deactive => "Switch off",
        ConnectorMode::Sync => "Switch to Sync Mode",
        ConnectorMode::Active => "Pin and activate",
    }
}

/// What it means for whoever uses it.
fn consequence(to: ConnectorMode) -> &'static str {
    match to {
        ConnectorMode::Deactive => {
            "Its tools leave every list at once, calls of them get an error, and no servers can be made from it. Nothing \
             is deleted: activate it to have everything back."
        }
        ConnectorMode::Sync => {
            "Its definitions follow its service from now on, without anybody looking at what changes. Servers that exist \
             keep running; new ones can't be made."
        }
        ConnectorMode::Active => {
            "Its definitions are pinned as they were last read, and servers can be made from it. What its service changes \
             after that waits for a superuser."
        }
    }
}

/// What becomes of changes when a connector begins to follow its service.
fn adopted(state: ChangesState) -> &'static str {
    match state {
        ChangesState::Waiting => {
            "The changes that wait for a decision come into force with that; only another origin for its calls goes on waiting."
        }
        ChangesState::Refused => {
            "The changes that were refused come into force with that; only another origin for its calls waits for you anew."
        }
    }
}

/// Names what it means and whom it affects.
#[component]
pub(super) fn ModeDialog(
    connector: ConnectorSummary,
    to: ConnectorMode,
    impact: Impact,
    /// The page without the dialog.
    #[prop(into)]
    close: String,
) -> AnyView {
    let from = connector.mode;
    let obstacle = obstacle(&connector, to);
    let title = match obstacle {
        Some(_) => format!("{} isn't possible now", to.label()),
        None => format!("{}?", verb(to)),
    };
    view! {
        <Dialog title close=close.clone()>
            <p class="dialog-facts">
                <span>"Connector: " <strong>{connector.name.clone()}</strong></span>
                <span><ModeBadge mode=from/> <span class="visually-hidden">" becomes "</span><span aria-hidden="true">" → "</span> <ModeBadge mode=to/></span>
            </p>
            {match obstacle {
                Some(reason) => view! {
                    <p>{reason}</p>
                    <div class="dialog-actions"><a class="button" href=close data-close="">"Close"</a></div>
                }
                .into_any(),
                None => view! { <Confirm connector to impact close/> }.into_any(),
            }}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Confirm(connector: ConnectorSummary, to: ConnectorMode, impact: Impact, close: String) -> AnyView {
    let form = form(SET_MODE);
    let state = connector.changes.filter(|_| to == ConnectorMode::Sync);
    let changes = format!("/connectors/{}/changes", connector.connector_id);
    view! {
        <p>{consequence(to)}</p>
        {state.map(|state| view! { <p>{adopted(state)} " " <a href=changes>"Look at the changes first"</a></p> })}
        <div class="affected">
            <p>"It affects:"</p>
            <ImpactList impact/>
        </div>
        <InPlaceForm form action=SetMode::url() words="The mode was not changed">
            <Hidden name="connector_id" value=connector.connector_id.to_string()/>
            <Hidden name="mode" value=to.as_str()/>
            <div class="dialog-actions">
                <a class="button" href=close data-close="">"Leave it"</a>
                <Submit label=verb(to) danger={to == ConnectorMode::Deactive}/>
            </div>
        </InPlaceForm>
    }
    .into_any()
}

/// Why that mode can't follow, as a sentence; nothing when it can.
pub(super) fn obstacle(connector: &ConnectorSummary, to: ConnectorMode) -> Option<String> {
    let reason = mode_obstacle(connector, to)?;
    Some(format!("{}: {reason}.", to.label()))
}
