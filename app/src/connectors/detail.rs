//! A connector's page.

use super::{
    activate::ActivateDialog,
    read::{connector, id_in_path},
    tools::{TemplateList, ToolList},
};
use crate::{
    layout::Frame,
    ui::{CopyLine, Icon, IconView, Logo, ModeBadge, PageHeader, TimeAgo, page},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorSummary, ConnectorView},
    schema_form::{FieldKind, SchemaField, SchemaForm},
};
use serde_json::Value;

/// What a connector offers, and what can be done with it.
#[component]
pub(crate) fn ConnectorPage() -> impl IntoView {
    let id = id_in_path();
    let wants_dialog = use_query_map().with_untracked(|query| query.get("activate").is_some());
    page(async move {
        let connector = connector(&id).await?;
        let is_superuser = expect_context::<Frame>().is_superuser();
        let activating = (wants_dialog && is_superuser).then(|| connector.summary.clone());
        let close = format!("/connectors/{}", connector.summary.connector_id);
        let view = view! {
            <Connector connector is_superuser/>
            <div id="dialogs">{activating.map(|connector| view! { <ActivateDialog connector close/> })}</div>
        };
        Ok(view.into_any())
    })
}

#[component]
fn Connector(connector: ConnectorView, is_superuser: bool) -> AnyView {
    let ConnectorView {
        summary,
        tools,
        templates,
        config_params,
        ..
    } = connector;
    let for_actions = summary.clone();
    let is_waiting = summary.mode == ConnectorMode::Deactive;
    let (tools_count, templates_count) = (tools.len(), templates.len());
    view! {
        <PageHeader title=summary.name.clone() parent=("Connectors", "/connectors")>
            <Actions summary=for_actions is_superuser/>
        </PageHeader>
        <Facts summary is_superuser/>
        {(!is_waiting).then(|| view! {
            <section class="section" aria-labelledby="tools">
                <div class="section-head"><h2 id="tools">"Tools" <span class="count">{tools_count}</span></h2></div>
                <ToolList tools/>
            </section>
        })}
        {(!templates.is_empty()).then(|| view! {
            <section class="section" aria-labelledby="templates">
                <div class="section-head"><h2 id="templates">"Templates" <span class="count">{templates_count}</span></h2></div>
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
    view! {
        {is_superuser.then(|| view! { <a class=class href=format!("/connectors/{number}?activate={number}") data-dialog="">{label}</a> })}
        {(summary.mode == ConnectorMode::Active).then(|| view! {
            <a class="button button-primary" href=format!("/connectors/{number}/create-server")>
                <IconView icon=Icon::Plus/> "Create Server"
            </a>
        })}
    }
    .into_any()
}

#[component]
fn Facts(summary: ConnectorSummary, is_superuser: bool) -> AnyView {
    let has_url = !summary.url.is_empty();
    let hint = match summary.mode {
        ConnectorMode::Deactive if is_superuser => Some(
            "Start the connector's service, then activate it with its URL. Servers can be made from it after that.",
        ),
        ConnectorMode::Deactive => Some("A superuser has to activate it before servers can be made from it."),
        ConnectorMode::Sync => {
            Some("It follows its service. Servers that exist keep running; new ones can't be made in this mode.")
        }
        ConnectorMode::Active => None,
    };
    view! {
        <section class="panel" aria-label="About">
            <div class="identity">
                <Logo url=summary.logo_url name=summary.name/>
                <div class="identity-words">
                    <p class="identity-text">{summary.description}</p>
                    {hint.map(|hint| view! { <p class="panel-about">{hint}</p> })}
                </div>
                <ModeBadge mode=summary.mode/>
            </div>
            <dl class="pairs">
                <div><dt>"Number"</dt><dd>{summary.connector_id}</dd></div>
                <div><dt>"Version"</dt><dd>{summary.version}</dd></div>
                <div><dt>"Secret"</dt><dd>{if summary.has_secret { "Stored, encrypted" } else { "None" }}</dd></div>
                <div><dt>"Registered"</dt><dd><TimeAgo at=summary.created_at/></dd></div>
                <div><dt>"Last change"</dt><dd><TimeAgo at=summary.updated_at/></dd></div>
            </dl>
            {has_url.then(|| view! { <CopyLine id="connector-url" what="URL" text=summary.url/> })}
        </section>
    }
    .into_any()
}

#[component]
fn Configuration(schema: Value) -> impl IntoView {
    let form = SchemaForm::parse(&schema);
    (!form.fields.is_empty()).then(|| {
        view! {
            <section class="section" aria-labelledby="configuration">
                <div class="section-head"><h2 id="configuration">"Configuration"</h2></div>
                <p class="section-about">"What a server made from this connector is asked for."</p>
                <ul class="rows">
                    {form.fields.into_iter().map(|field| view! { <Setting field/> }).collect_view()}
                </ul>
            </section>
        }
    })
}

#[component]
fn Setting(field: SchemaField) -> AnyView {
    let is_secret = field.kind == FieldKind::Password;
    view! {
        <li class="row row-plain">
            <span class="row-words">
                <span class="row-name">{field.label}</span>
                {field.required.then(|| view! { <span class="tag">"required"</span> })}
                {is_secret.then(|| view! { <span class="tag">"secret"</span> })}
                {field.help.map(|help| view! { <span class="row-text">{help}</span> })}
            </span>
            {field.default.map(|default| view! { <span class="row-note">"default " <code>{default}</code></span> })}
        </li>
    }
    .into_any()
}
