//! A server's tools, each to be tried.

use super::{
    api::{TryTool, try_form},
    create_tool,
    trial::TryToolForm,
};
use crate::{
    paths,
    ui::{EmptyState, Hidden, Icon, IconView, SchemaFields, Submit, Words, form, things},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{ids::ServerId, schema_form::SchemaForm, tool::ToolView};

/// The tools, each with a form to call it, and the way to one more.
#[component]
pub(super) fn Tools(
    server: ServerId,
    tools: Vec<ToolView>,
    /// The connector's name.
    connector: String,
    /// Whether more can be made.
    has_templates: bool,
) -> AnyView {
    let is_empty = tools.is_empty();
    view! {
        <section class="section" aria-labelledby="tools">
            <div class="section-head">
                <h2 id="tools">"Tools" <span class="count">{tools.len()}</span></h2>
                {has_templates.then(|| view! {
                    <a class="button" href=create_tool::path(server, "")><IconView icon=Icon::Plus/> "Make a tool from a template"</a>
                })}
            </div>
            {if is_empty {
                view! {
                    <EmptyState icon=Icon::Tool title="No tools">
                        <p>"The connector offers none right now."</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! {
                    <p class="section-about">"What clients see. Open one to try it: the call takes the same path as a client's."</p>
                    <ul class="rows">
                        {tools.into_iter().map(|tool| {
                            let connector = connector.clone();
                            view! { <Tool server tool connector/> }
                        }).collect_view()}
                    </ul>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Tool(server: ServerId, tool: ToolView, connector: String) -> AnyView {
    let form = form(&try_form(&tool.name));
    let fields = SchemaForm::parse(&tool.input_schema);
    let arguments = fields.fields.len() as u64;
    // Its description says why.
    let is_offered = !(tool.dynamic && tool.input_schema.is_null());
    let name = tool.name.clone();
    view! {
        <li>
            <details class="row" open=is_offered && form.is_second_try()>
                <summary>
                    <span class="row-words">
                        <code class="row-name">{tool.name.clone()}</code>
                        {tool.title.map(|title| view! { <span class="row-title">{title}</span> })}
                        {tool.dynamic.then(|| view! { <span class="tag">"dynamic"</span> })}
                        {tool.read_only.then(|| view! { <span class="tag">"read-only"</span> })}
                        {tool.description.map(|text| view! { <span class="row-text">{text}</span> })}
                    </span>
                    {is_offered.then(|| view! { <span class="row-note">{things(arguments, "argument")}</span> })}
                </summary>
                <div class="row-body">
                    {is_offered.then(|| view! {
                        <TryToolForm seed=form.seed() action=TryTool::url().to_owned() words=Words::from("The tool was not called")>
                            <Hidden name="server_id" value=server.to_string()/>
                            <Hidden name="tool" value=tool.name/>
                            {(arguments == 0).then(|| view! { <p class="field-help">"It takes no arguments."</p> })}
                            <SchemaFields form fields prefix="arguments"/>
                            <Submit label="Try it" slow="Waiting for the tool…"/>
                        </TryToolForm>
                    })}
                    {if tool.dynamic {
                        view! { <Deletion server name/> }.into_any()
                    } else {
                        view! {
                            <p class="row-foot">{format!("This is a tool of the connector {connector} and can't be deleted here.")}</p>
                        }
                        .into_any()
                    }}
                </div>
            </details>
        </li>
    }
    .into_any()
}

#[component]
fn Deletion(server: ServerId, name: String) -> AnyView {
    let href = paths::with_query(&format!("/servers/{server}"), &[("delete_tool", &name)]);
    let label = format!("Delete tool {name}");
    view! {
        <p class="row-foot">
            <span>"You made this tool from a template."</span>
            <a class="button button-danger-quiet" href=href aria-label=label data-dialog="">"Delete tool"</a>
        </p>
    }
    .into_any()
}
