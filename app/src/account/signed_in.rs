//! What a link that is for somebody who isn't signed in shows to whoever is.

use super::api::SignOut;
use crate::{
    layout::SmallPage,
    ui::{Hidden, KeepFragment, Submit},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Says who is signed in, and leads back to this page without them. The link's token stays in the address for it.
#[component]
pub(super) fn SignedIn(
    /// The page's title.
    title: &'static str,
    /// Who is signed in.
    email: String,
    /// What signing out is for, as in "Sign out to …".
    to: &'static str,
    /// The page's path.
    page: &'static str,
) -> impl IntoView {
    let form = "sign-out";
    view! {
        <SmallPage title about=format!("You are signed in as {email}. Sign out to {to}.")>
            <form id=form class="form" method="post" action=SignOut::url()>
                <Hidden name="next" value=page/>
                <Submit label="Sign out"/>
            </form>
            <KeepFragment form=form.to_owned()/>
            <p class="small-foot">"Stay signed in? " <a href="/">"Go to the overview"</a></p>
        </SmallPage>
    }
}
