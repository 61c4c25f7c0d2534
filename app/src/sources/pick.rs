//! What a new source is to be a use of: a connector of the catalogue, or one that is still to come.

use super::create::path_of_new;
use crate::{
    paths,
    ui::{EmptyState, Icon, Logo, ModeBadge, NoSuchPage, Pager, Search, if_there, things},
};
use leptos::prelude::*;
use patchbay_domain::{
    connector::{ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary},
    page::{Page, PageRequest},
    source::TYPE_MAX,
};
use patchbay_engine::{Actor, Engine, Error, connectors::ConnectorFilter};

/// How many connectors a page shows.
const CONNECTORS: u32 = 20;
const PATH: &str = "/sources/new";

/// Which connectors are looked through.
#[derive(Debug, Clone)]
pub(super) struct Picking {
    /// What is searched for.
    pub(super) q: String,
    /// Where the page begins.
    pub(super) cursor: String,
}

impl Picking {
    /// The connectors to choose from; nothing when the list has no such page.
    pub(super) async fn offers(&self, engine: &Engine, actor: &Actor) -> Result<Option<Page<ConnectorSummary>>, Error> {
        let filter = ConnectorFilter {
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            kind: Some(ConnectorKind::Catalog),
            sort: ConnectorSort::Name,
            ..ConnectorFilter::default()
        };
        let request = PageRequest {
            limit: Some(CONNECTORS),
            cursor: Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty()),
        };
        if_there(engine.connectors(actor, &filter, &request).await, &request)
    }

    fn page(&self, cursor: &str) -> String {
        paths::with_query(PATH, &[("q", &self.q), ("cursor", cursor)])
    }
}

/// The catalogue's connectors, and a field for the name of another one.
#[component]
pub(super) fn Pick(picking: Picking, offers: Option<Page<ConnectorSummary>>) -> AnyView {
    view! {
        <section class="section" aria-labelledby="pick">
            <div class="section-head"><h2 id="pick">"Pick a connector"</h2></div>
            <Offers picking offers/>
        </section>
        <Other/>
    }
    .into_any()
}

#[component]
fn Offers(picking: Picking, offers: Option<Page<ConnectorSummary>>) -> AnyView {
    let Some(Page {
        items,
        total,
        next_cursor,
    }) = offers
    else {
        return view! { <NoSuchPage first=picking.page("")/> }.into_any();
    };
    if items.is_empty() && picking.q.is_empty() {
        return view! {
            <EmptyState icon=Icon::Connector title="No connectors yet">
                <p>"Superusers keep the catalogue. You can name the connector that you wait for below."</p>
            </EmptyState>
        }
        .into_any();
    }
    let first = (!picking.cursor.is_empty()).then(|| picking.page(""));
    let next = next_cursor.map(|cursor| picking.page(&cursor));
    let has_found = !items.is_empty();
    view! {
        <Search action=PATH label="Search connectors" q=picking.q/>
        {if has_found {
            view! {
                <ul class="rows">
                    {items.into_iter().map(|connector| view! { <Offer connector/> }).collect_view()}
                </ul>
            }
            .into_any()
        } else {
            view! {
                <EmptyState icon=Icon::Search title="Nothing found">
                    <p>"No connector matches. Names and descriptions were searched."</p>
                    <p class="actions"><a class="button" href=PATH>"Show all connectors"</a></p>
                </EmptyState>
            }
            .into_any()
        }}
        <Pager total first next/>
    }
    .into_any()
}

#[component]
fn Offer(connector: ConnectorSummary) -> AnyView {
    let tools = (connector.mode != ConnectorMode::Deactive).then(|| things(connector.tools_count, "tool"));
    let label = format!("Use {}", connector.name);
    view! {
        <li class="row row-plain row-pick">
            <Logo url=connector.logo_url name=connector.name.clone()/>
            <span class="row-words">
                <span class="row-name">{connector.name.clone()}</span>
                <ModeBadge mode=connector.mode/>
                <span class="row-text">{connector.description}</span>
            </span>
            {tools.map(|tools| view! { <span class="row-note">{tools}</span> })}
            <a class="button" href=path_of_new(&connector.name) aria-label=label>"Use it"</a>
        </li>
    }
    .into_any()
}

/// A form with GET, like a search: it leads to the form for that type.
#[component]
fn Other() -> AnyView {
    view! {
        <section class="section" aria-labelledby="other">
            <div class="section-head"><h2 id="other">"Or name one that nobody offers yet"</h2></div>
            <p class="section-about">
                "The source waits for a connector of exactly this name and offers no tools until there is one."
            </p>
            <form class="form form-inline" method="get" action=PATH>
                <div class="field">
                    <label class="field-label" for="other-type">"Name of the connector"</label>
                    <input class="input" id="other-type" name="type" required=true maxlength=TYPE_MAX autocomplete="off"/>
                </div>
                <button class="button" type="submit">"Go on"</button>
            </form>
        </section>
    }
    .into_any()
}
