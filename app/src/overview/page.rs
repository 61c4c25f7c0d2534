//! The overview.

use super::{
    api::{OverviewData, get_overview},
    next_steps::NextSteps,
};
use crate::{
    layout::{Frame, use_site},
    servers::ServerTable,
    ui::{PageHeader, Stat, count, load},
};
use leptos::prelude::*;

/// How things are, and what to do next.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let site = use_site();
    let data = Resource::new(move || site.reloads(), |_| get_overview());
    load(data, |data, frame| view! { <Overview data frame/> }.into_any())
}

#[component]
fn Overview(data: OverviewData, frame: Frame) -> impl IntoView {
    let OverviewData { numbers, servers } = data;
    let usage = numbers.usage;
    let waiting = (numbers.connectors_waiting > 0)
        .then(|| format!("{} waiting to be activated", count(numbers.connectors_waiting)));
    let mean = (usage.calls > 0).then(|| format!("{} ms on average", count(usage.mean_ms)));
    let (email, is_superuser) = frame
        .me
        .map(|me| (me.email.clone(), me.is_superuser()))
        .unwrap_or_default();
    view! {
        <PageHeader title="Overview" about=format!("Signed in as {email}")/>
        <div class="stats">
            <Stat label="MCP servers" value=count(numbers.servers) href="/servers"/>
            <Stat label="Active connectors" value=count(numbers.connectors_active) note=waiting.unwrap_or_default() href="/connectors"/>
            <Stat label="Calls, last 24 h" value=count(usage.calls) note=mean.unwrap_or_default()/>
            <Stat label="Errors, last 24 h" value=count(usage.errors)/>
        </div>
        <NextSteps numbers is_superuser/>
        {(!servers.is_empty()).then(|| view! {
            <section class="section" aria-labelledby="newest">
                <div class="section-head"><h2 id="newest">"Your newest MCP servers"</h2><a href="/servers">"All servers"</a></div>
                <ServerTable servers/>
            </section>
        })}
    }
}
