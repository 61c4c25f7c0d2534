//! Making a server from sources, with a connector of its own if that is wanted.

use super::{
    api::{CONFIGURATION, CREATE_SERVER, CreateServer},
    source_choice::SourceChoice,
};
use crate::{
    configuration::{ConfigurationFields, ConfigurationForm},
    connectors::connector_ref,
    context,
    layout::here,
    ui::{EmptyState, Field, Hidden, Icon, InPlaceForm, Logo, ModeBadge, PageHeader, Submit, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    connector::{ConnectorKind, ConnectorMode, ConnectorSort, ConnectorSummary, ConnectorView},
    page::{MAX_LIMIT, PageRequest},
};
use patchbay_engine::{Actor, Engine, Error, connectors::ConnectorFilter, sources::SourceBrief};

/// A name, the sources, and what the configuration of a connector of its own asks for.
#[component]
pub(crate) fn NewServerPage() -> impl IntoView {
    let get = |name: &str| {
        use_query_map()
            .with_untracked(|query| query.get(name))
            .unwrap_or_default()
    };
    let (connector, chosen, from) = (get("connector"), get("source"), here());
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let sources = engine.source_names(&actor).await?;
        let connector = match connector.as_str() {
            "" => None,
            id => Some(engine.connector(&actor, connector_ref(id)?).await?),
        };
        let offers = match connector {
            None => active_connectors(&engine, &actor).await?,
            Some(_) => Vec::new(),
        };
        Ok(view! { <Page connector offers sources chosen from/> }.into_any())
    })
}

/// Connectors to choose from, by name. Those beyond a page's worth are found in the catalogue, which leads here, too.
async fn active_connectors(engine: &Engine, actor: &Actor) -> Result<Vec<ConnectorSummary>, Error> {
    let filter = ConnectorFilter {
        mode: Some(ConnectorMode::Active),
        kind: Some(ConnectorKind::Catalog),
        sort: ConnectorSort::Name,
        ..ConnectorFilter::default()
    };
    let request = PageRequest {
        limit: Some(MAX_LIMIT),
        cursor: None,
    };
    Ok(engine.connectors(actor, &filter, &request).await?.items)
}

#[component]
fn Page(
    connector: Option<ConnectorView>,
    offers: Vec<ConnectorSummary>,
    sources: Vec<SourceBrief>,
    chosen: String,
    from: String,
) -> AnyView {
    let has_sources = !sources.is_empty();
    let content = if connector.is_none() && !has_sources {
        view! { <NoSources/> }.into_any()
    } else {
        view! { <NewServer connector sources chosen from/> }.into_any()
    };
    view! {
        <PageHeader title="Create MCP server" parent=("MCP servers", "/servers")
            about="It gets an endpoint and a token of its own, and offers the tools of what you make it from."/>
        {content}
        {(!offers.is_empty()).then(|| view! { <OwnConnector offers has_sources/> })}
    }
    .into_any()
}

#[component]
fn NoSources() -> AnyView {
    view! {
        <EmptyState icon=Icon::Source title="No sources yet">
            <p>
                "A server is made from sources: connectors as you use them. Add one, then come back. Or make the server straight from a "
                "connector below, which is enough where one of its kind is all you need."
            </p>
            <p class="actions"><a class="button button-primary" href="/sources/new">"Create source"</a></p>
        </EmptyState>
    }
    .into_any()
}

/// The choice of a connector of its own. A form with GET: the page that it leads to asks for its configuration.
#[component]
fn OwnConnector(offers: Vec<ConnectorSummary>, has_sources: bool) -> AnyView {
    let title = if has_sources {
        "With a connector of its own"
    } else {
        "Straight from a connector"
    };
    view! {
        <section class="section narrow" aria-labelledby="own-connector">
            <div class="section-head"><h2 id="own-connector">{title}</h2></div>
            <p class="section-about">
                "Its tools keep their names, and its configuration belongs to this server alone: no source is needed for it."
            </p>
            <form class="form form-inline" method="get" action="/servers/new">
                <div class="field">
                    <label class="field-label" for="connector">"Connector"</label>
                    <select class="input" id="connector" name="connector">
                        {offers.into_iter().map(|it| view! { <option value=it.connector_id.to_string()>{it.name}</option> }).collect_view()}
                    </select>
                </div>
                <button class="button" type="submit">"Use it"</button>
            </form>
        </section>
    }
    .into_any()
}

/// The form, with a connector of its own or without.
#[component]
pub(crate) fn NewServer(
    connector: Option<ConnectorView>,
    sources: Vec<SourceBrief>,
    /// The source that is ticked at first.
    #[prop(optional)]
    chosen: String,
    /// This page.
    from: String,
) -> AnyView {
    let summary = connector.as_ref().map(|connector| connector.summary.clone());
    let is_possible = summary.as_ref().is_none_or(|it| it.mode == ConnectorMode::Active);
    let configuration = connector.map(|connector| ConfigurationForm::of(Some(&connector)));
    view! {
        <section class="panel narrow" aria-label="New server">
            {summary.clone().map(|summary| view! { <Identity summary/> })}
            {if is_possible {
                view! { <CreateForm summary configuration sources chosen from/> }.into_any()
            } else {
                view! {
                    <p>"Servers are made from active connectors. This one is not active right now."</p>
                    <p class="actions"><a class="button" href="/connectors?mode=active">"Show active connectors"</a></p>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Identity(summary: ConnectorSummary) -> AnyView {
    view! {
        <div class="identity">
            <Logo url=summary.logo_url name=summary.name.clone()/>
            <div class="identity-words">
                <a class="identity-name" href=format!("/connectors/{}", summary.connector_id)>{summary.name}</a>
                <p class="panel-about">{summary.description}</p>
            </div>
            <ModeBadge mode=summary.mode/>
        </div>
    }
    .into_any()
}

#[component]
fn CreateForm(
    summary: Option<ConnectorSummary>,
    configuration: Option<ConfigurationForm>,
    sources: Vec<SourceBrief>,
    chosen: String,
    from: String,
) -> AnyView {
    let form = form(CREATE_SERVER);
    let (cancel, name) = match &summary {
        Some(it) => (format!("/connectors/{}", it.connector_id), it.name.clone()),
        None => ("/servers".to_owned(), String::new()),
    };
    let is_own = summary.is_some();
    let chosen = form.typed("source_ids").unwrap_or(chosen);
    view! {
        <InPlaceForm form action=CreateServer::url() words="The server was not created">
            <Hidden name="from" value=from/>
            {summary.map(|it| view! { <Hidden name="connector_id" value=it.connector_id.to_string()/> })}
            <Field form name="name" label="Name" value=name required=true help="For you, to tell your servers apart."/>
            {configuration.map(|configuration| view! { <ConfigurationFields form configuration prefix=CONFIGURATION/> })}
            <SourceChoice form sources chosen is_own/>
            <div class="form-actions">
                <Submit label="Create Server"/>
                <a class="button button-quiet" href=cancel>"Cancel"</a>
            </div>
        </InPlaceForm>
    }
    .into_any()
}
