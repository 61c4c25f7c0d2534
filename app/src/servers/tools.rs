//! A server's tools, each to be tried.

use super::api::{TryTool, try_form};
use crate::{
    error::AppError,
    ui::{CopyBlock, EmptyState, FormBody, FormState, Hidden, Icon, SchemaFields, Submit, count, things},
};
use leptos::{form::ActionForm, prelude::*};
use patchbay_domain::{
    ids::ServerId,
    schema_form::SchemaForm,
    tool::{ToolTrial, ToolView},
};

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
                        {tools.into_iter().enumerate().map(|(index, tool)| view! { <Tool server tool index/> }).collect_view()}
                    </ul>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Tool(server: ServerId, tool: ToolView, index: usize) -> AnyView {
    let action = ServerAction::<TryTool>::new();
    let (answer, pending) = (action.value(), action.pending());
    let form = FormState::new(
        &try_form(&tool.name),
        words,
        move || answer.with(|answer| answer.as_ref().map(|answer| answer.as_ref().err().cloned())),
        move || pending.get(),
    );
    let before = form.trial();
    let trial = move || match answer.get() {
        Some(answer) => answer.ok(),
        None => before.clone(),
    };
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
                    <ActionForm action attr:class="form" attr:id=form.own_element()>
                        <FormBody form>
                            <Hidden name="server_id" value=server.to_string()/>
                            <Hidden name="tool" value=tool.name/>
                            {(arguments == 0).then(|| view! { <p class="field-help">"It takes no arguments."</p> })}
                            <SchemaFields form=fields prefix="arguments"/>
                            <Submit label="Try it" slow="Waiting for the tool…"/>
                        </FormBody>
                    </ActionForm>
                    <div role="status">{move || trial().map(|trial| view! { <Trial trial index/> })}</div>
                </div>
            </details>
        </li>
    }
    .into_any()
}

#[component]
fn Trial(trial: ToolTrial, index: usize) -> AnyView {
    let ToolTrial {
        is_error,
        json,
        text,
        took_ms,
    } = trial;
    let text = readable(text);
    let (class, words) = if is_error {
        ("badge badge-bad", "Failed")
    } else {
        ("badge badge-good", "Succeeded")
    };
    let has_text = !text.is_empty();
    view! {
        <div class="trial">
            <p class="trial-head"><span class=class>{words}</span> <span>{format!("in {} ms", count(took_ms))}</span></p>
            {has_text.then(|| view! { <pre class="trial-text" tabindex="0">{text}</pre> })}
            <details open=!has_text>
                <summary>"The whole result"</summary>
                <CopyBlock id=format!("trial-{index}") what="result" text=json/>
            </details>
        </div>
    }
    .into_any()
}

/// Many tools answer with JSON on one line.
fn readable(text: String) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let indented = json
        .filter(|json| json.is_object() || json.is_array())
        .map(|json| serde_json::to_string_pretty(&json));
    indented.and_then(Result::ok).unwrap_or(text)
}

fn words(error: &AppError) -> String {
    format!("The tool was not called: {error}")
}
