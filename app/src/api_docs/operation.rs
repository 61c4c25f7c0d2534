//! One endpoint: what it takes, what it answers, and how it is called.

use super::{
    fields::Field,
    frame::Method,
    read::{Answer, Body, Content, Operation, Parameter},
    text::Paragraphs,
};
use crate::ui::CopyBlock;
use leptos::prelude::*;

/// An endpoint.
#[component]
pub(super) fn OperationPart<'a>(
    /// What it is.
    operation: &'a Operation,
    /// Where this Patchbay is.
    base: String,
) -> AnyView {
    let id = operation.id.clone();
    let who = match operation.session_only {
        true => format!("{}, not with an API token", operation.who),
        false => operation.who.to_owned(),
    };
    view! {
        <section class="panel operation" aria-labelledby=id.clone()>
            <div class="operation-head">
                <h2 id=id.clone()><a href=format!("#{id}")>{operation.summary.clone()}</a></h2>
                {operation.deprecated.then(|| view! { <span class="badge badge-waiting">"Deprecated"</span> })}
                <span class="tag">{who}</span>
            </div>
            <p class="operation-path"><Method method=operation.method.clone()/><code>{operation.path.clone()}</code></p>
            {operation.about.clone().map(|about| view! { <Paragraphs text=about class="panel-about"/> })}
            {parameters(&operation.parameters)}
            {operation.body.as_ref().map(body)}
            <div class="operation-part">
                <h3>"Answers"</h3>
                <ul class="answers">{operation.answers.iter().map(answer).collect_view()}</ul>
            </div>
            <div class="operation-part">
                <h3>"Command line"</h3>
                <CopyBlock id=format!("{id}-curl") what="command" text=operation.call.command(&base)/>
            </div>
        </section>
    }
    .into_any()
}

fn parameters(parameters: &[Parameter]) -> AnyView {
    if parameters.is_empty() {
        return ().into_any();
    }
    let rows = parameters
        .iter()
        .map(|parameter| row(&parameter.field, Some(&parameter.place), true));
    view! {
        <div class="operation-part">
            <h3>"Parameters"</h3>
            <Fields rows=rows.collect_view().into_any()/>
        </div>
    }
    .into_any()
}

fn body(body: &Body) -> AnyView {
    let title = if body.required { "Body" } else { "Body, if you like" };
    view! { <div class="operation-part"><h3>{title}</h3>{content(&body.content, true)}</div> }.into_any()
}

fn answer(answer: &Answer) -> AnyView {
    let status = match answer.status.as_str() {
        "default" => "otherwise".to_owned(),
        status => status.to_owned(),
    };
    let headers = (!answer.headers.is_empty()).then(|| format!("Headers: {}", answer.headers.join(", ")));
    view! {
        <li class="answer" class:is-error=answer.is_error>
            <span class="answer-status">{status}</span>
            <div class="answer-words">
                <Paragraphs text=answer.about.clone()/>
                {headers.map(|headers| view! { <p class="answer-headers">{headers}</p> })}
                {answer.content.as_ref().map(|inside| view! {
                    <details>
                        <summary>"What is in it"</summary>
                        <div class="answer-content">{content(inside, false)}</div>
                    </details>
                })}
            </div>
        </li>
    }
    .into_any()
}

fn content(content: &Content, is_taken: bool) -> AnyView {
    // What has to be there is of interest where it is taken; of what is answered, all is there.
    let rows = content
        .fields
        .iter()
        .map(|field| row(field, None, is_taken))
        .collect_view()
        .into_any();
    let example = content.example.clone().map(|example| {
        view! { <pre class="snippet" tabindex="0"><code>{example}</code></pre> }
    });
    view! {
        <p class="media">{content.media.join(" or ")}</p>
        {(!content.fields.is_empty()).then(|| view! { <Fields rows/> })}
        {example}
    }
    .into_any()
}

#[component]
fn Fields(rows: AnyView) -> AnyView {
    view! {
        <table class="fields">
            <colgroup><col class="fields-name"/><col/></colgroup>
            <thead class="visually-hidden"><tr><th scope="col">"Name"</th><th scope="col">"Meaning"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(field: &Field, place: Option<&str>, is_taken: bool) -> AnyView {
    let kind = match place {
        None => field.kind.clone(),
        Some("header") => format!("header, {}", field.kind),
        Some(place) => format!("in the {place}, {}", field.kind),
    };
    view! {
        <tr>
            <th scope="row">
                <code>{field.name.clone()}</code>
                {(field.required && is_taken).then(|| view! { <span class="tag">"required"</span> })}
            </th>
            <td>
                <p class="fields-kind">{kind}</p>
                <Paragraphs text=field.about.clone()/>
            </td>
        </tr>
    }
    .into_any()
}
