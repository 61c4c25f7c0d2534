//! The sign-in page.

use super::api::{SIGN_IN, SignIn};
use crate::{
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, Hidden, PlainForm, Submit, form, page_for_anybody},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::user::SignUp;

/// Signs in. Nobody is signed up yet: off to set-up. Somebody is signed in: off to the overview.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let next = use_query_map()
        .with_untracked(|query| query.get("next"))
        .unwrap_or_default();
    page_for_anybody(move |frame| match frame {
        Frame { me: Some(_), .. } => view! { <Leave to="/".to_owned()/> }.into_any(),
        Frame { needs_set_up: true, .. } => view! { <Leave to="/set-up".to_owned()/> }.into_any(),
        Frame { sign_up, .. } => view! { <SignInForm next sign_up/> }.into_any(),
    })
}

#[component]
fn SignInForm(next: String, sign_up: SignUp) -> impl IntoView {
    let form = form(SIGN_IN);
    view! {
        <SmallPage title="Sign in">
            <PlainForm form action=SignIn::url()>
                <Hidden name="next" value=next/>
                <Field form name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"
                    autofocus=true/>
                <Field form name="password" label="Password" control=Control::Line("password") required=true
                    autocomplete="current-password"/>
                <Submit label="Sign in"/>
            </PlainForm>
            <p class="small-foot">{match sign_up {
                SignUp::Open => view! { "No account yet? " <a href="/sign-up">"Sign up"</a> }.into_any(),
                SignUp::Invite => view! { "Invited? " <a href="/sign-up">"Sign up"</a> }.into_any(),
                SignUp::Closed => "No account yet? Ask whoever runs this Patchbay.".into_any(),
            }}</p>
        </SmallPage>
    }
}
