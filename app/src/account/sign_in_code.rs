//! The second step of signing in, for accounts with a second factor.

use super::api::{PendingSignIn, SIGN_IN_CODE, SignInCode};
use crate::{
    context::{self, Waiting},
    layout::{Frame, Leave, SmallPage},
    ui::{Field, Hidden, PlainForm, Submit, form, page},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Asks for a code from the second factor, or for a recovery code. Nobody waits to be signed in: back to the first step.
#[component]
pub(crate) fn SignInCodePage() -> impl IntoView {
    page(async {
        if expect_context::<Frame>().me.is_some() {
            return Ok(view! { <Leave to="/".to_owned()/> }.into_any());
        }
        Ok(match context::look_at::<PendingSignIn>(Waiting::SignIn).await? {
            Some(pending) => view! { <CodeForm email=pending.email/> }.into_any(),
            None => view! { <Leave to="/sign-in".to_owned()/> }.into_any(),
        })
    })
}

#[component]
fn CodeForm(email: String) -> impl IntoView {
    let form = form(SIGN_IN_CODE);
    view! {
        <SmallPage title="One more step" about=format!("Signing in as {email} takes a code, too.")>
            <PlainForm form action=SignInCode::url()>
                <Hidden name="email" value=email/>
                <Field form name="code" label="Code" required=true autocomplete="one-time-code" autofocus=true
                    help="Six digits from your authenticator. Without it at hand, one of your recovery codes."/>
                <Submit label="Sign in"/>
            </PlainForm>
            <p class="small-foot"><a href="/sign-in">"Sign in as somebody else"</a></p>
        </SmallPage>
    }
}
