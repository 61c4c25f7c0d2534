//! The way around: a column at the left, or a bar at the bottom of a narrow window.

use super::use_frame;
use crate::{
    account::SignOut,
    ui::{Icon, IconView},
    users::roles,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::A;
use patchbay_domain::user::UserView;

/// The navigation and who is signed in.
#[component]
pub(crate) fn Navigation() -> impl IntoView {
    let frame = use_frame();
    view! {
        <header class="side" id="side">
            <div class="side-inner">
                <a class="brand" href="/">
                    <img src="/favicon.svg" alt="" width="28" height="28"/>
                    <span>"Patchbay"</span>
                </a>
                <nav class="nav" aria-label="Main">
                    <A href="/" exact=true><IconView icon=Icon::Overview/><span>"Overview"</span></A>
                    <A href="/connectors"><IconView icon=Icon::Connector/><span>"Connectors"</span></A>
                    <A href="/sources"><IconView icon=Icon::Source/><span>"Sources"</span></A>
                    <A href="/servers"><IconView icon=Icon::Server/><span><span class="nav-rest">"MCP "</span>"servers"</span></A>
                    <A href="/activity"><IconView icon=Icon::Activity/><span>"Activity"</span></A>
                    <Suspense>
                        {Suspend::new(async move {
                            let is_superuser = frame.await.is_ok_and(|frame| frame.is_superuser());
                            is_superuser.then(|| view! {
                                <A href="/users"><IconView icon=Icon::Users/><span>"Users"</span></A>
                                <A href="/audit"><IconView icon=Icon::Audit/><span>"Audit"<span class="nav-rest">" log"</span></span></A>
                            })
                        })}
                    </Suspense>
                </nav>
                // Pages with a frame of their own.
                <p class="side-foot"><a href="/api/docs">"API documentation"</a></p>
                <Suspense>
                    {Suspend::new(async move { frame.await.ok().and_then(|frame| frame.me).map(|me| view! { <Me me/> }) })}
                </Suspense>
            </div>
        </header>
    }
}

#[component]
fn Me(me: UserView) -> impl IntoView {
    let email = me.email.clone();
    view! {
        <div class="me">
            <A href="/account" attr:class="me-words" attr:title=me.email>
                <span class="visually-hidden">"Account of "</span>
                <span class="me-email">{email}</span>
                <span class="me-role">{roles(&me.roles)}</span>
            </A>
            <form method="post" action=SignOut::url()>
                <button class="button button-quiet button-icon" type="submit" aria-label="Sign out" title="Sign out">
                    <IconView icon=Icon::SignOut/>
                </button>
            </form>
        </div>
    }
}
