//! The overview.

use super::next_steps::NextSteps;
use crate::{
    context,
    layout::Frame,
    servers::ServerTable,
    ui::{PageHeader, Stat, count, page},
};
use leptos::prelude::*;
use patchbay_domain::{page::PageRequest, server::ServerView};
use patchbay_engine::servers::Overview;

/// How many of the newest servers are shown.
const NEWEST: u32 = 5;

/// How things are, and what to do next.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    page(async {
        let (engine, actor) = context::signed_in()?;
        let newest = PageRequest {
            limit: Some(NEWEST),
            cursor: None,
        };
        let servers = engine.servers(&actor, &newest).await?.items;
        let numbers = engine.overview(&actor).await?;
        Ok(view! { <Content numbers servers/> }.into_any())
    })
}

#[component]
fn Content(numbers: Overview, servers: Vec<ServerView>) -> impl IntoView {
    let frame = expect_context::<Frame>();
    let is_superuser = frame.is_superuser();
    let email = frame.me.map(|me| me.email).unwrap_or_default();
    let usage = numbers.usage;
    let waiting = match numbers.connectors_waiting {
        0 => String::new(),
        n => format!("{} waiting to be activated", count(n)),
    };
    let mean = match usage.calls {
        0 => String::new(),
        _ => format!("{} ms on average", count(usage.mean_ms)),
    };
    view! {
        <PageHeader title="Overview" about=format!("Signed in as {email}")/>
        <div class="stats">
            <Stat label="MCP servers" value=count(numbers.servers) href="/servers"/>
            <Stat label="Active connectors" value=count(numbers.connectors_active) note=waiting href="/connectors"/>
            <Stat label="Calls, last 24 h" value=count(usage.calls) note=mean/>
            <Stat label="Errors, last 24 h" value=count(usage.errors)/>
        </div>
        <NextSteps numbers is_superuser/>
        {(!servers.is_empty()).then(|| view! {
            <section class="section" aria-labelledby="newest">
                <div class="section-head">
                    <h2 id="newest">"Your newest MCP servers"</h2>
                    <a href="/servers">"All servers"</a>
                </div>
                <ServerTable servers/>
            </section>
        })}
    }
}
