//! Tokens that programs sign in with: the list, one more, one less.

use super::api::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};
use crate::{
    expiry::{EXPIRIES, EXPIRY},
    ui::{Control, Dialog, EmptyState, Field, Hidden, Icon, InPlaceForm, Setting, Submit, TokenRow, TokenTable, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::account::ApiTokenView;

/// The tokens, and the form for one more.
#[component]
pub(super) fn Tokens(tokens: Vec<ApiTokenView>) -> AnyView {
    let form = form(CREATE_TOKEN);
    let choices = EXPIRIES.map(|(word, label)| (word.to_owned(), label.to_owned()));
    let tokens = tokens
        .into_iter()
        .map(|token| TokenRow {
            revoke: format!("/account?revoke={}", token.id),
            name: token.name,
            prefix: token.prefix,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        })
        .collect::<Vec<_>>();
    view! {
        <Setting id="tokens" title="API tokens"
            about="For programs that use the REST API in your name. They can't change your password, nor make tokens.">
            {if tokens.is_empty() {
                view! {
                    <EmptyState icon=Icon::Key title="No API tokens">
                        <p>"A script or another program signs in with one. Create it below."</p>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! { <TokenTable tokens/> }.into_any()
            }}
            <p><a href="/api/docs">"How to use the API"</a></p>
            <InPlaceForm form action=CreateToken::url() words="The API token was not created" class="form form-inline form-choice">
                <Field form name="name" label="Name of a new API token" placeholder="Backup script" required=true/>
                <Field form name="expires" label="Ends after" control=Control::Select(choices.to_vec()) value=EXPIRY required=true/>
                <Submit label="Create API token"/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

/// The question before a token is revoked.
#[component]
pub(super) fn RevokeDialog(token: ApiTokenView) -> AnyView {
    let form = form(REVOKE_TOKEN);
    let close = "/account";
    view! {
        <Dialog title=format!("Revoke {}?", token.name) close=close.to_owned()>
            <p>"Programs that send " <code>{token.prefix} "…"</code> " are refused at once. This can't be undone."</p>
            <InPlaceForm form action=RevokeToken::url() words="The API token was not revoked">
                <Hidden name="token_id" value=token.id.to_string()/>
                <div class="dialog-actions">
                    <a class="button" href=close data-close="">"Keep it"</a>
                    <Submit label="Revoke API token" danger=true/>
                </div>
            </InPlaceForm>
        </Dialog>
    }
    .into_any()
}
