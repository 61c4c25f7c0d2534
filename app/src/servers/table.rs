//! Servers as a table; cards in a narrow window.

use crate::ui::{CopyLine, Logo, ModeBadge, TimeAgo, count, names, things};
use leptos::prelude::*;
use patchbay_domain::{
    server::{BindingView, ServerConnector, ServerView},
    usage::UsageView,
};

/// A person's servers.
#[component]
pub(crate) fn ServerTable(servers: Vec<ServerView>) -> AnyView {
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Made from"</th>
                    <th scope="col">"Endpoint"</th>
                    <th scope="col" class="number">"Calls, 24 h"</th>
                    <th scope="col">"Created"</th>
                </tr>
            </thead>
            <tbody>
                {servers.into_iter().enumerate().map(|(index, server)| view! { <Row server index/> }).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(server: ServerView, index: usize) -> AnyView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/servers/{}", server.id)>{server.name}</a></th>
            <td data-label="Made from"><MadeFrom connector=server.connector bindings=server.bindings/></td>
            <td data-label="Endpoint"><CopyLine id=format!("endpoint-{index}") what="endpoint" text=server.endpoint/></td>
            <td data-label="Calls, 24 h" class="number"><Calls usage=server.usage/></td>
            <td data-label="Created" class="date"><TimeAgo at=server.created_at/></td>
        </tr>
    }
    .into_any()
}

/// What a server is made from, in a few words: its own connector, how many sources, of which types.
#[component]
pub(super) fn MadeFrom(connector: Option<ServerConnector>, bindings: Vec<BindingView>) -> AnyView {
    let sources: Vec<_> = bindings.into_iter().filter(|it| it.source_id.is_some()).collect();
    let total = sources.len() as u64;
    let own = connector.map(|connector| {
        view! {
            <span class="with-logo">
                <Logo url=connector.logo_url name=connector.name.clone()/>
                <a href=format!("/connectors/{}", connector.connector_id)>{connector.name.clone()}</a>
                <ModeBadge mode=connector.mode/>
            </span>
        }
    });
    let is_empty = own.is_none() && total == 0;
    let kinds: Vec<_> = sources.into_iter().map(|it| it.name.unwrap_or(it.kind)).collect();
    view! {
        {own}
        {(total > 0).then(|| view! {
            <span class="made-from">{things(total, "source")}": " {names(kinds, total)}</span>
        })}
        {is_empty.then_some("nothing yet")}
    }
    .into_any()
}

/// How many calls there were, and how many of them failed.
#[component]
pub(super) fn Calls(usage: UsageView) -> impl IntoView {
    view! {
        {count(usage.calls)}
        {(usage.errors > 0).then(|| view! { <span class="failed">{format!("{} failed", count(usage.errors))}</span> })}
    }
}
