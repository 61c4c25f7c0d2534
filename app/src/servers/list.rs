//! The list of a person's servers, and of those that they deleted.

use super::{
    deleted::DeletedTable,
    query::{PATH, ServersQuery},
    table::ServerTable,
    tabs::Tabs,
};
use crate::{
    context,
    ui::{EmptyState, Icon, IconView, NoSuchPage, PageHeader, Pager, Search, if_there, page, things},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{page::Page, server::ServerView};

/// A person's servers.
#[component]
pub(crate) fn ServersPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| ServersQuery::read(PATH, query));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let request = query.request();
        let servers = engine.servers(&actor, &query.filter(), &request).await;
        let servers = if_there(servers, &request)?;
        let here = if query.deleted { "/servers?deleted=1" } else { PATH };
        let view = view! {
            <PageHeader title="MCP servers" about="Your endpoints. Each offers the tools that it is made from, to whom you give a token.">
                <a class="button button-primary" href="/servers/new"><IconView icon=Icon::Plus/> "Create Server"</a>
            </PageHeader>
            <Tabs here is_admin=actor.is_admin()/>
            <List servers query/>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(servers: Option<Page<ServerView>>, query: ServersQuery) -> AnyView {
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = servers
    else {
        return view! { <NoSuchPage first=query.page("")/> }.into_any();
    };
    if items.is_empty() && query.q.is_empty() {
        return view! { <Nothing deleted=query.deleted/> }.into_any();
    }
    let first = (!query.cursor.is_empty()).then(|| query.page(""));
    let next = next_cursor.map(|cursor| query.page(&cursor));
    let (has_found, deleted, from) = (!items.is_empty(), query.deleted, query.here());
    let all = if deleted { "/servers?deleted=1" } else { PATH };
    view! {
        <Search action=PATH label="Search servers" q=query.q>
            {deleted.then(|| view! { <input type="hidden" name="deleted" value="1"/> })}
        </Search>
        {if !has_found {
            view! { <NothingFound all/> }.into_any()
        } else if deleted {
            view! { <p class="list-count">{things(total, "deleted server")}</p><DeletedTable servers=items from/> }.into_any()
        } else {
            view! { <p class="list-count">{things(total, "server")}</p><ServerTable servers=items/> }.into_any()
        }}
        <Pager total first next/>
    }
    .into_any()
}

#[component]
fn Nothing(deleted: bool) -> AnyView {
    if deleted {
        return view! {
            <EmptyState icon=Icon::Server title="No deleted servers">
                <p>"A server that you delete waits here. It keeps its endpoint, and can be restored."</p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState icon=Icon::Server title="No MCP servers yet">
            <p>"An MCP server is an endpoint with tools behind it: those of an active connector, or of sources that you configured."</p>
            <p class="actions">
                <a class="button button-primary" href="/connectors?mode=active">"Pick a connector"</a>
                <a class="button" href="/servers/new">"Create one from sources"</a>
            </p>
        </EmptyState>
    }
    .into_any()
}

/// What stands where a search found none.
#[component]
pub(super) fn NothingFound(all: &'static str) -> AnyView {
    view! {
        <EmptyState icon=Icon::Search title="Nothing found">
            <p>"No server matches what was searched for."</p>
            <p class="actions"><a class="button" href=all>"Show all servers"</a></p>
        </EmptyState>
    }
    .into_any()
}
