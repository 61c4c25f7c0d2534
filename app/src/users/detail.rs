//! A user's page.

use super::{
    api,
    delete::DeleteDialog,
    disable::DisableDialog,
    manage::{Manage, SecondFactorDialog},
    query::Ask,
    words::{roles, state},
};
use crate::{
    context::{self, Waiting},
    layout::Frame,
    ui::{PageHeader, ShownOnce, TimeAgo, count, page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use patchbay_domain::{account::Belongings, user::UserEntry};

/// What a user is and has, and what superusers can do about it.
#[component]
pub(crate) fn UserPage() -> impl IntoView {
    let id = use_params_map()
        .with_untracked(|params| params.get("id"))
        .unwrap_or_default();
    let ask = use_query_map().with_untracked(Ask::read);
    page(async move {
        let (engine, actor) = context::signed_in()?;
        actor.require_superuser()?;
        let id = api::parse(&id)?;
        let entry = engine.user(&actor, id).await?;
        let belongings = match ask {
            Some(Ask::Delete) => Some(engine.belongings(&actor, id).await?),
            _ => None,
        };
        let link = context::take::<String>(Waiting::ResetLink(id)).await?;
        let is_me = actor.user == id;
        Ok(view! { <User entry is_me link belongings ask/> }.into_any())
    })
}

#[component]
fn User(
    entry: UserEntry,
    is_me: bool,
    /// A link for a lost password that was just made.
    link: Option<String>,
    /// What goes with the account, where that is asked.
    belongings: Option<Belongings>,
    ask: Option<Ask>,
) -> AnyView {
    let user = entry.user.clone();
    let did = format!("/audit?actor={}", user.id);
    // Nobody locks themself out, nor by mistake.
    let ask = ask.filter(|_| !is_me);
    view! {
        <PageHeader title=user.email.clone() parent=("Users", "/users")>
            <a class="button" href=did>"What they did"</a>
        </PageHeader>
        {link.map(|link| view! {
            <ShownOnce id="reset-link" title="Send this link to them now" what="link" text=link
                about="Whoever opens it sets a new password, once, within a day. It is shown only now: Patchbay keeps no copy."/>
        })}
        <Facts entry/>
        {if is_me { view! { <OwnAccount/> }.into_any() } else { view! { <Manage user=user.clone()/> }.into_any() }}
        <div id="dialogs">
            {match (ask, belongings) {
                (Some(Ask::Delete), Some(belongings)) => Some(view! { <DeleteDialog user belongings/> }.into_any()),
                (Some(Ask::Disable), _) => Some(view! { <DisableDialog user/> }.into_any()),
                (Some(Ask::SecondFactor), _) => Some(view! { <SecondFactorDialog user/> }.into_any()),
                _ => None,
            }}
        </div>
    }
    .into_any()
}

#[component]
fn Facts(entry: UserEntry) -> AnyView {
    let UserEntry {
        user,
        servers_count,
        sources_count,
        last_seen_at,
    } = entry;
    let (class, state) = state(&user);
    view! {
        <section class="panel" aria-label="About">
            <dl class="pairs">
                <div><dt>"Role"</dt><dd>{roles(&user.roles)}</dd></div>
                <div>
                    <dt>"State"</dt>
                    <dd>
                        <span class=class>{state}</span>
                        {user.disabled_at.map(|at| view! { " " <TimeAgo at/> })}
                    </dd>
                </div>
                <div><dt>"Second factor"</dt><dd>{if user.second_factor { "on" } else { "off" }}</dd></div>
                <div><dt>"MCP servers"</dt><dd>{count(servers_count)}</dd></div>
                <div><dt>"Sources"</dt><dd>{count(sources_count)}</dd></div>
                <div>
                    <dt>"Last seen"</dt>
                    <dd>
                        {match last_seen_at {
                            Some(at) => view! { <TimeAgo at/> }.into_any(),
                            None => "not signed in".into_any(),
                        }}
                    </dd>
                </div>
                <div><dt>"Member since"</dt><dd><TimeAgo at=user.created_at/></dd></div>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn OwnAccount() -> impl IntoView {
    let email = expect_context::<Frame>().me.map(|me| me.email).unwrap_or_default();
    view! {
        <div class="notice notice-info">
            <p class="notice-text">{format!("You are {email}.")}</p>
            <p class="notice-detail">
                "Password, second factor and sessions are on " <a href="/account">"your account page"</a>
                ". Another superuser changes your role, or disables your account."
            </p>
        </div>
    }
}
