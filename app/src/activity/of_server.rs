//! One server's calls.

use super::{
    Range,
    range::Ranges,
    series::{bars, sums, total},
    tables::{Row, Sums},
};
use crate::{
    context,
    layout::Frame,
    ui::{Chart, EmptyState, Icon, PageHeader, Stat, count, page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{
    Timestamp,
    server::ServerView,
    usage::{UsagePoint, UsageQuery},
};
use patchbay_engine::error::NotFound;

/// One server's calls over time and by tool.
#[component]
pub(crate) fn ServerActivityPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let range = use_query_map().with_untracked(|query| Range::parse(&query.get("range").unwrap_or_default()));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let now = expect_context::<Frame>().now;
        let server = engine.server(&actor, id.parse().map_err(|_| NotFound::Server)?).await?;
        let query = UsageQuery {
            mcp_server_id: Some(server.id),
            by_tool: true,
            ..range.query(now)
        };
        let points = engine.usage(&actor, &query).await?;
        Ok(view! { <Content server range now points/> }.into_any())
    })
}

#[component]
fn Content(server: ServerView, range: Range, now: Timestamp, points: Vec<UsagePoint>) -> AnyView {
    let path = format!("/servers/{}", server.id);
    let (activity, connect) = (format!("{path}/activity"), format!("{path}#connect"));
    let usage = total(&points);
    let drawn = bars(range, now, &points);
    let tools = sums(&points, |point| point.tool.clone()).into_iter();
    let rows: Vec<_> = tools
        .map(|(name, usage)| Row {
            name,
            href: None,
            usage,
        })
        .collect();
    let content = if usage.calls == 0 {
        view! {
            <EmptyState icon=Icon::Activity title="No calls in this time">
                <p>"Once a client calls one of this server's tools, its calls are counted here."</p>
                <p class="actions"><a class="button" href=connect>"Connect a client"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <div class="stats">
                <Stat label="Calls" value=count(usage.calls)/>
                <Stat label="Errors" value=count(usage.errors)/>
                <Stat label="Average time" value=format!("{} ms", count(usage.mean_ms))/>
            </div>
            <Chart id="calls" title=format!("Calls, {}", range.label().to_lowercase()) span="From" bars=drawn/>
            <Sums id="tools" title="By tool" what="Tool" rows/>
        }
        .into_any()
    };
    view! {
        <PageHeader title="Activity" parent=(server.name, path) about="Finished calls of this server's tools. The newest may take a few seconds to be counted."/>
        <Ranges path=activity chosen=range/>
        {content}
    }
    .into_any()
}
