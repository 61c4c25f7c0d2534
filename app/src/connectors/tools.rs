//! The tools and templates that a connector offers, for reading.

use super::arguments::{Arguments, arguments_count};
use crate::ui::{CopyBlock, EmptyState, Icon, IconView, things};
use leptos::prelude::*;
use patchbay_domain::tool::{TemplateView, ToolView};

/// The tools, each with its description and the schema of its arguments.
#[component]
pub(super) fn ToolList(tools: Vec<ToolView>) -> impl IntoView {
    if tools.is_empty() {
        return view! {
            <EmptyState icon=Icon::Tool title="No tools">
                <p>"This connector's definitions name no tools."</p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <ul class="rows">
            {tools.into_iter().enumerate().map(|(index, tool)| view! { <Tool tool index/> }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn Tool(tool: ToolView, index: usize) -> AnyView {
    let schema = serde_json::to_string_pretty(&tool.input_schema).unwrap_or_default();
    let arguments = arguments_count(&tool.input_schema);
    view! {
        <li>
            <details class="row">
                <summary>
                    <span class="row-words">
                        <code class="row-name">{tool.name}</code>
                        {tool.title.map(|title| view! { <span class="row-title">{title}</span> })}
                        {tool.read_only.then(|| view! { <span class="tag">"read-only"</span> })}
                        {tool.description.map(|text| view! { <span class="row-text">{text}</span> })}
                    </span>
                    <span class="row-note">{things(arguments, "argument")}</span>
                </summary>
                <CopyBlock id=format!("schema-{index}") what="schema" text=schema/>
            </details>
        </li>
    }
    .into_any()
}

/// The templates, each with what it takes.
#[component]
pub(super) fn TemplateList(templates: Vec<TemplateView>) -> impl IntoView {
    view! {
        <ul class="rows">
            {templates.into_iter().map(|template| view! { <Template template/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Template(template: TemplateView) -> AnyView {
    let words = view! {
        <span class="row-words">
            <code class="row-name">{template.name}</code>
            {template.description.map(|text| view! { <span class="row-text">{text}</span> })}
        </span>
    };
    match template.input_schema {
        Some(schema) => {
            let arguments = arguments_count(&schema);
            view! {
                <li>
                    <details class="row">
                        <summary>{words}<span class="row-note">{things(arguments, "argument")}</span></summary>
                        <Arguments schema/>
                    </details>
                </li>
            }
            .into_any()
        }
        None => view! { <li class="row row-plain"><IconView icon=Icon::Template/>{words}</li> }.into_any(),
    }
}
