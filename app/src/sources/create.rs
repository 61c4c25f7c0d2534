//! Making a source: first what it is a use of, then how.

use super::{
    api::{CREATE_SOURCE, CreateSource, METADATA},
    pick::{Pick, Picking},
};
use crate::{
    configuration::{ConfigurationFields, ConfigurationForm},
    connectors::connector_named,
    context, paths,
    ui::{Field, Hidden, InPlaceForm, Logo, ModeBadge, PageHeader, Submit, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::connector::{ConnectorMode, ConnectorView};

/// The address of the form for a type, or of the choice of one.
pub(crate) fn path_of_new(kind: &str) -> String {
    paths::with_query("/sources/new", &[("type", kind)])
}

/// The choice, or the form.
#[component]
pub(crate) fn NewSourcePage() -> impl IntoView {
    let get = |name: &str| {
        use_query_map()
            .with_untracked(|query| query.get(name))
            .unwrap_or_default()
    };
    let kind = get("type").trim().to_owned();
    let picking = Picking {
        q: get("q"),
        cursor: get("cursor"),
    };
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let content = if kind.is_empty() {
            let offers = picking.offers(&engine, &actor).await?;
            view! { <Pick picking offers/> }.into_any()
        } else {
            let connector = connector_named(&engine, &actor, &kind).await?;
            view! { <CreateForm kind connector/> }.into_any()
        };
        let view = view! {
            <PageHeader title="Create source" parent=("Sources", "/sources")
                about="A connector as you use it: with your notebook, your account, your project."/>
            {content}
        };
        Ok(view.into_any())
    })
}

#[component]
fn CreateForm(kind: String, connector: Option<ConnectorView>) -> AnyView {
    let form = form(CREATE_SOURCE);
    let configuration = ConfigurationForm::of(connector.as_ref());
    let takes_nothing = configuration.is_empty();
    view! {
        <section class="panel narrow" aria-label="New source">
            <Identity kind=kind.clone() connector/>
            <InPlaceForm form action=CreateSource::url() words="The source was not created">
                <Hidden name="kind" value=kind.clone()/>
                <Field form name="name" label="Name" placeholder=kind mark_optional=true autofocus=true
                    help="For you, to tell your sources apart."/>
                <ConfigurationFields form configuration prefix=METADATA/>
                {takes_nothing.then(|| view! { <p class="field-help">"The connector asks for no configuration."</p> })}
                <div class="form-actions">
                    <Submit label="Create source"/>
                    <a class="button button-quiet" href="/sources">"Cancel"</a>
                </div>
            </InPlaceForm>
        </section>
    }
    .into_any()
}

/// What it is a use of, and what that means right now.
#[component]
fn Identity(kind: String, connector: Option<ConnectorView>) -> AnyView {
    let another = view! { <a href="/sources/new">"Another type"</a> };
    match connector.map(|connector| connector.summary) {
        Some(it) => {
            let note = (it.mode == ConnectorMode::Deactive)
                .then_some("It is not activated: a source of it offers no tools until a superuser activates it.");
            view! {
                <div class="identity">
                    <Logo url=it.logo_url name=it.name.clone()/>
                    <div class="identity-words">
                        <span class="identity-name">{it.name}</span>
                        <p class="panel-about">{it.description}</p>
                        {note.map(|note| view! { <p class="panel-about">{note}</p> })}
                        {another}
                    </div>
                    <ModeBadge mode=it.mode/>
                </div>
            }
            .into_any()
        }
        None => view! {
            <div class="identity">
                <Logo url=None name=kind.clone()/>
                <div class="identity-words">
                    <span class="identity-name">{kind}</span>
                    <p class="panel-about">
                        "No connector has this name yet. The source is kept, and offers its tools as soon as there is an active one."
                    </p>
                    {another}
                </div>
            </div>
        }
        .into_any(),
    }
}
