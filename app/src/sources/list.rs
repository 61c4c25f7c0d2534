//! The list of a person's sources.

use super::{
    query::{PATH, SourcesQuery},
    read::{Found, found},
    title,
};
use crate::ui::{
    BindingBadge, EmptyState, Icon, IconView, Logo, NoSuchPage, PageHeader, Pager, Search, TimeAgo, page, things,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{page::Page, source::SourceView};

/// A person's sources.
#[component]
pub(crate) fn SourcesPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| SourcesQuery::from(query));
    page(async move {
        let found = found(&query).await?;
        let view = view! {
            <PageHeader title="Sources"
                about="Your configured uses of connectors. An MCP server offers the tools of as many as you like.">
                <a class="button button-primary" href="/sources/new"><IconView icon=Icon::Plus/> "Create source"</a>
            </PageHeader>
            <List found query/>
        };
        Ok(view.into_any())
    })
}

#[component]
fn List(found: Found, query: SourcesQuery) -> AnyView {
    let Found { page, types } = found;
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = page
    else {
        return view! { <Filters query=query.clone() types/><NoSuchPage first=query.page("")/> }.into_any();
    };
    if items.is_empty() && !query.is_filtered() {
        return view! { <Nothing/> }.into_any();
    }
    let first = (!query.cursor.is_empty()).then(|| query.page(""));
    let next = next_cursor.map(|cursor| query.page(&cursor));
    let list = if items.is_empty() {
        view! {
            <EmptyState icon=Icon::Search title="Nothing found">
                <p>"No source matches. Names and types were searched."</p>
                <p class="actions"><a class="button" href=PATH>"Show all sources"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <p class="list-count">{things(total, "source")}</p><Table sources=items/> }.into_any()
    };
    view! { <Filters query types/>{list}<Pager total first next/> }.into_any()
}

#[component]
fn Filters(query: SourcesQuery, types: Vec<String>) -> AnyView {
    let SourcesQuery { q, kind, .. } = query;
    view! {
        <Search action=PATH label="Search sources" q=q>
            <div class="search-filters">
                <select class="input search-filter" name="type" aria-label="Type">
                    <option value="">"All types"</option>
                    {types.into_iter().map(|it| {
                        let selected = it == kind;
                        let label = it.clone();
                        view! { <option value=it selected=selected>{label}</option> }
                    }).collect_view()}
                </select>
            </div>
        </Search>
    }
    .into_any()
}

#[component]
fn Nothing() -> AnyView {
    view! {
        <EmptyState icon=Icon::Source title="No sources yet">
            <p>
                "A source is a connector as you use it: a notebook of yours, an account, a project, with what the connector has to know "
                "about it. Servers are made from sources, and one source can be in many of them."
            </p>
            <p class="actions"><a class="button button-primary" href="/sources/new">"Add your first source"</a></p>
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Table(sources: Vec<SourceView>) -> AnyView {
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Type"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Used by"</th>
                    <th scope="col">"Last change"</th>
                </tr>
            </thead>
            <tbody>{sources.into_iter().map(|source| view! { <Row source/> }).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(source: SourceView) -> AnyView {
    let logo = source
        .connector
        .as_ref()
        .and_then(|connector| connector.logo_url.clone());
    let used = match source.mcp_servers.len() as u64 {
        0 => "no server".to_owned(),
        n => things(n, "server"),
    };
    view! {
        <tr>
            <th scope="row"><a href=format!("/sources/{}", source.id)>{title(&source)}</a></th>
            <td data-label="Type"><span class="with-logo"><Logo url=logo name=source.kind.clone()/>{source.kind}</span></td>
            <td data-label="State"><BindingBadge state=source.state/></td>
            <td data-label="Used by">{used}</td>
            <td data-label="Last change" class="date"><TimeAgo at=source.updated_at/></td>
        </tr>
    }
    .into_any()
}
