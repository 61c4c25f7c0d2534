//! What a server is made from: its own connector, and its sources in their order.

use super::api::{ARRANGE_SOURCES, ArrangeSources};
use crate::ui::{BindingBadge, EmptyState, Hidden, Icon, IconView, InPlaceForm, Kind, Logo, Words, form, things};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    server::{BindingView, ServerView},
    source::BindingState,
    tool::ServerTool,
};
use patchbay_engine::sources::SourceBrief;

/// What a binding is called: by its owner, or else by its connector.
pub(super) fn binding_title(binding: &BindingView) -> String {
    binding.name.clone().unwrap_or_else(|| binding.kind.clone())
}

/// The bindings with their states, the buttons that put sources in order, and the choice of one more.
#[component]
pub(super) fn Bindings(
    server: ServerView,
    tools: Vec<ServerTool>,
    /// All of its owner's sources.
    sources: Vec<SourceBrief>,
) -> AnyView {
    let form = form(ARRANGE_SOURCES);
    let page = format!("/servers/{}", server.id);
    let words =
        Words::from("The sources were not changed").with_way(Kind::Edited, "Show it as it is now", page.clone());
    let (total, used) = (server.bindings.len(), server.source_ids);
    let last = used.last().copied();
    let rows = server.bindings.into_iter().map(|binding| {
        let tools = tools
            .iter()
            .filter(|tool| tool.source_id == binding.source_id && !tool.tool.dynamic)
            .count();
        let step = Step {
            up: binding.source_id.is_some() && binding.source_id != used.first().copied(),
            down: binding.source_id.is_some() && binding.source_id != last,
        };
        view! { <Row page=page.clone() binding tools=tools as u64 step/> }
    });
    let rows = rows.collect_view();
    let has_any = !sources.is_empty();
    let left: Vec<_> = sources
        .into_iter()
        .filter(|source| !used.contains(&source.id))
        .collect();
    view! {
        <section class="section" aria-labelledby="sources">
            <div class="section-head">
                <h2 id="sources">"Made from" <span class="count">{total}</span></h2>
                <a class="button" href="/sources/new"><IconView icon=Icon::Plus/> "Create source"</a>
            </div>
            <InPlaceForm form action=ArrangeSources::url() words>
                <Hidden name="server_id" value=server.id.to_string()/>
                <Hidden name="version" value=server.updated_at.to_string()/>
                {if total == 0 {
                    view! {
                        <EmptyState icon=Icon::Source title="Made from nothing yet">
                            <p>"Its endpoint answers, and offers no tools until it has a source."</p>
                        </EmptyState>
                    }
                    .into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {if !left.is_empty() {
                    view! { <Add left/> }.into_any()
                } else if has_any {
                    view! { <p class="field-help">"All of your sources are in it."</p> }.into_any()
                } else {
                    view! { <p class="field-help">"Tools of your sources can be offered here, too. You have none yet."</p> }.into_any()
                }}
            </InPlaceForm>
        </section>
    }
    .into_any()
}

/// Where a source can go.
#[derive(Clone, Copy)]
struct Step {
    up: bool,
    down: bool,
}

#[component]
fn Row(page: String, binding: BindingView, tools: u64, step: Step) -> AnyView {
    let name = binding_title(&binding);
    let source = binding.source_id.map(|id| id.to_string());
    let href = match (&source, &binding.connector) {
        (Some(id), _) => Some(format!("/sources/{id}")),
        (None, Some(connector)) => Some(format!("/connectors/{}", connector.connector_id)),
        (None, None) => None,
    };
    let logo = binding.connector.and_then(|connector| connector.logo_url);
    let kind = binding.name.is_some().then(|| binding.kind.clone());
    let id = source.as_ref().map(|id| format!("source-{id}"));
    let title = match href {
        Some(href) => view! { <a class="row-name" href=href>{name.clone()}</a> }.into_any(),
        None => view! { <span class="row-name">{name.clone()}</span> }.into_any(),
    };
    let names = match binding.prefix.as_str() {
        "" => view! { <span class="row-text">{things(tools, "tool")} ", under their own names"</span> }.into_any(),
        prefix => view! {
            <span class="row-text">{things(tools, "tool")} ", as " <code>{format!("{prefix}__…")}</code></span>
        }
        .into_any(),
    };
    view! {
        <li class="row row-plain row-pick" id=id>
            <Logo url=logo name=binding.kind/>
            <span class="row-words">
                {title}
                {kind.map(|kind| view! { <span class="row-title">{kind}</span> })}
                {source.is_none().then(|| view! { <span class="tag">"its own connector"</span> })}
                {(binding.state != BindingState::Ready).then(|| view! { <BindingBadge state=binding.state/> })}
                {names}
                {binding.notice.map(|notice| view! { <span class="row-text row-warning">{notice}</span> })}
            </span>
            {match source {
                Some(source) => view! { <Buttons page source name step/> }.into_any(),
                None => view! { <div class="row-buttons"><a class="button" href=format!("{page}/edit")>"Configure"</a></div> }.into_any(),
            }}
        </li>
    }
    .into_any()
}

#[component]
fn Buttons(page: String, source: String, name: String, step: Step) -> AnyView {
    let remove = format!("{page}?remove={source}");
    view! {
        <div class="row-buttons">
            <MoveButtons of=source name=name.clone() up=step.up down=step.down/>
            <a class="button button-danger-quiet" href=remove aria-label=format!("Remove {name}") data-dialog="">"Remove"</a>
        </div>
    }
    .into_any()
}

/// A step up and a step down, for the form around them or the one of that name. What can't go that way has a button that rests,
/// so that the others stay in their places.
#[component]
pub(super) fn MoveButtons(
    /// What is moved, as the form says it.
    of: String,
    /// The same as people read it.
    name: String,
    up: bool,
    down: bool,
    /// The element id of the form, where they don't stand in it.
    #[prop(optional)]
    form: Option<&'static str>,
) -> AnyView {
    let button = |way: &'static str, icon: Icon, can: bool| {
        view! {
            <button class="button button-quiet button-step" type="submit" form=form id=format!("{way}-{of}") name="action"
                value=format!("{way}:{of}") disabled=!can aria-label=format!("Move {name} {way}") title=format!("Move {way}")>
                <IconView icon/>
            </button>
        }
    };
    view! { {button("up", Icon::Up, up)}{button("down", Icon::Down, down)} }.into_any()
}

#[component]
fn Add(left: Vec<SourceBrief>) -> AnyView {
    view! {
        <div class="form form-inline">
            <div class="field">
                <label class="field-label" for="add-source">"One more source"</label>
                <select class="input" id="add-source" name="source_id">
                    {left.into_iter().map(|source| {
                        let label = match &source.name {
                            Some(name) => format!("{name} ({})", source.kind),
                            None => source.kind.clone(),
                        };
                        view! { <option value=source.id.to_string()>{label}</option> }
                    }).collect_view()}
                </select>
            </div>
            <button class="button" type="submit" name="action" value="add">"Add to server"</button>
        </div>
    }
    .into_any()
}
