//! Making an MCP server from an active connector.

use super::read::{connector, id_in_path};
use crate::{
    servers::{CREATE_SERVER, CreateServer},
    ui::{Field, Hidden, InPlaceForm, Logo, ModeBadge, PageHeader, SchemaFields, Submit, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorView},
    schema_form::SchemaForm,
};

/// A name, and what the connector's configuration asks for.
#[component]
pub(crate) fn CreateServerPage() -> impl IntoView {
    let id = id_in_path();
    page(async move {
        let connector = connector(&id).await?;
        Ok(view! { <Page connector/> }.into_any())
    })
}

#[component]
fn Page(connector: ConnectorView) -> impl IntoView {
    let ConnectorView {
        summary, config_params, ..
    } = connector;
    let number = summary.connector_id;
    let is_active = summary.mode == ConnectorMode::Active;
    let fields = SchemaForm::parse(&config_params.unwrap_or_default());
    view! {
        <PageHeader title="Create MCP server" parent=("Connectors", "/connectors")
            about="It gets an endpoint and a token of its own, with this connector's tools behind it."/>
        <section class="panel narrow" aria-label="New server">
            <div class="identity">
                <Logo url=summary.logo_url name=summary.name.clone()/>
                <div class="identity-words">
                    <a class="identity-name" href=format!("/connectors/{number}")>{summary.name.clone()}</a>
                    <p class="panel-about">{summary.description}</p>
                </div>
                <ModeBadge mode=summary.mode/>
            </div>
            {if is_active {
                view! { <CreateForm number name=summary.name fields/> }.into_any()
            } else {
                view! {
                    <p>"Servers are made from active connectors. This one is not active right now."</p>
                    <p class="actions"><a class="button" href="/connectors?mode=active">"Show active connectors"</a></p>
                }
                .into_any()
            }}
        </section>
    }
}

#[component]
fn CreateForm(number: i64, name: String, fields: SchemaForm) -> impl IntoView {
    let form = form(CREATE_SERVER);
    let has_fields = !fields.fields.is_empty();
    view! {
        <InPlaceForm form action=CreateServer::url() words="The server was not created">
            <Hidden name="connector_id" value=number.to_string()/>
            <Field form name="name" label="Name" value=name required=true help="For you, to tell your servers apart."/>
            {has_fields.then(|| view! {
                <fieldset class="fieldset">
                    <legend>"Configuration"</legend>
                    <SchemaFields form fields prefix="configuration"/>
                </fieldset>
            })}
            <div class="form-actions">
                <Submit label="Create Server"/>
                <a class="button button-quiet" href=format!("/connectors/{number}")>"Cancel"</a>
            </div>
        </InPlaceForm>
    }
}
