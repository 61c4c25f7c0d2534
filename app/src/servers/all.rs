//! Everybody's servers, for admins: nothing of what their owners configured.

use super::{
    api::{RESTORE_SERVER, RestoreServer},
    deleted::RestoreButton,
    erase::EraseDialog,
    list::NothingFound,
    query::{PATH_OF_ALL, ServersQuery},
    table::Calls,
    tabs::Tabs,
};
use crate::{
    context,
    ui::{
        EmptyState, Hidden, Icon, InPlaceForm, NoSuchPage, PageHeader, Pager, Search, TimeAgo, form, if_there, page,
        things,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::{page::Page, server::ServerOfUser};

/// Everybody's servers.
#[component]
pub(crate) fn AllServersPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| ServersQuery::read(PATH_OF_ALL, query));
    let erase = use_query_map().with_untracked(|query| query.get("erase"));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let request = query.request();
        let servers = engine.servers_of_all(&actor, &query.filter(), &request).await;
        let servers = if_there(servers, &request)?;
        let listed = servers.as_ref().map(|page| page.items.as_slice()).unwrap_or_default();
        let erasing = erase.and_then(|id| listed.iter().find(|server| server.id.to_string() == id).cloned());
        let close = query.here();
        let view = view! {
            <PageHeader title="Everybody's MCP servers" parent=("MCP servers", "/servers")
                about="What there is, whose it is, and how much it is used. What is configured stays its owner's."/>
            <Tabs here=PATH_OF_ALL is_admin=true/>
            <List servers query/>
            <div id="dialogs">{erasing.map(|server| view! { <EraseDialog server close/> })}</div>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(servers: Option<Page<ServerOfUser>>, query: ServersQuery) -> AnyView {
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = servers
    else {
        return view! { <NoSuchPage first=query.page("")/> }.into_any();
    };
    let first = (!query.cursor.is_empty()).then(|| query.page(""));
    let next = next_cursor.map(|cursor| query.page(&cursor));
    let (is_searched, deleted) = (!query.q.is_empty(), query.deleted);
    let content = if !items.is_empty() {
        view! { <p class="list-count">{things(total, "server")}</p><Table servers=items query=query.clone()/> }
            .into_any()
    } else if is_searched {
        view! { <NothingFound all=PATH_OF_ALL/> }.into_any()
    } else {
        view! {
            <EmptyState icon=Icon::Server title="No servers">
                <p>{if deleted { "Nobody has a deleted server." } else { "Nobody has made a server yet." }}</p>
            </EmptyState>
        }
        .into_any()
    };
    view! {
        <Search action=PATH_OF_ALL label="Search names, endpoints and owners" q=query.q>
            <div class="search-filters">
                <select class="input search-filter" name="deleted" aria-label="Deleted or not">
                    <option value="">"In use"</option>
                    <option value="1" selected=deleted>"Deleted"</option>
                </select>
            </div>
        </Search>
        {content}
        <Pager total first next/>
    }
    .into_any()
}

#[component]
fn Table(servers: Vec<ServerOfUser>, query: ServersQuery) -> AnyView {
    let form = form(RESTORE_SERVER);
    let deleted = query.deleted;
    view! {
        <InPlaceForm form action=RestoreServer::url() words="The server was not restored">
            <Hidden name="from" value=query.here()/>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col">"Endpoint"</th>
                        <th scope="col" class="number">"Calls, 24 h"</th>
                        <th scope="col">{if deleted { "Deleted" } else { "Created" }}</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{servers.into_iter().map(|server| {
                    let erase = query.erasing(&server.id.to_string());
                    view! { <Row server erase/> }
                }).collect_view()}</tbody>
            </table>
        </InPlaceForm>
    }
    .into_any()
}

#[component]
fn Row(server: ServerOfUser, erase: String) -> AnyView {
    let (label, at) = match server.deleted_at {
        Some(at) => ("Deleted", at),
        None => ("Created", server.created_at),
    };
    let sources = (server.sources_count > 0).then(|| things(server.sources_count, "source"));
    let made_from: Vec<_> = server.connector.into_iter().chain(sources).collect();
    let made_from = match made_from.as_slice() {
        [] => "made from nothing yet".to_owned(),
        parts => format!("made from {}", parts.join(", ")),
    };
    let is_deleted = server.deleted_at.is_some();
    let erase_label = format!("Delete {} for good", server.name);
    view! {
        <tr>
            <th scope="row">{server.name.clone()} <span class="made-from">{made_from}</span></th>
            <td data-label="Owner" class="owner">{server.owner}</td>
            <td data-label="Endpoint"><code class="endpoint-text">{server.endpoint}</code></td>
            <td data-label="Calls, 24 h" class="number"><Calls usage=server.usage/></td>
            <td data-label=label class="date"><TimeAgo at/></td>
            <td class="table-action">
                <div class="table-actions">
                    {is_deleted.then(|| view! { <RestoreButton id=server.id.to_string() name=server.name/> })}
                    <a class="button button-danger-quiet" href=erase aria-label=erase_label data-dialog="">"Delete for good"</a>
                </div>
            </td>
        </tr>
    }
    .into_any()
}
