//! The sign-up page.

use super::{
    api::{SIGN_UP, SignUp as SignUpForm},
    signed_in::SignedIn,
};
use crate::{
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, Form, PlainForm, Submit, TakeToken, form, page_for_anybody},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::user::SignUp;

/// Makes an account: for anybody, for whoever has an invitation, or for nobody, and then it says how to get in. Whoever has one
/// is told so: an invitation may have led them here.
#[component]
pub(crate) fn SignUpPage() -> impl IntoView {
    page_for_anybody(|frame| match frame {
        Frame { me: Some(me), .. } => view! {
            <SignedIn title="Sign up" email=me.email page="/sign-up"
                to="use an invitation, or to make another account"/>
        }
        .into_any(),
        Frame { needs_set_up: true, .. } => view! { <Leave to="/set-up".to_owned()/> }.into_any(),
        Frame {
            sign_up: SignUp::Closed,
            ..
        } => view! { <Closed/> }.into_any(),
        Frame { sign_up, .. } => view! { <NewAccount is_open=sign_up == SignUp::Open/> }.into_any(),
    })
}

#[component]
fn NewAccount(
    /// Whether it takes no invitation.
    is_open: bool,
) -> impl IntoView {
    let form = form(SIGN_UP);
    let about = (!is_open).then(|| "Accounts on this Patchbay are made by invitation.".to_owned());
    view! {
        <SmallPage title="Sign up" about=about.unwrap_or_default()>
            <PlainForm form action=SignUpForm::url()>
                {(!is_open).then(|| view! { <Invitation form is_needed=true/> })}
                <Field form name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"
                    autofocus=is_open/>
                <Field form name="password" label="Password" control=Control::Line("password") required=true
                    autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                {is_open.then(|| view! {
                    <details class="more" open=form.typed("token").is_some_and(|token| !token.is_empty())>
                        <summary>"I have an invitation"</summary>
                        <Invitation form is_needed=false/>
                    </details>
                })}
                <Submit label="Sign up"/>
            </PlainForm>
            <TakeToken token=form.element("token") next=form.element("email")/>
            <p class="small-foot">"Have an account? " <a href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}

#[component]
fn Invitation(form: Form, is_needed: bool) -> impl IntoView {
    view! {
        <Field form name="token" label="Invitation" control=Control::Line("password") required=is_needed
            help="It is the end of the link that you got, behind the #."/>
    }
}

#[component]
fn Closed() -> impl IntoView {
    view! {
        <SmallPage title="Sign up" about="Accounts on this Patchbay are made by the people who run it.">
            <p>"Ask whoever runs this Patchbay for an account. On the server itself, this makes one, and reads its password from the keyboard:"</p>
            <pre class="snippet"><code>"patchbay user create --email you@example.org --password-stdin"</code></pre>
            <p class="small-foot">"Have an account? " <a href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}
