//! The list of connectors, with the register form for superusers.

use super::{
    activate::{ActivateDialog, ActivateSection},
    card::ConnectorCard,
    filters::Filters,
    query::{ConnectorsQuery, PATH},
    read::{Catalogue, catalogue},
    register::RegisterPanel,
};
use crate::{
    layout::Frame,
    ui::{EmptyState, Icon, NoSuchPage, PageHeader, Pager, page, things},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorSummary},
    page::Page,
};

/// The catalogue.
#[component]
pub(crate) fn ConnectorsPage() -> impl IntoView {
    let query = use_query_map().with_untracked(|query| ConnectorsQuery::from(query));
    page(async move {
        let found = catalogue(&query).await?;
        Ok(view! { <Content found query/> }.into_any())
    })
}

#[component]
fn Content(found: Catalogue, query: ConnectorsQuery) -> impl IntoView {
    let is_superuser = expect_context::<Frame>().is_superuser();
    let Catalogue {
        page,
        registered,
        activating,
    } = found;
    let waiting = registered.filter(|connector| connector.mode == ConnectorMode::Deactive);
    let close = query.activating("");
    view! {
        <PageHeader title="Connectors" about="Services that offer MCP tools. Servers are made from the active ones."/>
        {waiting.map(|connector| view! { <ActivateSection connector/> })}
        <div class="with-aside" class:is-whole=!is_superuser>
            <section class="section" aria-label="Catalogue"><List page query is_superuser/></section>
            {is_superuser.then(|| view! { <RegisterPanel/> })}
        </div>
        <div id="dialogs">{activating.map(|(connector, impact)| view! { <ActivateDialog connector impact close/> })}</div>
    }
}

#[component]
fn List(page: Option<Page<ConnectorSummary>>, query: ConnectorsQuery, is_superuser: bool) -> AnyView {
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = page
    else {
        return view! {
            <Filters query=query.clone() is_superuser/>
            <LeftOut words=query.left_out.clone()/>
            <NoSuchPage first=query.page("")/>
        }
        .into_any();
    };
    if items.is_empty() && !query.is_filtered() && query.cursor.is_empty() {
        return view! { <Nothing/> }.into_any();
    }
    let first = (!query.cursor.is_empty()).then(|| query.page(""));
    let next = next_cursor.map(|cursor| query.page(&cursor));
    let has_found = !items.is_empty();
    view! {
        <Filters query=query.clone() is_superuser/>
        <LeftOut words=query.left_out.clone()/>
        {if has_found {
            view! {
                <p class="list-count">{things(total, "connector")}</p>
                <ul class="cards">
                    {items.into_iter().map(|connector| {
                        let query = query.clone();
                        view! { <ConnectorCard connector is_superuser query/> }
                    }).collect_view()}
                </ul>
            }
            .into_any()
        } else {
            view! { <NothingFound/> }.into_any()
        }}
        <Pager total first next/>
    }
    .into_any()
}

/// What of the address was not heeded.
#[component]
fn LeftOut(words: Vec<String>) -> impl IntoView {
    (!words.is_empty()).then(|| {
        view! { <p class="list-count" role="status">"Left out, because it means nothing here: " <code>{words.join(", ")}</code></p> }
    })
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState icon=Icon::Connector title="No connectors yet">
            <p>"The catalogue lists the services whose tools can be used here. Superusers register them and, once the service runs, activate them."</p>
        </EmptyState>
    }
}

#[component]
fn NothingFound() -> impl IntoView {
    view! {
        <EmptyState icon=Icon::Search title="Nothing found">
            <p>"No connector matches. Names and descriptions were searched."</p>
            <p class="actions"><a class="button" href=PATH>"Show all connectors"</a></p>
        </EmptyState>
    }
}
