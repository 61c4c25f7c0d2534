//! Whether a source works: its connector's service is asked for its tools.

use super::api::{TEST_SOURCE, TestSource};
use crate::ui::{Hidden, InPlaceForm, Submit, count, form, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{ids::SourceId, source::SourceTest};
use serde::{Deserialize, Serialize};

/// How many tools are named.
const TOOLS: usize = 30;

/// What came of a test, as it waits for the page: without the tools' schemas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tested {
    success: bool,
    message: Option<String>,
    tools: Vec<String>,
    total: u64,
    took_ms: u64,
}

impl Tested {
    /// What the page says of a test.
    pub(super) fn of(test: SourceTest) -> Self {
        Self {
            success: test.success,
            message: test.error_message,
            total: test.tools.len() as u64,
            tools: test.tools.into_iter().take(TOOLS).map(|tool| tool.name).collect(),
            took_ms: test.took_ms,
        }
    }
}

/// The button, and what came of it.
#[component]
pub(super) fn Test(source: SourceId, tested: Option<Tested>) -> AnyView {
    let form = form(TEST_SOURCE);
    let label = if tested.is_some() { "Test again" } else { "Test" };
    view! {
        <section class="section" aria-labelledby="test">
            <div class="section-head"><h2 id="test">"Test"</h2></div>
            <p class="section-about">
                "Asks the connector's service for its tools, with this configuration. It takes ten seconds at the most, and calls none."
            </p>
            {tested.map(|tested| view! { <Outcome tested/> })}
            <InPlaceForm form action=TestSource::url() words="The source was not tested" class="form form-button">
                <Hidden name="source_id" value=source.to_string()/>
                <Submit label secondary=true slow="Waiting for the service…"/>
            </InPlaceForm>
        </section>
    }
    .into_any()
}

#[component]
fn Outcome(tested: Tested) -> AnyView {
    let (class, words) = if tested.success {
        ("badge badge-good", "It works")
    } else {
        ("badge badge-bad", "It doesn't work")
    };
    let beyond = tested.total.saturating_sub(tested.tools.len() as u64);
    let tools = tested.success.then(|| things(tested.total, "tool"));
    view! {
        <div class="panel test" role="status">
            <p class="trial-head">
                <span class=class>{words}</span>
                <span>{format!("in {} ms", count(tested.took_ms))}</span>
                {tools.map(|tools| view! { <span>{tools}</span> })}
            </p>
            {tested.message.map(|message| view! { <p>{message}</p> })}
            {(!tested.tools.is_empty()).then(|| view! {
                <ul class="chips" aria-label="Tools">
                    {tested.tools.into_iter().map(|tool| view! { <li class="chip"><code>{tool}</code></li> }).collect_view()}
                    {(beyond > 0).then(|| view! { <li class="chip">{format!("+ {} more", count(beyond))}</li> })}
                </ul>
            })}
        </div>
    }
    .into_any()
}
