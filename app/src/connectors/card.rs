//! A connector in the list.

use super::query::ConnectorsQuery;
use crate::ui::{Icon, IconView, Logo, ModeBadge, things};
use leptos::prelude::*;
use patchbay_domain::connector::{ChangesState, ConnectorMode, ConnectorSummary};

/// A connector in the list, with what can be done with it.
#[component]
pub(super) fn ConnectorCard(
    connector: ConnectorSummary,
    /// Whether whoever looks may activate it and decide on its changes.
    is_superuser: bool,
    /// The address's filters, which the activation dialog keeps.
    query: ConnectorsQuery,
) -> AnyView {
    let number = connector.connector_id;
    let name = connector.name.clone();
    let is_waiting = is_superuser && connector.changes == Some(ChangesState::Waiting);
    let changes = is_waiting.then(|| {
        let (href, label) = (
            format!("/connectors/{number}/changes"),
            format!("Changes waiting for {name}"),
        );
        view! { <a class="badge badge-waiting" href=href aria-label=label>{ChangesState::Waiting.label()}</a> }
    });
    let action = match connector.mode {
        ConnectorMode::Deactive => is_superuser.then(|| {
            let href = query.activating(&number.to_string());
            view! { <a class="button" href=href aria-label=format!("Activate {name}") data-dialog="">"Activate"</a> }
                .into_any()
        }),
        ConnectorMode::Active => {
            let href = format!("/connectors/{number}/create-server");
            let label = format!("Create Server from {name}");
            Some(view! { <a class="button" href=href aria-label=label>"Create Server"</a> }.into_any())
        }
        ConnectorMode::Sync => None,
    };
    let offers = (connector.mode != ConnectorMode::Deactive).then(|| {
        view! {
            <ul class="facts">
                <li><IconView icon=Icon::Tool/>{things(connector.tools_count, "tool")}</li>
                <li><IconView icon=Icon::Template/>{things(connector.templates_count, "template")}</li>
            </ul>
        }
    });
    let has_foot = offers.is_some() || action.is_some();
    let version = (connector.mode != ConnectorMode::Deactive).then(|| format!("v{}", connector.version));
    view! {
        <li class="card">
            <div class="card-head">
                <Logo url=connector.logo_url name=connector.name.clone()/>
                <div class="card-words">
                    <h2 class="card-title"><a href=format!("/connectors/{number}")>{connector.name}</a></h2>
                    <p class="card-status"><ModeBadge mode=connector.mode/> {version} {changes}</p>
                </div>
            </div>
            <p class="card-text">{connector.description}</p>
            {has_foot.then(|| view! { <div class="card-foot">{offers}{action}</div> })}
        </li>
    }
    .into_any()
}
