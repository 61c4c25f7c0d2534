//! The overview.

use super::{attention::AttentionList, next_steps::NextSteps};
use crate::{
    activity::{Range, bars},
    context,
    layout::Frame,
    servers::ServerTable,
    ui::{Bar, Chart, PageHeader, Stat, count, page},
};
use leptos::prelude::*;
use patchbay_domain::{overview::Overview, page::PageRequest, server::ServerView};
use patchbay_engine::servers::ServerFilter;

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
        let servers = engine.servers(&actor, &ServerFilter::default(), &newest).await?.items;
        let numbers = engine.overview(&actor).await?;
        let now = expect_context::<Frame>().now;
        let points = engine.usage(&actor, &Range::Day.query(now)).await?;
        let bars = bars(Range::Day, now, &points);
        Ok(view! { <Content numbers servers bars/> }.into_any())
    })
}

#[component]
fn Content(numbers: Overview, servers: Vec<ServerView>, bars: Vec<Bar>) -> AnyView {
    let frame = expect_context::<Frame>();
    let (is_superuser, now) = (frame.is_superuser(), frame.now);
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
    let attention = numbers.attention.clone();
    let has_calls = bars.iter().any(|bar| bar.calls > 0);
    view! {
        <PageHeader title="Overview" about=format!("Signed in as {email}")/>
        <div class="stats">
            <Stat label="MCP servers" value=count(numbers.mcp_servers) href="/servers"/>
            <Stat label="Sources" value=count(numbers.sources) href="/sources"/>
            <Stat label="Active connectors" value=count(numbers.connectors_active) note=waiting href="/connectors"/>
            <Stat label="Calls, last 24 h" value=count(usage.calls) note=mean href="/activity"/>
            <Stat label="Errors, last 24 h" value=count(usage.errors) href="/activity"/>
        </div>
        <AttentionList attention now/>
        <NextSteps numbers is_superuser/>
        {has_calls.then(|| view! { <Chart id="calls" title="Calls, last 24 hours" span="From" bars/> })}
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
    .into_any()
}
