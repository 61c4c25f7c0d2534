//! The table of tokens, of a server or of a person.

use super::{TimeAgo, TimeLeft};
use crate::layout::Frame;
use leptos::prelude::*;
use patchbay_domain::Timestamp;

/// A token, as its owner sees it.
pub(crate) struct TokenRow {
    pub(crate) name: String,
    /// Its first characters.
    pub(crate) prefix: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    /// Where it is asked whether to revoke it.
    pub(crate) revoke: String,
}

/// Tokens that weren't revoked, each with the way to do that.
#[component]
pub(crate) fn TokenTable(tokens: Vec<TokenRow>) -> AnyView {
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
fn Row(token: TokenRow) -> AnyView {
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
            <td class="table-action">
                <a class="button button-danger-quiet" href=token.revoke aria-label=label data-dialog="">"Revoke"</a>
            </td>
        </tr>
    }
    .into_any()
}
