//! The calls of all of a person's servers.

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
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    Timestamp,
    ids::ServerId,
    page::{MAX_LIMIT, PageRequest},
    usage::{UsagePoint, UsageQuery},
};
use patchbay_engine::{Actor, Engine, Error, servers::ServerFilter};
use std::collections::{HashMap, HashSet};

/// A person's calls over time, by server and by tool.
#[component]
pub(crate) fn ActivityPage() -> impl IntoView {
    let range = use_query_map().with_untracked(|query| Range::parse(&query.get("range").unwrap_or_default()));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let now = expect_context::<Frame>().now;
        let by_server = UsageQuery {
            by_server: true,
            ..range.query(now)
        };
        let points = engine.usage(&actor, &by_server).await?;
        let called = points.iter().filter_map(|point| point.mcp_server_id).collect();
        let names = names_of(&engine, &actor, &called).await?;
        Ok(view! { <Content range now points names/> }.into_any())
    })
}

/// The names of those of the servers that are still there.
async fn names_of(
    engine: &Engine,
    actor: &Actor,
    servers: &HashSet<ServerId>,
) -> Result<HashMap<ServerId, String>, Error> {
    let mut names = HashMap::new();
    let mut request = PageRequest {
        limit: Some(MAX_LIMIT),
        cursor: None,
    };
    while names.len() < servers.len() {
        let page = engine.servers(actor, &ServerFilter::default(), &request).await?;
        let named = page.items.into_iter().map(|server| (server.id, server.name));
        names.extend(named.filter(|(id, _)| servers.contains(id)));
        match page.next_cursor {
            Some(_) => request.cursor = page.next_cursor,
            None => break,
        }
    }
    Ok(names)
}

#[component]
fn Content(range: Range, now: Timestamp, points: Vec<UsagePoint>, names: HashMap<ServerId, String>) -> AnyView {
    let servers = sums(&points, |point| point.mcp_server_id).into_iter();
    let rows: Vec<_> = servers
        .map(|(id, usage)| {
            let name = names.get(&id);
            Row {
                href: name.map(|_| format!("/servers/{id}/activity")),
                name: name.cloned().unwrap_or_else(|| "A deleted server".to_owned()),
                usage,
            }
        })
        .collect();
    let kind = Kind {
        id: "servers",
        title: "By server",
        what: "MCP server",
    };
    let nothing = Nothing {
        words: "Once a client calls a tool of one of your servers, its calls are counted here.",
        way: ("/servers".to_owned(), "Go to your servers"),
    };
    view! {
        <PageHeader title="Activity" about="Finished calls of your servers' tools. The newest may take a few seconds to be counted."/>
        <Ranges path="/activity".to_owned() chosen=range/>
        <Calls range now points kind rows nothing/>
    }
    .into_any()
}
