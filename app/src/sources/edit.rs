//! Editing a source.

use super::{
    api::{self, METADATA, UPDATE_SOURCE, UpdateSource},
    read, title,
};
use crate::{
    configuration::{ConfigurationFields, ConfigurationForm},
    context,
    ui::{Field, Hidden, InPlaceForm, Kind, PageHeader, Submit, Words, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;
use patchbay_domain::{connector::ConnectorView, source::SourceView};

/// What another type means.
const TYPE_HELP: &str = "The name of the connector that it waits for. With another one, type all secrets again: none is \
    kept. To its servers it is a new source then: its tools get a new prefix there, and their settings and the tools made \
    from its templates are gone.";

/// Its name and its configuration; its type while no connector is of it.
#[component]
pub(crate) fn EditSourcePage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let (source, connector) = read::source(&engine, &actor, api::parse(&id)?).await?;
        Ok(view! { <Page source connector/> }.into_any())
    })
}

#[component]
fn Page(source: SourceView, connector: Option<ConnectorView>) -> AnyView {
    let form = form(UPDATE_SOURCE);
    let back = format!("/sources/{}", source.id);
    let again = format!("{back}/edit");
    let title = title(&source);
    let configuration = ConfigurationForm::of(connector.as_ref()).filled(&source.source_metadata);
    let words = Words::from("The source was not saved").with_way(Kind::Edited, "Show it as it is now", again);
    let kind = connector.is_none().then(|| {
        view! {
            <Field form name="kind" error_key="type" label="Type" value=source.kind.clone() required=true
                help=TYPE_HELP/>
        }
    });
    view! {
        <PageHeader title=format!("Edit {title}") parent=(title, back.clone())/>
        <section class="panel narrow" aria-label="Source">
            <InPlaceForm form action=UpdateSource::url() words>
                <Hidden name="source_id" value=source.id.to_string()/>
                <Hidden name="version" value=source.updated_at.to_string()/>
                {kind}
                <Field form name="name" label="Name" value=source.name.unwrap_or_default() placeholder=source.kind
                    mark_optional=true help="For you, to tell your sources apart."/>
                <ConfigurationFields form configuration prefix=METADATA/>
                <div class="form-actions">
                    <Submit label="Save"/>
                    <a class="button button-quiet" href=back>"Cancel"</a>
                </div>
            </InPlaceForm>
        </section>
    }
    .into_any()
}
