//! Making a tool of one's own from a template of the server's connector.

use super::{
    api::{self, CREATE_TOOL, CreateTool},
    template_form::{ARGUMENTS, AS_JSON, TemplateForm},
};
use crate::{
    context, paths,
    ui::{
        Control, EmptyState, Field, Form, Hidden, Icon, IconView, InPlaceForm, PageHeader, SchemaFields, Submit, form,
        page, things,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{
    server::ServerView,
    tool::{DYNAMIC_TOOL_NAME_MAX, TemplateView},
};

/// The page's address, with a template chosen or with none.
pub(super) fn path(server: impl std::fmt::Display, template: &str) -> String {
    paths::with_query(&format!("/servers/{server}/create-tool"), &[("template", template)])
}

/// First a template, then what is fixed of it.
#[component]
pub(crate) fn CreateToolPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let chosen = use_query_map().with_untracked(|query| query.get("template"));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let id = api::parse(&id)?;
        let server = engine.server(&actor, id).await?;
        let templates = engine.server_templates(&actor, id).await?;
        // One that is gone leaves the others to choose from, and where there is one only, there is nothing to choose.
        let chosen = templates
            .iter()
            .find(|template| chosen.as_ref() == Some(&template.name));
        let only = (templates.len() == 1).then(|| templates.first()).flatten();
        let chosen = chosen.or(only).cloned();
        Ok(view! { <Page server templates chosen/> }.into_any())
    })
}

#[component]
fn Page(server: ServerView, templates: Vec<TemplateView>, chosen: Option<TemplateView>) -> AnyView {
    let id = server.id.to_string();
    let back = format!("/servers/{id}");
    let parent = (server.name.clone(), back.clone());
    let has_choice = chosen.is_none() && !templates.is_empty();
    let content = match chosen {
        Some(template) => view! { <CreateForm server=id template has_others={templates.len() > 1}/> }.into_any(),
        None if has_choice => view! { <Choice server=id templates/> }.into_any(),
        None => {
            let about = format!(
                "The connector {} offers none. Templates come with a connector's definitions.",
                server.connector.map(|connector| connector.name).unwrap_or_default()
            );
            view! {
                <EmptyState icon=Icon::Template title="No templates">
                    <p>{about}</p>
                    <p class="actions"><a class="button" href=back>"Back to the server"</a></p>
                </EmptyState>
            }
            .into_any()
        }
    };
    view! {
        <PageHeader title="Make a tool from a template" parent=parent
            about="A template is a tool with some of its arguments still open. Fix those that are always the same here, and this server has one tool more."/>
        {content}
    }
    .into_any()
}

#[component]
fn Choice(server: String, templates: Vec<TemplateView>) -> AnyView {
    view! {
        <section class="section" aria-labelledby="templates">
            <div class="section-head"><h2 id="templates">"Pick a template" <span class="count">{templates.len()}</span></h2></div>
            <ul class="rows">
                {templates.into_iter().map(|template| {
                    let arguments = match TemplateForm::of(&template) {
                        TemplateForm::Fields(form) => Some(things(form.fields.len() as u64, "argument")),
                        TemplateForm::Json => None,
                    };
                    let label = format!("Use {}", template.name);
                    view! {
                        <li class="row row-plain row-pick">
                            <IconView icon=Icon::Template/>
                            <span class="row-words">
                                <code class="row-name">{template.name.clone()}</code>
                                {template.description.map(|text| view! { <span class="row-text">{text}</span> })}
                            </span>
                            {arguments.map(|arguments| view! { <span class="row-note">{arguments}</span> })}
                            <a class="button" href=path(&server, &template.name) aria-label=label>"Use it"</a>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn CreateForm(server: String, template: TemplateView, has_others: bool) -> AnyView {
    let form = form(CREATE_TOOL);
    let cancel = format!("/servers/{server}");
    let others = has_others.then(|| path(&server, ""));
    let about = template.description.clone().unwrap_or_default();
    view! {
        <section class="panel narrow" aria-label="New tool">
            <div class="identity">
                <IconView icon=Icon::Template/>
                <div class="identity-words">
                    <code class="identity-name">{template.name.clone()}</code>
                    {(!about.is_empty()).then(|| view! { <p class="panel-about">{about.clone()}</p> })}
                </div>
                {others.map(|href| view! { <a href=href>"Another template"</a> })}
            </div>
            <InPlaceForm form action=CreateTool::url() words="The tool was not created">
                <Hidden name="server_id" value=server/>
                <Hidden name="template" value=template.name.clone()/>
                <Field form name="name" label="Name" required=true autofocus=true
                    help=format!("What clients call. At most {DYNAMIC_TOOL_NAME_MAX} letters, digits, underscores, hyphens and dots.")/>
                <Field form name="description" label="Description" control=Control::Lines mark_optional=true placeholder=about
                    help="What it does, for the model that is to choose it. Left empty, it is the template's."/>
                <Arguments form template/>
                <div class="form-actions">
                    <Submit label="Create tool"/>
                    <a class="button button-quiet" href=cancel>"Cancel"</a>
                </div>
            </InPlaceForm>
        </section>
    }
    .into_any()
}

#[component]
fn Arguments(form: Form, template: TemplateView) -> AnyView {
    let fields = match TemplateForm::of(&template) {
        TemplateForm::Fields(form) if form.fields.is_empty() => {
            return view! { <p class="field-help">"The template takes no arguments."</p> }.into_any();
        }
        TemplateForm::Fields(fields) => view! { <SchemaFields form fields prefix=ARGUMENTS/> }.into_any(),
        TemplateForm::Json => view! {
            <Field form name=AS_JSON error_key=ARGUMENTS label="As a JSON object" control=Control::Json value="{}"/>
        }
        .into_any(),
    };
    view! {
        <fieldset class="fieldset" aria-describedby="placeholders">
            <legend>"Arguments"</legend>
            <p class="field-help" id="placeholders">
                "What stands here is the same in every call. Where a call is to say it, write a name in braces into the text, as in "
                <code>"Meeting with {person}"</code> ": " <code>"person"</code> " becomes an argument of the new tool."
            </p>
            {fields}
        </fieldset>
    }
    .into_any()
}
