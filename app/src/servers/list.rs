//! The list of a person's servers.

use crate::{
    context, paths,
    ui::{CopyLine, EmptyState, Icon, Logo, ModeBadge, NoSuchPage, PageHeader, Pager, TimeAgo, count, if_there, page},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    page::{Page, PageRequest},
    server::ServerView,
    usage::UsageView,
};

/// How many servers a page shows.
const PAGE: u32 = 25;

/// A person's servers.
#[component]
pub(crate) fn ServersPage() -> impl IntoView {
    let cursor = use_query_map()
        .with_untracked(|query| query.get("cursor"))
        .filter(|cursor| !cursor.is_empty());
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let is_first = cursor.is_none();
        let request = PageRequest {
            limit: Some(PAGE),
            cursor,
        };
        let page = if_there(engine.servers(&actor, &request).await, &request)?;
        let view = view! {
            <PageHeader title="MCP servers" about="Your endpoints. Each has a connector's tools behind it and tokens of its own.">
                <a class="button button-primary" href="/connectors?mode=active">"New server"</a>
            </PageHeader>
            <List page is_first/>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(page: Option<Page<ServerView>>, is_first: bool) -> impl IntoView {
    let Some(page) = page else {
        return view! { <NoSuchPage first="/servers"/> }.into_any();
    };
    if page.items.is_empty() {
        return view! {
            <EmptyState icon=Icon::Server title="No MCP servers yet">
                <p>"An MCP server is an endpoint with a connector's tools behind it. Pick an active connector and create one."</p>
                <p class="actions"><a class="button button-primary" href="/connectors?mode=active">"Pick a connector"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let first = (!is_first).then(|| "/servers".to_owned());
    let next = page
        .next_cursor
        .as_deref()
        .map(|cursor| paths::with_query("/servers", &[("cursor", cursor)]));
    view! { <ServerTable servers=page.items/><Pager total=page.total first next/> }.into_any()
}

/// Servers as a table; cards in a narrow window.
#[component]
pub(crate) fn ServerTable(servers: Vec<ServerView>) -> AnyView {
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Connector"</th>
                    <th scope="col">"Endpoint"</th>
                    <th scope="col" class="number">"Calls, 24 h"</th>
                    <th scope="col">"Created"</th>
                </tr>
            </thead>
            <tbody>
                {servers.into_iter().enumerate().map(|(index, server)| view! { <Row server index/> }).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(server: ServerView, index: usize) -> AnyView {
    let connector = server.connector.map(|connector| {
        view! {
            <span class="with-logo">
                <Logo url=connector.logo_url name=connector.name.clone()/>
                <a href=format!("/connectors/{}", connector.connector_id)>{connector.name.clone()}</a>
                <ModeBadge mode=connector.mode/>
            </span>
        }
    });
    view! {
        <tr>
            <th scope="row"><a href=format!("/servers/{}", server.id)>{server.name}</a></th>
            <td data-label="Connector">{connector}</td>
            <td data-label="Endpoint"><CopyLine id=format!("endpoint-{index}") what="endpoint" text=server.endpoint/></td>
            <td data-label="Calls, 24 h" class="number"><Calls usage=server.usage/></td>
            <td data-label="Created" class="date"><TimeAgo at=server.created_at/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Calls(usage: UsageView) -> impl IntoView {
    view! {
        {count(usage.calls)}
        {(usage.errors > 0).then(|| view! { <span class="failed">{format!("{} failed", count(usage.errors))}</span> })}
    }
}
