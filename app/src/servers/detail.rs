//! A server's page.

use super::{
    api,
    connect::{Connect, NewToken},
    connector_state::ConnectorState,
    delete::DeleteDialog,
    delete_tool::DeleteToolDialog,
    tokens::{RevokeDialog, Tokens},
    tools::Tools,
};
use crate::{
    context,
    ui::{CopyLine, Logo, ModeBadge, PageHeader, TimeAgo, count, page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{
    connector::ConnectorSummary,
    server::{ServerTokenView, ServerView},
    tool::ToolView,
};
use patchbay_engine::DriftPolicy;

/// What a server is, how clients reach it, its tools and its tokens.
#[component]
pub(crate) fn ServerPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let asked = use_query_map().with_untracked(|query| Asked {
        delete: query.get("delete").is_some(),
        revoke: query.get("revoke"),
        delete_tool: query.get("delete_tool"),
    });
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let id = api::parse(&id)?;
        let server = engine.server(&actor, id).await?;
        let tools = engine.server_tools(&actor, id).await?;
        let tokens = engine.server_tokens(&actor, id).await?;
        let ids: Vec<_> = server.connector.iter().map(|connector| connector.id).collect();
        let connector = engine.connectors_by_id(&actor, &ids).await?.pop();
        let drift = engine.config().drift;
        let new_token = context::take_token(id).await?;
        Ok(view! { <Server server connector drift tools tokens new_token asked/> }.into_any())
    })
}

/// What the address asks about.
struct Asked {
    delete: bool,
    revoke: Option<String>,
    delete_tool: Option<String>,
}

#[component]
fn Server(
    server: ServerView,
    connector: Option<ConnectorSummary>,
    drift: DriftPolicy,
    tools: Vec<ToolView>,
    tokens: Vec<ServerTokenView>,
    /// A token that was just made: this is its only sight.
    new_token: Option<String>,
    asked: Asked,
) -> AnyView {
    let id = server.id;
    let revoking = asked
        .revoke
        .and_then(|id| tokens.iter().find(|token| token.id.to_string() == id).cloned());
    let deleting_tool = asked
        .delete_tool
        .and_then(|name| tools.iter().find(|tool| tool.dynamic && tool.name == name).cloned());
    let has_templates = connector
        .as_ref()
        .is_some_and(|connector| connector.templates_count > 0);
    let (deleting, count) = (asked.delete.then(|| server.clone()), tokens.len());
    let made: Vec<_> = tools
        .iter()
        .filter(|tool| tool.dynamic)
        .map(|tool| tool.name.clone())
        .collect();
    view! {
        <PageHeader title=server.name.clone() parent=("MCP servers", "/servers")>
            <a class="button button-danger-quiet" href=format!("/servers/{id}?delete=1") data-dialog="">"Delete"</a>
        </PageHeader>
        {new_token.clone().map(|token| view! { <NewToken token/> })}
        {connector.map(|connector| view! { <ConnectorState connector drift/> })}
        <Facts server=server.clone()/>
        <Connect name=server.name endpoint=server.endpoint new_token/>
        <Tools server=id tools connector=server.connector.map(|connector| connector.name).unwrap_or_default() has_templates/>
        <Tokens server=id tokens/>
        <div id="dialogs">
            {deleting.map(|server| view! { <DeleteDialog server tokens=count made/> })}
            {deleting_tool.map(|tool| view! { <DeleteToolDialog server=id tool/> })}
            {revoking.map(|token| view! { <RevokeDialog server=id token/> })}
        </div>
    }
    .into_any()
}

#[component]
fn Facts(server: ServerView) -> AnyView {
    let usage = server.usage;
    let connector = server.connector.map(|connector| {
        view! {
            <div>
                <dt>"Connector"</dt>
                <dd class="with-logo">
                    <Logo url=connector.logo_url name=connector.name.clone()/>
                    <a href=format!("/connectors/{}", connector.connector_id)>{connector.name.clone()}</a>
                    <ModeBadge mode=connector.mode/>
                </dd>
            </div>
        }
    });
    view! {
        <section class="panel" aria-label="About">
            <div class="endpoint">
                <span class="endpoint-label" id="endpoint-label">"Endpoint"</span>
                <CopyLine id="endpoint" what="endpoint" text=server.endpoint/>
            </div>
            <dl class="pairs">
                {connector}
                <div><dt>"Calls, last 24 h"</dt><dd>{count(usage.calls)}</dd></div>
                <div><dt>"Errors, last 24 h"</dt><dd>{count(usage.errors)}</dd></div>
                <div><dt>"Average time"</dt><dd>{if usage.calls > 0 { format!("{} ms", count(usage.mean_ms)) } else { "–".to_owned() }}</dd></div>
                <div><dt>"Created"</dt><dd><TimeAgo at=server.created_at/></dd></div>
            </dl>
        </section>
    }
    .into_any()
}
