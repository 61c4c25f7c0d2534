//! A server's page.

use super::{
    api::{ServerData, get_server},
    connect::{Connect, NewToken},
    delete::DeleteDialog,
    tokens::{RevokeDialog, Tokens},
    tools::Tools,
};
use crate::{
    layout::use_site,
    ui::{CopyLine, Logo, ModeBadge, PageHeader, TimeAgo, count, load},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::server::ServerView;

/// What a server is, how clients reach it, its tools and its tokens.
#[component]
pub(crate) fn ServerPage() -> impl IntoView {
    let site = use_site();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let data = Resource::new(move || (id.get(), site.reloads()), |(id, _)| get_server(id));
    load(data, |data, _| view! { <Server data/> }.into_any())
}

#[component]
fn Server(data: ServerData) -> AnyView {
    let ServerData {
        server,
        tools,
        tokens,
        new_token,
    } = data;
    let path = format!("/servers/{}", server.id);
    view! {
        <PageHeader title=server.name.clone() parent=("MCP servers", "/servers")>
            <a class="button button-danger-quiet" href=format!("{path}?delete=1") data-noscroll="">"Delete"</a>
        </PageHeader>
        {new_token.clone().map(|token| view! { <NewToken token/> })}
        <Facts server=server.clone()/>
        <Connect name=server.name.clone() endpoint=server.endpoint.clone() new_token/>
        <Tools server=server.id tools/>
        <Tokens server=server.id tokens=tokens.clone()/>
        <Dialogs server tokens/>
    }
    .into_any()
}

/// The dialog that the address asks for.
#[component]
fn Dialogs(server: ServerView, tokens: Vec<patchbay_domain::server::ServerTokenView>) -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| query.with(|query| (query.get("delete").is_some(), query.get("revoke"))));
    move || match wanted.get() {
        (true, _) => view! { <DeleteDialog server=server.clone() tokens=tokens.len()/> }.into_any(),
        (false, Some(id)) => tokens
            .iter()
            .find(|token| token.id.to_string() == id)
            .map(|token| view! { <RevokeDialog server=server.id token=token.clone()/> })
            .into_any(),
        (false, None) => ().into_any(),
    }
}

#[component]
fn Facts(server: ServerView) -> AnyView {
    let (connector, usage) = (server.connector, server.usage);
    view! {
        <section class="panel" aria-label="About">
            <div class="endpoint">
                <span class="endpoint-label" id="endpoint-label">"Endpoint"</span>
                <CopyLine id="endpoint" what="endpoint" text=server.endpoint/>
            </div>
            <dl class="pairs">
                <div>
                    <dt>"Connector"</dt>
                    <dd class="with-logo">
                        <Logo url=connector.logo_url name=connector.name.clone()/>
                        <a href=format!("/connectors/{}", connector.connector_id)>{connector.name.clone()}</a>
                        <ModeBadge mode=connector.mode/>
                    </dd>
                </div>
                <div><dt>"Calls, last 24 h"</dt><dd>{count(usage.calls)}</dd></div>
                <div><dt>"Errors, last 24 h"</dt><dd>{count(usage.errors)}</dd></div>
                <div><dt>"Average time"</dt><dd>{if usage.calls > 0 { format!("{} ms", count(usage.mean_ms)) } else { "–".to_owned() }}</dd></div>
                <div><dt>"Created"</dt><dd><TimeAgo at=server.created_at/></dd></div>
            </dl>
        </section>
    }
    .into_any()
}
