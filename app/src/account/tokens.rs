//! Tokens that programs sign in with: the list, one more, one less.

use super::api::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};
use crate::{
    expiry::{EXPIRIES, EXPIRY},
    ui::{Control, Dialog, EmptyState, Field, Hidden, Icon, InPlaceForm, Setting, Submit, TimeAgo, TimeLeft, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::account::ApiTokenView;

/// The tokens, and the form for one more.
#[component]
pub(super) fn Tokens(tokens: Vec<ApiTokenView>) -> AnyView {
    let form = form(CREATE_TOKEN);
    let choices = EXPIRIES.map(|(word, label)| (word.to_owned(), label.to_owned()));
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
                view! { <Table tokens/> }.into_any()
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

#[component]
fn Table(tokens: Vec<ApiTokenView>) -> AnyView {
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Begins with"</th>
                    <th scope="col">"Created"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col">"Ends"</th>
                    <th scope="col"><span class="visually-hidden">"Revoke"</span></th>
                </tr>
            </thead>
            <tbody>{tokens.into_iter().map(|token| view! { <Row token/> }).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(token: ApiTokenView) -> AnyView {
    let href = format!("/account?revoke={}", token.id);
    let label = format!("Revoke {}", token.name);
    view! {
        <tr>
            <th scope="row">{token.name}</th>
            <td data-label="Begins with"><code>{token.prefix} "…"</code></td>
            <td data-label="Created" class="date"><TimeAgo at=token.created_at/></td>
            <td data-label="Last used" class="date">
                {match token.last_used_at {
                    Some(at) => view! { <TimeAgo at/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
            <td data-label="Ends" class="date">
                {match token.expires_at {
                    Some(at) => view! { <TimeLeft at/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
            <td class="table-action"><a class="button button-danger-quiet" href=href aria-label=label data-dialog="">"Revoke"</a></td>
        </tr>
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
