//! The sign-up page.

use super::api::{SIGN_UP, SignUp as SignUpForm};
use crate::{
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, PlainForm, Submit, form, page_for_anybody},
};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::user::SignUp;

/// Makes an account where anybody may; elsewhere it says how to get in.
#[component]
pub(crate) fn SignUpPage() -> impl IntoView {
    page_for_anybody(|frame| match frame {
        Frame { me: Some(_), .. } => view! { <Leave to="/".to_owned()/> }.into_any(),
        Frame { needs_set_up: true, .. } => view! { <Leave to="/set-up".to_owned()/> }.into_any(),
        Frame {
            sign_up: SignUp::Open, ..
        } => view! { <Open/> }.into_any(),
        Frame { .. } => view! { <NotOpen/> }.into_any(),
    })
}

#[component]
fn Open() -> impl IntoView {
    let form = form(SIGN_UP);
    view! {
        <SmallPage title="Sign up">
            <PlainForm form action=SignUpForm::url()>
                <Field form name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"
                    autofocus=true/>
                <Field form name="password" label="Password" control=Control::Line("password") required=true
                    autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                <Submit label="Sign up"/>
            </PlainForm>
            <p class="small-foot">"Have an account? " <a href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}

#[component]
fn NotOpen() -> impl IntoView {
    view! {
        <SmallPage title="Sign up" about="Accounts on this Patchbay are made by the people who run it.">
            <p>"Ask whoever runs this Patchbay for an account. On the server itself, this makes one, and reads its password from the keyboard:"</p>
            <pre class="snippet"><code>"patchbay user create --email you@example.org --password-stdin"</code></pre>
            <p class="small-foot">"Have an account? " <a href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}
