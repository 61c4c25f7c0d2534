//! The set-up page. The token stands behind the `#` of the set-up link, where it reaches no log.

use super::api::{SET_UP, SetUp};
use crate::{
    browser,
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, FormBody, FormState, Submit, flash_only, load_frame},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Makes the first superuser.
#[component]
pub(crate) fn SetUpPage() -> impl IntoView {
    load_frame(|frame| match frame {
        Frame { me: Some(_), .. } => view! { <Leave to="/".to_owned()/> }.into_any(),
        Frame { needs_set_up: true, .. } => view! { <SetUpForm/> }.into_any(),
        Frame { .. } => view! { <Done/> }.into_any(),
    })
}

#[component]
fn SetUpForm() -> impl IntoView {
    let form = flash_only(SET_UP, ToString::to_string);
    Effect::new(move || take_token(form));
    view! {
        <SmallPage title="Set up Patchbay" about="Make the first account. It is a superuser: it keeps the catalogue of connectors.">
            <form class="form" method="post" action=SetUp::url()>
                <FormBody form>
                    <Field name="token" label="Set-up token" control=Control::Line("password") required=true
                        help="It is the end of the link in Patchbay's start-up log, behind the #."/>
                    <Field name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"/>
                    <Field name="password" label="Password" control=Control::Line("password") required=true
                        autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                    <Submit label="Create superuser"/>
                </FormBody>
            </form>
        </SmallPage>
    }
}

/// The fragment is the token, or `token=` and the token.
fn take_token(form: FormState) {
    if let Some(fragment) = browser::take_fragment() {
        browser::fill(
            &form.element("token"),
            fragment.strip_prefix("token=").unwrap_or(&fragment),
        );
        browser::focus(&form.element("email"));
    }
}

#[component]
fn Done() -> impl IntoView {
    view! {
        <SmallPage title="All set up" about="This Patchbay has its first superuser.">
            <p class="actions"><a class="button button-primary" href="/sign-in">"Sign in"</a></p>
        </SmallPage>
    }
}
