//! The endpoint, the new token, and the configuration of clients.

use super::clients::{Client, clients};
use crate::ui::{CopyBlock, CopyLine, Icon, IconView};
use leptos::prelude::*;

/// A token's only sight.
#[component]
pub(super) fn NewToken(token: String) -> AnyView {
    view! {
        <section class="panel panel-accent" aria-labelledby="new-token-title">
            <h2 id="new-token-title"><IconView icon=Icon::Key/> "Copy this token now"</h2>
            <p class="panel-about">"It is shown only once: Patchbay keeps no copy. The snippets below have it filled in."</p>
            <CopyLine id="new-token" what="token" text=token/>
        </section>
    }
    .into_any()
}

/// What a client needs to know.
#[component]
pub(super) fn Connect(name: String, endpoint: String, new_token: Option<String>) -> AnyView {
    let has_token = new_token.is_some();
    let clients = clients(&name, &endpoint, new_token.as_deref());
    view! {
        <section class="section" aria-labelledby="connect">
            <div class="section-head"><h2 id="connect">"Connect a client"</h2></div>
            <p class="section-about">
                "Any MCP client that speaks Streamable HTTP can use this server. It sends a token as "
                <code>"Authorization: Bearer"</code>
                {(!has_token).then_some("; put one of yours in the place of YOUR_TOKEN")} "."
            </p>
            <div class="accordion">
                {clients.into_iter().enumerate().map(|(index, client)| view! { <One client is_open=index == 0/> }).collect_view()}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn One(client: Client, is_open: bool) -> AnyView {
    view! {
        // With one name for all, opening one closes the others.
        <details class="accordion-item" name="client" open=is_open>
            <summary>{client.name}</summary>
            <div class="accordion-body">
                <p>{client.place}</p>
                <CopyBlock id=format!("client-{}", client.id) what="configuration" text=client.snippet/>
            </div>
        </details>
    }
    .into_any()
}
