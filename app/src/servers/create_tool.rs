//! Making a tool of one's own from a template of what the server is made from.

use super::{
    api::{self, CREATE_TOOL, CreateTool},
    bindings::binding_title,
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
    server::{BindingView, ServerView},
    tool::{DYNAMIC_TOOL_NAME_MAX, ServerTemplate, TemplateView},
};
use std::fmt::Display;

/// The page's address, with a template chosen or with none.
pub(super) fn path(server: impl Display, source: &str, template: &str) -> String {
    let page = format!("/servers/{server}/create-tool");
    paths::with_query(&page, &[("source", source), ("template", template)])
}

/// The address of the page with this template chosen.
fn path_of(server: &str, template: &ServerTemplate) -> String {
    path(server, &source_of(template), &template.template.name)
}

/// Whose connector has the template; empty for the server's own.
fn source_of(template: &ServerTemplate) -> String {
    template.source_id.map(|id| id.to_string()).unwrap_or_default()
}

/// First a template, then what is fixed of it.
#[component]
pub(crate) fn CreateToolPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let get = |name: &str| {
        use_query_map()
            .with_untracked(|query| query.get(name))
            .unwrap_or_default()
    };
    let (source, name) = (get("source"), get("template"));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let id = api::parse(&id)?;
        let server = engine.server(&actor, id).await?;
        let templates = engine.server_templates(&actor, id).await?;
        // One that is gone leaves the others to choose from, and where there is one only, there is nothing to choose.
        let chosen = templates
            .iter()
            .find(|it| it.template.name == name && source_of(it) == source);
        let only = (templates.len() == 1).then(|| templates.first()).flatten();
        let chosen = chosen.or(only).cloned();
        Ok(view! { <Page server templates chosen/> }.into_any())
    })
}

#[component]
fn Page(server: ServerView, templates: Vec<ServerTemplate>, chosen: Option<ServerTemplate>) -> AnyView {
    let id = server.id.to_string();
    let bindings = server.bindings;
    let back = format!("/servers/{id}");
    let parent = (server.name.clone(), back.clone());
    let has_choice = chosen.is_none() && !templates.is_empty();
    let content = match chosen {
        Some(template) => view! { <CreateForm server=id template has_others={templates.len() > 1}/> }.into_any(),
        None if has_choice => view! { <Choice server=id bindings templates/> }.into_any(),
        None => {
            view! {
                <EmptyState icon=Icon::Template title="No templates">
                    <p>"Nothing that this server is made from offers any. Templates come with a connector's definitions."</p>
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
fn Choice(server: String, bindings: Vec<BindingView>, templates: Vec<ServerTemplate>) -> AnyView {
    let has_several = bindings.len() > 1;
    view! {
        <section class="section" aria-labelledby="templates">
            <div class="section-head"><h2 id="templates">"Pick a template" <span class="count">{templates.len()}</span></h2></div>
            <ul class="rows">
                {templates.into_iter().map(|it| {
                    let href = path_of(&server, &it);
                    let template = it.template;
                    let binding = bindings.iter().find(|binding| binding.source_id == it.source_id).filter(|_| has_several);
                    let whose = binding.map(binding_title);
                    let arguments = match TemplateForm::of(&template) {
                        TemplateForm::Fields(form) => Some(things(form.fields.len() as u64, "argument")),
                        TemplateForm::Json => None,
                    };
                    let label = match &whose {
                        Some(whose) => format!("Use {} of {whose}", template.name),
                        None => format!("Use {}", template.name),
                    };
                    view! {
                        <li class="row row-plain row-pick">
                            <IconView icon=Icon::Template/>
                            <span class="row-words">
                                <code class="row-name">{template.name.clone()}</code>
                                {whose.map(|whose| view! { <span class="row-title">{whose}</span> })}
                                {template.description.map(|text| view! { <span class="row-text">{text}</span> })}
                            </span>
                            {arguments.map(|arguments| view! { <span class="row-note">{arguments}</span> })}
                            <a class="button" href=href aria-label=label>"Use it"</a>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn CreateForm(server: String, template: ServerTemplate, has_others: bool) -> AnyView {
    let form = form(CREATE_TOOL);
    let source = source_of(&template);
    let template = template.template;
    let cancel = format!("/servers/{server}");
    let others = has_others.then(|| path(&server, "", ""));
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
                <Hidden name="source_id" value=source/>
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
