//! Editing a server: its name, and how its own connector is configured.

use super::api::{self, CONFIGURATION, UPDATE_SERVER, UpdateServer};
use crate::{
    configuration::{ConfigurationFields, ConfigurationForm},
    context,
    ui::{Field, Hidden, InPlaceForm, Kind, PageHeader, Submit, Words, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;
use patchbay_domain::{connector::ConnectorView, ids::ConnectorRef, server::ServerView};

/// A server's name and configuration.
#[component]
pub(crate) fn EditServerPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let server = engine.server(&actor, api::parse(&id)?).await?;
        let connector = match &server.connector {
            Some(connector) => Some(engine.connector(&actor, ConnectorRef::Id(connector.id)).await?),
            None => None,
        };
        Ok(view! { <Page server connector/> }.into_any())
    })
}

#[component]
fn Page(server: ServerView, connector: Option<ConnectorView>) -> AnyView {
    let form = form(UPDATE_SERVER);
    let back = format!("/servers/{}", server.id);
    let again = format!("{back}/edit");
    let words = Words::from("The server was not saved").with_way(Kind::Edited, "Show it as it is now", again);
    let configuration = connector.map(|connector| {
        let configuration = ConfigurationForm::of(Some(&connector)).filled(&server.configuration);
        view! { <ConfigurationFields form configuration prefix=CONFIGURATION/> }
    });
    view! {
        <PageHeader title=format!("Edit {}", server.name) parent=(server.name.clone(), back.clone())/>
        <section class="panel narrow" aria-label="Server">
            <InPlaceForm form action=UpdateServer::url() words>
                <Hidden name="server_id" value=server.id.to_string()/>
                <Hidden name="version" value=server.updated_at.to_string()/>
                <Field form name="name" label="Name" value=server.name required=true help="For you, to tell your servers apart."/>
                {configuration}
                <div class="form-actions">
                    <Submit label="Save"/>
                    <a class="button button-quiet" href=back>"Cancel"</a>
                </div>
            </InPlaceForm>
        </section>
    }
    .into_any()
}
