//! A server's tools: what clients are offered, in which order, and what they aren't, with the reason.

use super::{
    api::{ARRANGE_TOOLS, ArrangeTools},
    bindings::binding_title,
    create_tool,
    tool::Tool,
};
use crate::ui::{EmptyState, Hidden, Icon, IconView, InPlaceForm, Logo, Search, form};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{
    ids::ServerId,
    server::BindingView,
    tool::{ServerTool, ToolStatus},
};

/// From how many tools on there is a search.
const MANY: usize = 8;
/// The element id of the form that buttons of all rows belong to.
pub(super) const FORM: &str = "tools-form";

/// The tools in the order that clients get, with a heading wherever they come from something else than those before.
#[component]
pub(super) fn Tools(
    server: ServerId,
    tools: Vec<ServerTool>,
    bindings: Vec<BindingView>,
    /// What the list is narrowed to.
    q: String,
    /// Whether more can be made.
    has_templates: bool,
) -> AnyView {
    let total = tools.len();
    let offered = tools.iter().filter(|tool| tool.status == ToolStatus::Offered).count();
    let count = if offered == total {
        total.to_string()
    } else {
        format!("{offered} of {total} offered")
    };
    let page = format!("/servers/{server}");
    view! {
        <section class="section" aria-labelledby="tools">
            <div class="section-head">
                <h2 id="tools">"Tools" <span class="count">{count}</span></h2>
                {has_templates.then(|| view! {
                    <a class="button" href=create_tool::path(server, "", "")><IconView icon=Icon::Plus/> "Make a tool from a template"</a>
                })}
            </div>
            {if total == 0 {
                view! {
                    <EmptyState icon=Icon::Tool title="No tools">
                        <p>{none(&bindings)}</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! {
                    <p class="section-about">
                        "What clients see, in this order. Open one to try it: the call takes the same path as a client's."
                    </p>
                    {(total >= MANY || !q.is_empty()).then(|| view! {
                        <Search action=page label="Search tools" name="tools" q=q.clone()/>
                    })}
                    <Groups server tools bindings q/>
                }
                .into_any()
            }}
        </section>
    }
    .into_any()
}

fn none(bindings: &[BindingView]) -> &'static str {
    match bindings {
        [] => "Add a source above, and its tools are here.",
        [_] => "What this server is made from offers none right now.",
        _ => "Nothing that this server is made from offers any right now.",
    }
}

#[component]
fn Groups(server: ServerId, tools: Vec<ServerTool>, bindings: Vec<BindingView>, q: String) -> AnyView {
    let form = form(ARRANGE_TOOLS);
    let total = tools.len();
    let is_narrowed = !q.is_empty();
    let shown = tools.into_iter().enumerate().filter(|(_, tool)| matches(tool, &q));
    let groups = groups(shown.collect());
    if groups.is_empty() {
        return view! {
            <EmptyState icon=Icon::Search title="Nothing found">
                <p>"No tool matches. Names and descriptions were searched."</p>
                <p class="actions"><a class="button" href=format!("/servers/{server}#tools")>"Show all tools"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let has_several = bindings.len() > 1;
    let groups = groups.into_iter().map(|(source, tools)| {
        let binding = bindings.iter().find(|binding| binding.source_id == source).cloned();
        let heading = binding
            .filter(|_| has_several)
            .map(|binding| view! { <Heading binding/> });
        let rows = tools.into_iter().map(|(place, tool)| {
            let (up, down) = (place > 0 && !is_narrowed, place + 1 < total && !is_narrowed);
            view! { <Tool server tool up down/> }
        });
        view! {
            <div class="tool-group">
                {heading}
                <ul class="rows">{rows.collect_view()}</ul>
            </div>
        }
    });
    view! {
        {groups.collect_view()}
        <InPlaceForm form action=ArrangeTools::url() words="The tools were not changed" name=FORM class="form tools-form">
            <Hidden name="server_id" value=server.to_string()/>
            <Hidden name="q" value=q/>
            {(total > 1 && !is_narrowed).then(|| view! {
                <button class="button button-quiet" type="submit" name="action" value="reset">"Back to their own order"</button>
            })}
        </InPlaceForm>
    }
    .into_any()
}

/// Where the tools beneath it come from.
#[component]
fn Heading(binding: BindingView) -> AnyView {
    let name = binding_title(&binding);
    let kind = binding.name.is_some().then_some(binding.kind);
    let logo = binding.connector.and_then(|connector| connector.logo_url);
    view! {
        <h3 class="tool-group-head with-logo">
            <Logo url=logo name=name.clone()/>
            {name}
            {kind.map(|kind| view! { <span class="count">{kind}</span> })}
        </h3>
    }
    .into_any()
}

fn matches(tool: &ServerTool, q: &str) -> bool {
    let q = q.to_lowercase();
    let tool = &tool.tool;
    [Some(&tool.name), tool.title.as_ref(), tool.description.as_ref()]
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(&q))
}

type Placed = (usize, ServerTool);

/// Neighbours that come from the same source are one group.
fn groups(tools: Vec<Placed>) -> Vec<(Option<patchbay_domain::ids::SourceId>, Vec<Placed>)> {
    let mut groups: Vec<(_, Vec<Placed>)> = Vec::new();
    for (place, tool) in tools {
        match groups.last_mut() {
            Some((source, group)) if *source == tool.source_id => group.push((place, tool)),
            _ => groups.push((tool.source_id, vec![(place, tool)])),
        }
    }
    groups
}
