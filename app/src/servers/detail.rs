//! A server's page.

use super::{
    api,
    bindings::Bindings,
    connect::{Connect, NewToken},
    connector_state::ConnectorState,
    delete::DeleteDialog,
    delete_tool::DeleteToolDialog,
    duplicate::DuplicateDialog,
    edit_tool::EditToolDialog,
    remove_source::RemoveSourceDialog,
    tokens::{RevokeDialog, Tokens},
    tools::Tools,
};
use crate::{
    context,
    ui::{CopyLine, Icon, IconView, PageHeader, TimeAgo, count, page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{
    connector::ConnectorSummary,
    server::{ServerTokenView, ServerView},
    tool::ServerTool,
};
use patchbay_engine::{Actor, DriftPolicy, Engine, Error, sources::SourceBrief};

/// What a server is, how clients reach it, what it is made from, its tools and its tokens.
#[component]
pub(crate) fn ServerPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let asked = use_query_map().with_untracked(|query| Asked {
        delete: query.get("delete").is_some(),
        duplicate: query.get("duplicate").is_some(),
        revoke: query.get("revoke"),
        remove: query.get("remove"),
        edit_tool: query.get("edit_tool"),
        delete_tool: query.get("delete_tool"),
    });
    let q = use_query_map()
        .with_untracked(|query| query.get("tools"))
        .unwrap_or_default();
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let known = known(&engine, &actor, &id).await?;
        Ok(view! { <Server known=known.clone() q/><Question known asked/> }.into_any())
    })
}

/// What the page shows.
#[derive(Debug, Clone)]
struct Known {
    server: ServerView,
    tools: Vec<ServerTool>,
    tokens: Vec<ServerTokenView>,
    /// All of its owner's.
    sources: Vec<SourceBrief>,
    /// The connectors behind it.
    connectors: Vec<ConnectorSummary>,
    drift: DriftPolicy,
    /// A token that was just made: this is its only sight.
    new_token: Option<String>,
}

async fn known(engine: &Engine, actor: &Actor, id: &str) -> Result<Known, Error> {
    let id = api::parse(id)?;
    let tools = engine.server_tools(actor, id).await?;
    let server = engine.server(actor, id).await?;
    let bindings = server.bindings.iter().filter_map(|binding| binding.connector.as_ref());
    let mut connectors: Vec<_> = bindings.map(|connector| connector.id).collect();
    connectors.sort();
    connectors.dedup();
    Ok(Known {
        tools,
        tokens: engine.server_tokens(actor, id).await?,
        sources: engine.source_names(actor).await?,
        connectors: engine.connectors_by_id(actor, &connectors).await?,
        drift: engine.config().drift,
        new_token: context::take_token(id).await?,
        server,
    })
}

/// What the address asks about.
struct Asked {
    delete: bool,
    duplicate: bool,
    revoke: Option<String>,
    remove: Option<String>,
    edit_tool: Option<String>,
    delete_tool: Option<String>,
}

#[component]
fn Server(known: Known, q: String) -> AnyView {
    let Known {
        server,
        tools,
        tokens,
        sources,
        connectors,
        drift,
        new_token,
    } = known;
    let id = server.id;
    let has_templates = connectors.iter().any(|connector| connector.templates_count > 0);
    let states = connectors
        .into_iter()
        .map(|connector| view! { <ConnectorState connector drift/> });
    view! {
        <PageHeader title=server.name.clone() parent=("MCP servers", "/servers")>
            <a class="button button-danger-quiet" href=format!("/servers/{id}?delete=1") data-dialog="">"Delete"</a>
            <a class="button" href=format!("/servers/{id}?duplicate=1") data-dialog="">"Duplicate"</a>
            <a class="button" href=format!("/servers/{id}/edit")>"Edit"</a>
            <a class="button" href=format!("/servers/{id}/activity")><IconView icon=Icon::Activity/> "Activity"</a>
        </PageHeader>
        {new_token.clone().map(|token| view! { <NewToken token/> })}
        {states.collect_view()}
        <Facts server=server.clone()/>
        <Connect name=server.name.clone() endpoint=server.endpoint.clone() new_token/>
        <Bindings server=server.clone() tools=tools.clone() sources/>
        <Tools server=id tools bindings=server.bindings q has_templates/>
        <Tokens server=id tokens/>
    }
    .into_any()
}

/// The dialog that the address opens; nothing where it names something that isn't there.
#[component]
fn Question(known: Known, asked: Asked) -> AnyView {
    let Known {
        server, tools, tokens, ..
    } = known;
    let id = server.id;
    let tool = |name: Option<String>| {
        let name = name?;
        tools.iter().find(|it| it.tool.name == name).cloned()
    };
    let revoking = asked
        .revoke
        .and_then(|id| tokens.iter().find(|token| token.id.to_string() == id).cloned());
    let removing = asked.remove.and_then(|id| {
        let is_it = |source: patchbay_domain::ids::SourceId| source.to_string() == id;
        let mut bindings = server.bindings.iter();
        bindings.find(|binding| binding.source_id.is_some_and(is_it)).cloned()
    });
    let editing = tool(asked.edit_tool);
    let deleting_tool = tool(asked.delete_tool).filter(|it| it.tool.dynamic);
    let made: Vec<_> = tools
        .iter()
        .filter(|it| it.tool.dynamic)
        .map(|it| it.tool.name.clone())
        .collect();
    let (deleting, duplicating) = (
        asked.delete.then(|| server.clone()),
        asked.duplicate.then(|| server.clone()),
    );
    view! {
        <div id="dialogs">
            {deleting.map(|server| view! { <DeleteDialog server tokens=tokens.len() made/> })}
            {duplicating.map(|server| view! { <DuplicateDialog server/> })}
            {removing.map(|binding| view! { <RemoveSourceDialog server=server.clone() binding tools=tools.clone()/> })}
            {editing.map(|tool| view! { <EditToolDialog server=id tool/> })}
            {deleting_tool.map(|it| view! { <DeleteToolDialog server=id tool=it.tool/> })}
            {revoking.map(|token| view! { <RevokeDialog server=id token/> })}
        </div>
    }
    .into_any()
}

#[component]
fn Facts(server: ServerView) -> AnyView {
    let usage = server.usage;
    let mean = match usage.calls {
        0 => "–".to_owned(),
        _ => format!("{} ms", count(usage.mean_ms)),
    };
    view! {
        <section class="panel" aria-label="About">
            <div class="endpoint">
                <span class="endpoint-label" id="endpoint-label">"Endpoint"</span>
                <CopyLine id="endpoint" what="endpoint" text=server.endpoint/>
            </div>
            <dl class="pairs">
                <div><dt>"Calls, last 24 h"</dt><dd>{count(usage.calls)}</dd></div>
                <div><dt>"Errors, last 24 h"</dt><dd>{count(usage.errors)}</dd></div>
                <div><dt>"Average time"</dt><dd>{mean}</dd></div>
                <div><dt>"Created"</dt><dd><TimeAgo at=server.created_at/></dd></div>
                <div><dt>"Last change"</dt><dd><TimeAgo at=server.updated_at/></dd></div>
            </dl>
        </section>
    }
    .into_any()
}
