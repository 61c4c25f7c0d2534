//! A server's tokens: the list, one more, one less.

use super::api::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};
use crate::{
    expiry::{EXPIRIES, EXPIRY},
    ui::{Control, Dialog, EmptyState, Field, Hidden, Icon, InPlaceForm, Submit, TokenRow, TokenTable, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{ids::ServerId, server::ServerTokenView};

/// The tokens that open a server, and the form for one more.
#[component]
pub(super) fn Tokens(server: ServerId, tokens: Vec<ServerTokenView>) -> AnyView {
    let form = form(CREATE_TOKEN);
    let choices = EXPIRIES.map(|(word, label)| (word.to_owned(), label.to_owned()));
    let tokens = tokens
        .into_iter()
        .map(|token| TokenRow {
            revoke: format!("/servers/{server}?revoke={}", token.id),
            name: token.name,
            prefix: token.prefix,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        })
        .collect::<Vec<_>>();
    view! {
        <section class="section" aria-labelledby="tokens">
            <div class="section-head"><h2 id="tokens">"Tokens" <span class="count">{tokens.len()}</span></h2></div>
            <p class="section-about">
                "One for each client keeps it easy to take one away. A token's text is shown when it is made and never again."
            </p>
            {if tokens.is_empty() {
                view! {
                    <EmptyState icon=Icon::Key title="No tokens">
                        <p>"Without one no client gets in. Create one below."</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! { <TokenTable tokens/> }.into_any()
            }}
            <InPlaceForm form action=CreateToken::url() words="The token was not created" class="form form-inline form-choice">
                <Hidden name="server_id" value=server.to_string()/>
                <Field form name="name" label="Name of a new token" placeholder="Claude on my laptop" required=true/>
                <Field form name="expires" label="Ends after" control=Control::Select(choices.to_vec()) value=EXPIRY required=true/>
                <Submit label="Create token"/>
            </InPlaceForm>
        </section>
    }
    .into_any()
}

/// The question before a token is revoked: names what goes with it.
#[component]
pub(super) fn RevokeDialog(server: ServerId, token: ServerTokenView) -> AnyView {
    let form = form(REVOKE_TOKEN);
    let close = format!("/servers/{server}");
    view! {
        <Dialog title=format!("Revoke {}?", token.name) close=close.clone()>
            <p>
                "Clients that send " <code>{token.prefix} "…"</code>
                " are refused at once. This can't be undone; the server and its other tokens stay."
            </p>
            <InPlaceForm form action=RevokeToken::url() words="The token was not revoked">
                <Hidden name="server_id" value=server.to_string()/>
                <Hidden name="token_id" value=token.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Revoke token" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
