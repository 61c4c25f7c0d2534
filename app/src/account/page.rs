//! The account page: who one is here, how one signs in, and what may act in one's name.

use super::{
    delete::DeleteDialog,
    password::Password,
    sessions::Sessions,
    tokens::{RevokeDialog, Tokens},
};
use crate::{
    context::{self, Waiting},
    layout::Frame,
    ui::{PageHeader, Setting, ShownOnce, TimeAgo, page},
    users::roles,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use patchbay_domain::{
    account::{ApiTokenView, Belongings, SessionView},
    page::{MAX_LIMIT, Page, PageRequest},
    user::UserView,
};
use patchbay_engine::error::Unauthenticated;

/// Everything about one's own account.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let (revoke, delete) = use_query_map().with_untracked(|query| (query.get("revoke"), query.get("delete").is_some()));
    page(async move {
        let (engine, actor) = context::signed_in()?;
        let me = expect_context::<Frame>().me.ok_or(Unauthenticated::SignedOut)?;
        let used_last = PageRequest {
            limit: Some(MAX_LIMIT),
            cursor: None,
        };
        let sessions = engine.sessions(&actor, &used_last).await?;
        let tokens = engine.api_tokens(&actor).await?;
        let deleting = if delete {
            Some(engine.belongings(&actor, actor.user).await?)
        } else {
            None
        };
        let revoking = revoke.and_then(|id| tokens.iter().find(|token| token.id.to_string() == id).cloned());
        let new_token = context::take::<String>(Waiting::ApiToken).await?;
        Ok(view! { <Account me sessions tokens new_token revoking deleting/> }.into_any())
    })
}

#[component]
fn Account(
    me: UserView,
    sessions: Page<SessionView>,
    tokens: Vec<ApiTokenView>,
    /// A token that was just made.
    new_token: Option<String>,
    /// The token that may be revoked.
    revoking: Option<ApiTokenView>,
    /// What goes with the account, where that may be deleted.
    deleting: Option<Belongings>,
) -> AnyView {
    let email = me.email.clone();
    let has_second_factor = me.second_factor;
    view! {
        <PageHeader title="Account" about="Who you are here, how you sign in, and what may act in your name."/>
        {new_token.map(|token| view! {
            <ShownOnce id="new-token" title="Copy this API token now" what="token" text=token
                about="It is shown only once: Patchbay keeps no copy. Programs send it as Authorization: Bearer."/>
        })}
        <About me/>
        <Password email=email.clone()/>
        <SecondFactor is_on=has_second_factor/>
        <Sessions sessions/>
        <Tokens tokens/>
        <Setting id="delete" title="Delete account" about="Everything that you made here goes with it.">
            <a class="button button-danger-quiet" href="/account?delete=1" data-dialog="">"Delete account"</a>
        </Setting>
        <div id="dialogs">
            {revoking.map(|token| view! { <RevokeDialog token/> })}
            {deleting.map(|belongings| view! { <DeleteDialog email belongings/> })}
        </div>
    }
    .into_any()
}

#[component]
fn About(me: UserView) -> impl IntoView {
    view! {
        <Setting id="about" title="About you" about="Superusers change what you may do.">
            <dl class="pairs">
                <div><dt>"Email"</dt><dd>{me.email}</dd></div>
                <div><dt>"Role"</dt><dd>{roles(&me.roles)}</dd></div>
                <div><dt>"Member since"</dt><dd><TimeAgo at=me.created_at/></dd></div>
            </dl>
        </Setting>
    }
}

#[component]
fn SecondFactor(is_on: bool) -> impl IntoView {
    let (class, state, verb) = if is_on {
        ("badge badge-good", "On", "Manage")
    } else {
        ("badge", "Off", "Set up")
    };
    view! {
        <Setting id="second-factor" title="Second factor" about="A code from your phone, so that your password alone opens nothing.">
            <div class="setting-state">
                <span class=class>{state}</span>
                <a class="button" href="/account/second-factor" aria-label=format!("{verb} second factor")>{verb}</a>
            </div>
        </Setting>
    }
}
