//! What superusers keep an eye on: a connector's mode, its definitions, and what its service last said.

use super::{
    changes::StateBadge,
    check::{CheckFacts, SyncForm},
    mode::{obstacle, verb},
};
use crate::ui::ModeBadge;
use leptos::prelude::*;
use patchbay_domain::connector::{CheckView, ConnectorMode, ConnectorSummary};

const MODES: [ConnectorMode; 3] = [ConnectorMode::Active, ConnectorMode::Sync, ConnectorMode::Deactive];

/// Mode and definitions, with what can be done about them.
#[component]
pub(super) fn Keeping(summary: ConnectorSummary, check: Option<CheckView>) -> AnyView {
    let number = summary.connector_id;
    let can_ask = summary.mode != ConnectorMode::Deactive;
    let versions = summary.definitions_version;
    let changes = summary.changes;
    view! {
        <section class="panel keeping" aria-label="Mode and definitions">
            <div class="keeping-part">
                <h2>"Mode"</h2>
                <p class="keeping-now"><ModeBadge mode=summary.mode/> <span class="panel-about">{meaning(summary.mode)}</span></p>
                <Ways summary/>
            </div>
            <div class="keeping-part">
                <h2>"Definitions"</h2>
                <dl class="pairs">
                    <div>
                        <dt>"In force"</dt>
                        <dd>
                            {if versions == 0 { "nothing yet".to_owned() } else { format!("version {versions}") }}
                            {(versions > 0).then(|| view! { " " <a href=format!("/connectors/{number}/versions")>"History"</a> })}
                        </dd>
                    </div>
                    {changes.map(|state| view! {
                        <div>
                            <dt>"Its service"</dt>
                            <dd><StateBadge state/> " " <a href=format!("/connectors/{number}/changes")>"Differences"</a></dd>
                        </div>
                    })}
                    <CheckFacts check/>
                </dl>
                {can_ask.then(|| view! { <SyncForm number label="Sync now"/> })}
            </div>
        </section>
    }
    .into_any()
}

fn meaning(mode: ConnectorMode) -> &'static str {
    match mode {
        ConnectorMode::Deactive => "Listed, but never called.",
        ConnectorMode::Sync => "Its definitions follow its service.",
        ConnectorMode::Active => "Its definitions are pinned: what its service changes waits for a superuser.",
    }
}

/// The other modes: a way there, or why there is none.
#[component]
fn Ways(summary: ConnectorSummary) -> AnyView {
    let others = || MODES.into_iter().filter(|mode| *mode != summary.mode);
    let number = summary.connector_id;
    let open = others().filter(|mode| obstacle(&summary, *mode).is_none()).map(|mode| {
        let href = format!("/connectors/{number}?become={mode}");
        view! { <a class="button" href=href data-dialog="">{verb(mode)}</a> }
    });
    let shut = others().filter_map(|mode| obstacle(&summary, mode));
    view! {
        <div class="actions">{open.collect_view()}</div>
        {shut.map(|reason| view! { <p class="field-help">{reason}</p> }).collect_view()}
    }
    .into_any()
}
