//! What the state of a connector behind it means for a server.

use crate::layout::Frame;
use leptos::prelude::*;
use patchbay_domain::connector::{ChangesState, ConnectorMode, ConnectorSummary};
use patchbay_engine::DriftPolicy;

/// Says when not everything is as usual; nothing otherwise.
#[component]
pub(super) fn ConnectorState(connector: ConnectorSummary, drift: DriftPolicy) -> impl IntoView {
    let is_superuser = expect_context::<Frame>().is_superuser();
    let number = connector.connector_id;
    words(&connector, drift).map(|(class, title, text)| {
        let has_changes = connector.mode == ConnectorMode::Active;
        let (href, label) = if has_changes && is_superuser {
            (format!("/connectors/{number}/changes"), "Look at the changes")
        } else {
            (format!("/connectors/{number}"), "Show the connector")
        };
        view! {
            <section class=class aria-label="The connector's state">
                <p class="notice-text">{title}</p>
                <p class="notice-detail">{text} " " <a href=href>{label}</a></p>
            </section>
        }
    })
}

fn words(connector: &ConnectorSummary, drift: DriftPolicy) -> Option<(&'static str, String, &'static str)> {
    let name = &connector.name;
    match (connector.mode, connector.changes) {
        (ConnectorMode::Deactive, _) => Some((
            "notice notice-wait",
            format!("The connector {name} is switched off."),
            "Clients see none of its tools, and calls are answered with an error, until a superuser activates it again.",
        )),
        (ConnectorMode::Sync, _) => Some((
            "notice notice-info",
            format!("The connector {name} is in sync mode."),
            "Its tools follow its service: they may change without anybody having looked at them.",
        )),
        (ConnectorMode::Active, None) => None,
        (ConnectorMode::Active, Some(state)) => {
            let title = match state {
                ChangesState::Waiting => format!("The service of {name} offers something else than was approved."),
                ChangesState::Refused => format!("The service of {name} offers something that was refused."),
            };
            let text = match drift {
                DriftPolicy::Block => {
                    "Clients see what was approved. Calls of tools whose arguments or results are of another form now are answered with an error."
                }
                DriftPolicy::Pin => "Clients see and call what was approved.",
            };
            Some(("notice notice-wait", title, text))
        }
    }
}
