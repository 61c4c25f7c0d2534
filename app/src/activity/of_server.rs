//! One server's calls.

use super::{
    Range,
    range::Ranges,
    series::sums,
    shown::{Calls, Kind, Nothing},
    tables::Row,
};
use crate::{
    context,
    layout::Frame,
    ui::{PageHeader, page},
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
    let tools = sums(&points, |point| point.tool.clone()).into_iter();
    let rows: Vec<_> = tools
        .map(|(name, usage)| Row {
            name,
            href: None,
            usage,
        })
        .collect();
    let kind = Kind {
        id: "tools",
        title: "By tool",
        what: "Tool",
    };
    let nothing = Nothing {
        words: "Once a client calls one of this server's tools, its calls are counted here.",
        way: (connect, "Connect a client"),
    };
    view! {
        <PageHeader title="Activity" parent=(server.name, path) about="Finished calls of this server's tools. The newest may take a few seconds to be counted."/>
        <Ranges path=activity chosen=range/>
        <Calls range now points kind rows nothing/>
    }
    .into_any()
}
