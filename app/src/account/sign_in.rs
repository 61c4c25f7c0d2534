//! The sign-in page.

use super::api::{SIGN_IN, SignIn};
use crate::{
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, FormBody, Hidden, Submit, flash_only, load_frame},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;
use patchbay_domain::user::SignUp;

/// Signs in. Nobody is signed up yet: off to set-up. Somebody is signed in: off to the overview.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    load_frame(|frame| match frame {
        Frame { me: Some(_), .. } => view! { <Leave to="/".to_owned()/> }.into_any(),
        Frame { needs_set_up: true, .. } => view! { <Leave to="/set-up".to_owned()/> }.into_any(),
        Frame { sign_up, .. } => view! { <SignInForm sign_up/> }.into_any(),
    })
}

#[component]
fn SignInForm(sign_up: SignUp) -> impl IntoView {
    let form = flash_only(SIGN_IN, ToString::to_string);
    let next = use_query_map()
        .with_untracked(|query| query.get("next"))
        .unwrap_or_default();
    view! {
        <SmallPage title="Sign in">
            <form class="form" method="post" action=SignIn::url()>
                <FormBody form>
                    <Hidden name="next" value=next/>
                    <Field name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"
                        autofocus=true/>
                    <Field name="password" label="Password" control=Control::Line("password") required=true
                        autocomplete="current-password"/>
                    <Submit label="Sign in"/>
                </FormBody>
            </form>
            <p class="small-foot">{match sign_up {
                SignUp::Open => view! { "No account yet? " <a href="/sign-up">"Sign up"</a> }.into_any(),
                SignUp::Invite | SignUp::Closed => "No account yet? Ask whoever runs this Patchbay.".into_any(),
            }}</p>
        </SmallPage>
    }
}
