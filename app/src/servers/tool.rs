//! One of a server's tools in the list: what it is, the form that tries it, and what can be done with it.

use super::{
    api::{TryTool, try_form},
    bindings::MoveButtons,
    tools::FORM,
    trial::TryToolForm,
};
use crate::{
    paths,
    ui::{Hidden, SchemaFields, Submit, Words, form, things},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    ids::ServerId,
    schema_form::SchemaForm,
    tool::{ServerTool, ToolStatus},
};

/// A tool with its switch and its place.
#[component]
pub(super) fn Tool(
    server: ServerId,
    tool: ServerTool,
    /// Whether it can go further up.
    up: bool,
    /// Whether it can go further down.
    down: bool,
) -> AnyView {
    let name = tool.tool.name.clone();
    let enabled = tool.enabled;
    let id = format!("tool-{name}");
    view! {
        <li class="tool" id=id>
            <Details server tool/>
            <div class="row-buttons">
                <Switch name=name.clone() enabled/>
                <MoveButtons of=name.clone() name up down form=FORM/>
            </div>
        </li>
    }
    .into_any()
}

/// Whether clients are offered it. A button that sends the list's form, so it needs no scripts.
#[component]
fn Switch(name: String, enabled: bool) -> AnyView {
    let to = if enabled { "off" } else { "on" };
    view! {
        <button class="switch" type="submit" role="switch" aria-checked=if enabled { "true" } else { "false" } form=FORM name="action"
            id=format!("switch-{name}") value=format!("{to}:{name}") aria-label=format!("Offer {name}")
            title=if enabled { "Switch off" } else { "Switch on" }></button>
    }
    .into_any()
}

#[component]
fn Details(server: ServerId, tool: ServerTool) -> AnyView {
    let name = tool.tool.name.clone();
    let form = form(&try_form(&name));
    let is_offered = tool.status == ToolStatus::Offered;
    let arguments = SchemaForm::parse(&tool.tool.input_schema).fields.len() as u64;
    view! {
        <details class="row" open=is_offered && form.is_second_try()>
            <summary>
                <Summary tool=tool.clone()/>
                {is_offered.then(|| view! { <span class="row-note">{things(arguments, "argument")}</span> })}
            </summary>
            <div class="row-body">
                {is_offered.then(|| view! { <Trial server tool=tool.clone()/> })}
                <Foot server tool/>
            </div>
        </details>
    }
    .into_any()
}

/// Its names, its state, and what it does.
#[component]
fn Summary(tool: ServerTool) -> AnyView {
    let ServerTool {
        tool,
        default_name,
        status,
        notice,
        ..
    } = tool;
    let own_name = (default_name != tool.name).then_some(default_name);
    view! {
        <span class="row-words">
            <code class="row-name">{tool.name}</code>
            {tool.title.map(|title| view! { <span class="row-title">{title}</span> })}
            {tool.dynamic.then(|| view! { <span class="tag">"dynamic"</span> })}
            {tool.read_only.then(|| view! { <span class="tag">"read-only"</span> })}
            <Status status/>
            {own_name.map(|name| view! { <span class="row-title">"instead of " <code>{name}</code></span> })}
            {tool.description.map(|text| view! { <span class="row-text">{text}</span> })}
            {notice.map(|notice| view! { <span class="row-text row-warning">{notice}</span> })}
        </span>
    }
    .into_any()
}

#[component]
fn Status(status: ToolStatus) -> impl IntoView {
    let (class, words) = match status {
        ToolStatus::Offered => return None,
        ToolStatus::Disabled => ("badge", "Switched off"),
        ToolStatus::Blocked => ("badge badge-waiting", "Blocked"),
        ToolStatus::SwitchedOff => ("badge badge-waiting", "Connector switched off"),
        ToolStatus::Shadowed => ("badge badge-waiting", "Name is taken"),
        ToolStatus::NoRoom => ("badge badge-waiting", "No room"),
        ToolStatus::TemplateGone => ("badge badge-waiting", "Template is gone"),
    };
    Some(view! { <span class=class>{words}</span> })
}

#[component]
fn Trial(server: ServerId, tool: ServerTool) -> AnyView {
    let name = tool.tool.name;
    let form = form(&try_form(&name));
    let fields = SchemaForm::parse(&tool.tool.input_schema);
    let is_empty = fields.fields.is_empty();
    view! {
        <TryToolForm seed=form.seed() action=TryTool::url().to_owned() words=Words::from("The tool was not called")>
            <Hidden name="server_id" value=server.to_string()/>
            <Hidden name="tool" value=name/>
            {is_empty.then(|| view! { <p class="field-help">"It takes no arguments."</p> })}
            <SchemaFields form fields prefix="arguments"/>
            <Submit label="Try it" slow="Waiting for the tool…"/>
        </TryToolForm>
    }
    .into_any()
}

#[component]
fn Foot(server: ServerId, tool: ServerTool) -> AnyView {
    let name = tool.tool.name;
    let ask = |what: &str| paths::with_query(&format!("/servers/{server}"), &[(what, &name)]);
    let about = if tool.tool.dynamic {
        "You made this tool from a template."
    } else {
        "This is a connector's tool. It can be switched off here, and can't be deleted here."
    };
    view! {
        <div class="row-foot">
            <span>{about}</span>
            <span class="actions">
                {tool.tool.dynamic.then(|| view! {
                    <a class="button button-danger-quiet" href=ask("delete_tool") aria-label=format!("Delete tool {name}") data-dialog="">"Delete tool"</a>
                })}
                <a class="button" href=ask("edit_tool") aria-label=format!("Edit {name}") data-dialog="">"Rename or describe"</a>
            </span>
        </div>
    }
    .into_any()
}
