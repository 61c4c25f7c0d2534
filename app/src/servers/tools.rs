//! A server's tools, each to be tried.

use super::{api::try_form, forms::TryToolForm};
use crate::ui::{EmptyState, Hidden, Icon, SchemaFields, Submit, form, things};
use leptos::prelude::*;
use patchbay_domain::{ids::ServerId, schema_form::SchemaForm, tool::ToolView};

/// The tools, each with a form to call it.
#[component]
pub(super) fn Tools(server: ServerId, tools: Vec<ToolView>) -> AnyView {
    let is_empty = tools.is_empty();
    view! {
        <section class="section" aria-labelledby="tools">
            <div class="section-head"><h2 id="tools">"Tools" <span class="count">{tools.len()}</span></h2></div>
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
                        {tools.into_iter().map(|tool| view! { <Tool server tool/> }).collect_view()}
                    </ul>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Tool(server: ServerId, tool: ToolView) -> AnyView {
    let form = form(&try_form(&tool.name));
    let fields = SchemaForm::parse(&tool.input_schema);
    let arguments = fields.fields.len() as u64;
    view! {
        <li>
            <details class="row" open=form.is_second_try()>
                <summary>
                    <span class="row-words">
                        <code class="row-name">{tool.name.clone()}</code>
                        {tool.title.map(|title| view! { <span class="row-title">{title}</span> })}
                        {tool.read_only.then(|| view! { <span class="tag">"read-only"</span> })}
                        {tool.description.map(|text| view! { <span class="row-text">{text}</span> })}
                    </span>
                    <span class="row-note">{things(arguments, "argument")}</span>
                </summary>
                <div class="row-body">
                    <TryToolForm seed=form.seed()>
                        <Hidden name="server_id" value=server.to_string()/>
                        <Hidden name="tool" value=tool.name/>
                        {(arguments == 0).then(|| view! { <p class="field-help">"It takes no arguments."</p> })}
                        <SchemaFields form fields prefix="arguments"/>
                        <Submit label="Try it" slow="Waiting for the tool…"/>
                    </TryToolForm>
                </div>
            </details>
        </li>
    }
    .into_any()
}
