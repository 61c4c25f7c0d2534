//! The page that a link for a lost password leads to.

use super::{
    api::{RESET_PASSWORD, ResetPassword},
    signed_in::SignedIn,
};
use crate::{
    layout::SmallPage,
    ui::{Control, Field, PlainForm, Submit, TakeToken, form, page_for_anybody},
};
use leptos::{prelude::*, server_fn::ServerFn};

const TITLE: &str = "Set a new password";

/// Sets a new password with the token of a link, once nobody is signed in: whose password it is only the token says.
#[component]
pub(crate) fn ResetPasswordPage() -> impl IntoView {
    page_for_anybody(|frame| match frame.me {
        Some(me) => view! {
            <SignedIn title=TITLE email=me.email to="set a new password with this link" page="/reset-password"/>
        }
        .into_any(),
        None => view! { <NewPassword/> }.into_any(),
    })
}

#[component]
fn NewPassword() -> impl IntoView {
    let form = form(RESET_PASSWORD);
    view! {
        <SmallPage title=TITLE about="With the link that a superuser made for you. All your sessions end with it. API tokens stay: look through them afterwards.">
            <PlainForm form action=ResetPassword::url()>
                <Field form name="token" label="Reset token" control=Control::Line("password") required=true
                    help="It is the end of the link that you got, behind the #."/>
                <Field form name="password" label="New password" control=Control::Line("password") required=true
                    autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                <Submit label="Set password"/>
            </PlainForm>
            <TakeToken token=form.element("token") next=form.element("password")/>
            <p class="small-foot">"Remember it after all? " <a href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}
