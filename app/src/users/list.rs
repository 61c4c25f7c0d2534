//! The list of users.

use super::{
    filters::Filters,
    query::{PATH, UsersQuery},
    words::{roles, state},
};
use crate::{
    context,
    layout::Frame,
    ui::{EmptyState, Icon, NoSuchPage, PageHeader, Pager, TimeAgo, count, if_there, page, things},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    page::Page,
    user::{UserEntry, UserView},
};

/// Everybody who has an account.
#[component]
pub(crate) fn UsersPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| UsersQuery::from(query));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let request = query.request();
        let found = if_there(engine.users(&actor, &query.filter(), &request).await, &request)?;
        let view = view! {
            <PageHeader title="Users" about="Everybody who has an account here.">
                <a class="button button-primary" href="/users/invitations">"Invite"</a>
            </PageHeader>
            <Filters query=query.clone()/>
            <List found query/>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(found: Option<Page<UserEntry>>, query: UsersQuery) -> AnyView {
    let Some(found) = found else {
        return view! { <NoSuchPage first=query.page("")/> }.into_any();
    };
    if found.items.is_empty() && query.is_filtered() {
        return view! {
            <EmptyState icon=Icon::Search title="Nobody found">
                <p>"No account matches. Addresses were searched."</p>
                <p class="actions"><a class="button" href=PATH>"Show all users"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let first = (!query.cursor.is_empty()).then(|| query.page(""));
    let next = found.next_cursor.as_deref().map(|cursor| query.page(cursor));
    view! {
        <p class="list-count">{things(found.total, "user")}</p>
        <Table users=found.items/>
        <Pager total=found.total first next/>
    }
    .into_any()
}

#[component]
fn Table(users: Vec<UserEntry>) -> AnyView {
    let me = expect_context::<Frame>().me;
    let is_me = |user: &UserView| me.as_ref().is_some_and(|me| me.id == user.id);
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Email"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="number">"MCP servers"</th>
                    <th scope="col" class="number">"Sources"</th>
                    <th scope="col">"Last seen"</th>
                    <th scope="col">"Member since"</th>
                </tr>
            </thead>
            <tbody>
                {users.into_iter().map(|entry| {
                    let is_me = is_me(&entry.user);
                    view! { <Row entry is_me/> }
                }).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(entry: UserEntry, is_me: bool) -> AnyView {
    let UserEntry {
        user,
        servers_count,
        sources_count,
        last_seen_at,
    } = entry;
    let (class, state) = state(&user);
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/users/{}", user.id)>{user.email}</a>
                {is_me.then(|| view! { " " <span class="tag">"you"</span> })}
            </th>
            <td data-label="Role">{roles(&user.roles)}</td>
            <td data-label="State"><span class=class>{state}</span></td>
            <td data-label="MCP servers" class="number">{count(servers_count)}</td>
            <td data-label="Sources" class="number">{count(sources_count)}</td>
            <td data-label="Last seen" class="date">
                {match last_seen_at {
                    Some(at) => view! { <TimeAgo at/> }.into_any(),
                    None => "not signed in".into_any(),
                }}
            </td>
            <td data-label="Member since" class="date"><TimeAgo at=user.created_at/></td>
        </tr>
    }
    .into_any()
}
