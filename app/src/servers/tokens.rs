//! A server's tokens: the list, one more, one less.

use super::api::{CREATE_TOKEN, CreateToken, REVOKE_TOKEN, RevokeToken};
use crate::{
    expiry::{EXPIRIES, EXPIRY},
    layout::Frame,
    ui::{Control, Dialog, EmptyState, Field, Hidden, Icon, InPlaceForm, Submit, TimeAgo, TimeLeft, form},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::{ids::ServerId, server::ServerTokenView};

/// The tokens that open a server, and the form for one more.
#[component]
pub(super) fn Tokens(server: ServerId, tokens: Vec<ServerTokenView>) -> AnyView {
    let form = form(CREATE_TOKEN);
    let choices = EXPIRIES.map(|(word, label)| (word.to_owned(), label.to_owned()));
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
                view! { <Table server tokens/> }.into_any()
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

#[component]
fn Table(server: ServerId, tokens: Vec<ServerTokenView>) -> AnyView {
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
            <tbody>{tokens.into_iter().map(|token| view! { <Row server token/> }).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(server: ServerId, token: ServerTokenView) -> AnyView {
    let href = format!("/servers/{server}?revoke={}", token.id);
    let label = format!("Revoke {}", token.name);
    let has_ended = token.expires_at.is_some_and(|at| at <= expect_context::<Frame>().now);
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
                    Some(_) if has_ended => view! { <span class="badge badge-bad">"Has ended"</span> }.into_any(),
                    Some(at) => view! { <TimeLeft at/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
            <td class="table-action"><a class="button button-danger-quiet" href=href aria-label=label data-dialog="">"Revoke"</a></td>
        </tr>
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
