//! A connector's page.

use super::{
    activate::ActivateDialog,
    configuration::Configuration,
    delete::DeleteDialog,
    edit::EditDialog,
    facts::Facts,
    keeping::Keeping,
    mode::ModeDialog,
    query::Ask,
    read::{connector, id_in_path, impact_of, sources_of},
    tools::{TemplateList, ToolList},
};
use crate::{
    layout::Frame,
    sources::path_of_new,
    ui::{Icon, IconView, PageHeader, page},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    changes::Impact,
    connector::{ChangesState, ConnectorMode, ConnectorSummary, ConnectorView},
};

/// What a connector offers, and what can be done with it.
#[component]
pub(crate) fn ConnectorPage() -> impl IntoView {
    let id = id_in_path();
    let ask = use_query_map().with_untracked(Ask::read);
    page(async move {
        let connector = connector(&id).await?;
        let is_superuser = expect_context::<Frame>().is_superuser();
        let is_so_already = ask == Some(Ask::Become(connector.summary.mode));
        let ask = ask.filter(|_| is_superuser && !is_so_already);
        let impact = impact_of(ask, &connector.summary).await?;
        let summary = connector.summary.clone();
        let sources = sources_of(&summary.name).await?;
        let view = view! {
            <Connector connector sources is_superuser/>
            <div id="dialogs">{ask.map(|ask| view! { <Question ask summary impact/> })}</div>
        };
        Ok(view.into_any())
    })
}

/// The dialog that the address opens.
#[component]
fn Question(ask: Ask, summary: ConnectorSummary, impact: Impact) -> AnyView {
    let close = format!("/connectors/{}", summary.connector_id);
    match ask {
        Ask::Activate => view! { <ActivateDialog connector=summary impact close/> }.into_any(),
        Ask::Edit => view! { <EditDialog connector=summary close/> }.into_any(),
        Ask::Become(mode) => view! { <ModeDialog connector=summary to=mode impact close/> }.into_any(),
        Ask::Delete => view! { <DeleteDialog connector=summary impact close/> }.into_any(),
    }
}

#[component]
fn Connector(
    connector: ConnectorView,
    /// How many sources of it whoever looks has.
    sources: u64,
    is_superuser: bool,
) -> AnyView {
    let ConnectorView {
        summary,
        tools,
        templates,
        config_params,
        check,
        ..
    } = connector;
    let is_off = summary.mode == ConnectorMode::Deactive;
    let (tools_count, templates_count) = (tools.len(), templates.len());
    let (name, for_actions) = (summary.name.clone(), summary.clone());
    let waiting = is_superuser.then(|| view! { <Waiting summary=summary.clone()/> });
    let keeping = is_superuser.then(|| view! { <Keeping summary=summary.clone() check/> });
    view! {
        <PageHeader title=name parent=("Connectors", "/connectors")>
            <Actions summary=for_actions is_superuser/>
        </PageHeader>
        {waiting}
        <Facts summary sources is_superuser/>
        {keeping}
        {(!is_off).then(|| view! {
            <section class="section" aria-labelledby="tools">
                <div class="section-head"><h2 id="tools">"Tools" <span class="count">{tools_count}</span></h2></div>
                <ToolList tools/>
            </section>
        })}
        {(!templates.is_empty()).then(|| view! {
            <section class="section" aria-labelledby="templates">
                <div class="section-head"><h2 id="templates">"Templates" <span class="count">{templates_count}</span></h2></div>
                <p class="section-about">"Each makes tools of one's own: on a server's page, by fixing some of its arguments."</p>
                <TemplateList templates/>
            </section>
        })}
        {config_params.map(|schema| view! { <Configuration schema/> })}
    }
    .into_any()
}

#[component]
fn Actions(summary: ConnectorSummary, is_superuser: bool) -> AnyView {
    let number = summary.connector_id;
    let (label, class) = match summary.mode {
        ConnectorMode::Deactive => ("Activate", "button button-primary"),
        ConnectorMode::Sync | ConnectorMode::Active => ("Activate again", "button"),
    };
    let ask = move |what: &str| format!("/connectors/{number}?{what}=1");
    view! {
        {is_superuser.then(|| view! {
            <a class="button button-danger-quiet" href=ask("delete") data-dialog="">"Delete"</a>
            <a class="button" href=ask("edit") data-dialog="">"Edit"</a>
            <a class=class href=ask("activate") data-dialog="">{label}</a>
        })}
        {(summary.mode == ConnectorMode::Active).then(|| view! {
            <a class="button" href=path_of_new(&summary.name)><IconView icon=Icon::Source/> "Create source"</a>
            <a class="button button-primary" href=format!("/connectors/{number}/create-server")>
                <IconView icon=Icon::Plus/> "Create Server"
            </a>
        })}
    }
    .into_any()
}

/// What wants a decision, above everything else.
#[component]
fn Waiting(summary: ConnectorSummary) -> impl IntoView {
    let href = format!("/connectors/{}/changes", summary.connector_id);
    (summary.changes == Some(ChangesState::Waiting)).then(|| {
        view! {
            <section class="panel panel-waiting" aria-labelledby="waiting-title">
                <div>
                    <h2 id="waiting-title">{ChangesState::Waiting.label()}</h2>
                    <p>"Its service says something else than what is in force. Clients go on seeing what is in force until you decide."</p>
                </div>
                <a class="button button-primary" href=href>"Look at the changes"</a>
            </section>
        }
    })
}
