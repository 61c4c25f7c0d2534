//! Whom a change affects, by name and number.

use crate::ui::{count, names, things};
use leptos::prelude::*;
use patchbay_domain::changes::{Affected, AffectedServer, Impact};

/// How many names are read before the rest is only counted.
const NAMES: usize = 10;

/// Who uses a connector: servers and their owners by name, and what goes on there.
#[component]
pub(super) fn ImpactList(impact: Impact) -> AnyView {
    let Impact {
        servers,
        servers_with_sources,
        users,
        sources,
        deleted_servers,
        dynamic_tools,
        calls_today,
    } = impact;
    if servers.total == 0 && servers_with_sources.total == 0 && deleted_servers == 0 && sources == 0 {
        return view! { <p>"Nobody: no MCP server is made from it."</p> }.into_any();
    }
    view! {
        <ul class="losses">
            {(servers.total > 0).then(|| view! { <Servers servers how=":"/> })}
            {(servers_with_sources.total > 0).then(|| view! { <Servers servers=servers_with_sources how=" with sources of its type:"/> })}
            {(users.total > 0).then(|| view! { <li>{things(users.total, "user")} ": " {names(users.items, users.total)}</li> })}
            {(deleted_servers > 0).then(|| view! {
                <li>{things(deleted_servers, "deleted server")} {if deleted_servers == 1 { " that still holds its endpoint" } else { " that still hold their endpoints" }}</li>
            })}
            {(sources > 0).then(|| view! { <li>{things(sources, "source")} " of its type"</li> })}
            {(dynamic_tools > 0).then(|| view! { <li>{things(dynamic_tools, "tool")} " made from its templates"</li> })}
            <li>{things(calls_today, "call")} " in the last 24 hours"</li>
        </ul>
    }
    .into_any()
}

#[component]
fn Servers(servers: Affected<AffectedServer>, how: &'static str) -> impl IntoView {
    let Affected { total, items } = servers;
    let beyond = total.saturating_sub(items.len().min(NAMES) as u64);
    view! {
        <li>
            {things(total, "MCP server")} {how}
            <ul class="names">
                {items.into_iter().take(NAMES).map(|server| view! {
                    <li><strong>{server.name}</strong> " " <span class="names-owner">"of " {server.owner}</span></li>
                }).collect_view()}
                {(beyond > 0).then(|| view! { <li>"and " {count(beyond)} " more"</li> })}
            </ul>
        </li>
    }
}
