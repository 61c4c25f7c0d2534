//! A source's page.

use super::{
    api,
    delete::DeleteDialog,
    read,
    test::{Test, Tested},
    title,
};
use crate::{
    configuration::{ConfigurationFacts, ConfigurationForm},
    context, paths,
    ui::{BindingBadge, EmptyState, Icon, IconView, Logo, PageHeader, TimeAgo, page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{
    connector::ConnectorView,
    ids::SourceId,
    server::ServerConnector,
    source::{BindingState, ServerBrief, SourceView},
};

/// What a source is, how it is configured, whether it works, and where it is used.
#[component]
pub(crate) fn SourcePage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let is_deleting = use_query_map().with_untracked(|query| query.get("delete").is_some());
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let id = api::parse(&id)?;
        let (source, connector) = read::source(&engine, &actor, id).await?;
        let tested = context::take_test(id).await?;
        let deleting = is_deleting.then(|| source.clone());
        let view = view! {
            <Source source connector tested/>
            <div id="dialogs">{deleting.map(|source| view! { <DeleteDialog source/> })}</div>
        };
        Ok(view.into_any())
    })
}

#[component]
fn Source(source: SourceView, connector: Option<ConnectorView>, tested: Option<Tested>) -> AnyView {
    let id = source.id;
    let form = ConfigurationForm::of(connector.as_ref());
    let new_server = paths::with_query("/servers/new", &[("source", &id.to_string())]);
    let can_be_tested = matches!(source.state, BindingState::Ready | BindingState::Misfit);
    view! {
        <PageHeader title=title(&source) parent=("Sources", "/sources")>
            <a class="button button-danger-quiet" href=format!("/sources/{id}?delete=1") data-dialog="">"Delete"</a>
            <a class="button" href=format!("/sources/{id}/edit")>"Edit"</a>
            <a class="button button-primary" href=new_server><IconView icon=Icon::Plus/> "Create Server"</a>
        </PageHeader>
        {source.notice.clone().map(|notice| view! { <Notice id state=source.state notice/> })}
        <About source=source.clone()/>
        <section class="section" aria-labelledby="configuration">
            <div class="section-head"><h2 id="configuration">"Configuration"</h2></div>
            <div class="panel"><ConfigurationFacts form stored=source.source_metadata/></div>
        </section>
        {can_be_tested.then(|| view! { <Test source=id tested/> })}
        <Servers servers=source.mcp_servers/>
    }
    .into_any()
}

/// Why not all is well.
#[component]
fn Notice(id: SourceId, state: BindingState, notice: String) -> AnyView {
    let way = (state == BindingState::Misfit).then(|| {
        view! { <p class="notice-detail"><a href=format!("/sources/{id}/edit")>"Edit the configuration"</a></p> }
    });
    view! {
        <section class="notice notice-wait" aria-label="The source's state">
            <p class="notice-text">{notice}</p>
            {way}
        </section>
    }
    .into_any()
}

#[component]
fn About(source: SourceView) -> AnyView {
    view! {
        <section class="panel" aria-label="About">
            <dl class="pairs">
                <div><dt>"Type"</dt><dd><Kind kind=source.kind connector=source.connector/></dd></div>
                <div><dt>"State"</dt><dd><BindingBadge state=source.state/></dd></div>
                <div><dt>"Created"</dt><dd><TimeAgo at=source.created_at/></dd></div>
                <div><dt>"Last change"</dt><dd><TimeAgo at=source.updated_at/></dd></div>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Kind(kind: String, connector: Option<ServerConnector>) -> AnyView {
    let (logo, href) = match connector {
        Some(it) => (it.logo_url, Some(format!("/connectors/{}", it.connector_id))),
        None => (None, None),
    };
    let name = match href {
        Some(href) => view! { <a href=href>{kind.clone()}</a> }.into_any(),
        None => kind.clone().into_any(),
    };
    view! { <span class="with-logo"><Logo url=logo name=kind/>{name}</span> }.into_any()
}

#[component]
fn Servers(servers: Vec<ServerBrief>) -> AnyView {
    let total = servers.len();
    view! {
        <section class="section" aria-labelledby="servers">
            <div class="section-head"><h2 id="servers">"Servers that use it" <span class="count">{total}</span></h2></div>
            {if servers.is_empty() {
                view! {
                    <EmptyState icon=Icon::Server title="No server uses it yet">
                        <p>"Create one from it, or add it to one that you have, on that server's page."</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! {
                    <ul class="rows">
                        {servers.into_iter().map(|server| view! {
                            <li class="row row-plain">
                                <IconView icon=Icon::Server/>
                                <a class="row-name" href=format!("/servers/{}", server.id)>{server.name}</a>
                            </li>
                        }).collect_view()}
                    </ul>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}
