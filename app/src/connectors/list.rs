//! The list of connectors, with the register form for superusers.

use super::{
    activate::{ActivateDialog, ActivateSection},
    card::ConnectorCard,
    read::{Catalogue, ConnectorsQuery, catalogue},
    register::RegisterPanel,
};
use crate::{
    layout::Frame,
    paths,
    ui::{EmptyState, Icon, PageHeader, Pager, Search, page},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorSummary},
    page::Page,
};

const PATH: &str = "/connectors";

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
    let without_dialog = paths::with_query(
        PATH,
        &[("q", &query.q), ("mode", &query.mode), ("cursor", &query.cursor)],
    );
    view! {
        <PageHeader title="Connectors" about="Services that offer MCP tools. Servers are made from the active ones."/>
        {waiting.map(|connector| view! { <ActivateSection connector/> })}
        <div class="with-aside" class:is-whole=!is_superuser>
            <List page query is_superuser/>
            {is_superuser.then(|| view! { <RegisterPanel/> })}
        </div>
        <div id="dialogs">{activating.map(|connector| view! { <ActivateDialog connector close=without_dialog/> })}</div>
    }
}

#[component]
fn List(page: Page<ConnectorSummary>, query: ConnectorsQuery, is_superuser: bool) -> AnyView {
    let filters = [("q", query.q.as_str()), ("mode", query.mode.as_str())];
    let first = (!query.cursor.is_empty()).then(|| paths::with_query(PATH, &filters));
    let next = page.next_cursor.as_ref().map(|cursor| {
        paths::with_query(
            PATH,
            &[
                ("q", query.q.as_str()),
                ("mode", query.mode.as_str()),
                ("cursor", cursor.as_str()),
            ],
        )
    });
    let is_filtered = !(query.q.is_empty() && query.mode.is_empty());
    let total = page.total;
    let is_empty = page.items.is_empty();
    let (q, mode) = (query.q.clone(), query.mode.clone());
    view! {
        <section class="section" aria-label="Catalogue">
            {(is_filtered || !is_empty).then(|| view! {
                <Search action=PATH label="Search connectors" q=q>
                    <ModeFilter mode/>
                </Search>
            })}
            {match (is_empty, is_filtered) {
                (true, false) => view! { <Nothing/> }.into_any(),
                (true, true) => view! { <NothingFound/> }.into_any(),
                (false, _) => view! {
                    <ul class="cards">
                        {page.items.into_iter().map(|connector| {
                            let query = query.clone();
                            view! { <ConnectorCard connector is_superuser query/> }
                        }).collect_view()}
                    </ul>
                }
                .into_any(),
            }}
            <Pager total first next/>
        </section>
    }
    .into_any()
}

#[component]
fn ModeFilter(mode: String) -> impl IntoView {
    let option = |value: ConnectorMode| {
        let selected = mode == value.as_str();
        view! { <option value=value.as_str() selected=selected>{value.label()}</option> }
    };
    view! {
        <select class="input search-filter" name="mode" aria-label="Mode">
            <option value="">"All modes"</option>
            {option(ConnectorMode::Active)}
            {option(ConnectorMode::Sync)}
            {option(ConnectorMode::Deactive)}
        </select>
    }
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
