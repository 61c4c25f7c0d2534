//! The set-up page.

use super::api::{SET_UP, SetUp};
use crate::{
    layout::{Frame, Leave, SmallPage},
    ui::{Control, Field, PlainForm, Submit, TakeToken, form, page_for_anybody},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Makes the first superuser.
#[component]
pub(crate) fn SetUpPage() -> impl IntoView {
    page_for_anybody(|frame| match frame {
        Frame { me: Some(_), .. } => view! { <Leave to="/".to_owned()/> }.into_any(),
        Frame { needs_set_up: true, .. } => view! { <SetUpForm/> }.into_any(),
        Frame { .. } => view! { <Done/> }.into_any(),
    })
}

#[component]
fn SetUpForm() -> impl IntoView {
    let form = form(SET_UP);
    view! {
        <SmallPage title="Set up Patchbay" about="Make the first account. It is a superuser: it keeps the catalogue of connectors.">
            <PlainForm form action=SetUp::url()>
                <Field form name="token" label="Set-up token" control=Control::Line("password") required=true
                    help="It is the end of the link in Patchbay's start-up log, behind the #."/>
                <Field form name="email" label="Email" control=Control::Line("email") required=true autocomplete="username"/>
                <Field form name="password" label="Password" control=Control::Line("password") required=true
                    autocomplete="new-password" help="At least 8 characters. A few words make a good one."/>
                <Submit label="Create superuser"/>
            </PlainForm>
            <TakeToken token=form.element("token") next=form.element("email")/>
        </SmallPage>
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
