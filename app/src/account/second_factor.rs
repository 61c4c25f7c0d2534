//! The second factor's page: setting it up, its recovery codes, taking it away.

use super::api::{
    CONFIRM, ConfirmSecondFactor, OFFER, OfferSecondFactor, REMOVE, RENEW_CODES, RemoveSecondFactor, RenewRecoveryCodes,
};
use crate::{
    context::{self, Waiting},
    layout::Frame,
    ui::{
        Control, CopyBlock, CopyLine, Field, Form, Icon, IconView, InPlaceForm, PageHeader, Setting, Submit, form, page,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use leptos::{prelude::*, server_fn::ServerFn};
use patchbay_domain::account::{RecoveryCodes, SecondFactorOffer};
use patchbay_engine::error::Unauthenticated;

/// Where the second factor is set up and looked after.
#[component]
pub(crate) fn SecondFactorPage() -> impl IntoView {
    page(async {
        context::signed_in()?;
        let me = expect_context::<Frame>().me.ok_or(Unauthenticated::SignedOut)?;
        let content = if me.second_factor {
            let codes = context::take::<RecoveryCodes>(Waiting::RecoveryCodes).await?;
            view! { <On codes/> }.into_any()
        } else {
            // It stays until its first code is right, or its time is over.
            match context::look_at::<SecondFactorOffer>(Waiting::SecondFactor).await? {
                Some(offer) => view! { <Offer offer/> }.into_any(),
                None => view! { <Off/> }.into_any(),
            }
        };
        let view = view! {
            <PageHeader title="Second factor" parent=("Account", "/account")
                about="With it, signing in takes your password and a code from your phone, so that the password alone opens nothing."/>
            {content}
        };
        Ok(view.into_any())
    })
}

#[component]
fn Off() -> AnyView {
    let form = form(OFFER);
    view! {
        <Setting id="set-up" title="Set it up"
            about="You need an authenticator on your phone or computer: any app for time-based codes (TOTP) will do.">
            <InPlaceForm form action=OfferSecondFactor::url() words="The set-up did not begin">
                <CurrentPassword form/>
                <Submit label="Begin"/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

#[component]
fn Offer(offer: SecondFactorOffer) -> AnyView {
    let form = form(CONFIRM);
    let picture = format!("data:image/svg+xml;base64,{}", STANDARD.encode(offer.qr_svg));
    view! {
        <Setting id="scan" title="1. Tell your authenticator" about="Let it scan this picture, or type the secret into it. Both wait here for ten minutes.">
            <img class="qr" src=picture alt="QR code that sets up an authenticator"/>
            <CopyLine id="secret" what="secret" text=offer.secret/>
        </Setting>
        <Setting id="confirm" title="2. Show that it works" about="It shows six digits that change every half minute.">
            <InPlaceForm form action=ConfirmSecondFactor::url() words="The second factor is not on yet">
                <Field form name="code" label="Code" required=true autocomplete="one-time-code"/>
                <Submit label="Turn on"/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

#[component]
fn On(
    /// Codes that were just made.
    codes: Option<RecoveryCodes>,
) -> AnyView {
    let (renew, remove) = (form(RENEW_CODES), form(REMOVE));
    view! {
        {codes.map(|codes| view! { <Codes codes/> })}
        <Setting id="recovery-codes" title="Recovery codes"
            about="Each signs you in once without your phone. Make others when few are left, or when somebody may have seen them.">
            <InPlaceForm form=renew action=RenewRecoveryCodes::url() words="The recovery codes are the same as before">
                <CurrentPassword form=renew/>
                <Submit label="Make new codes" secondary=true/>
            </InPlaceForm>
        </Setting>
        <Setting id="remove" title="Turn it off"
            about="Your password is all that signing in takes then, and the recovery codes go. Do this, too, before you set it up on another phone.">
            <InPlaceForm form=remove action=RemoveSecondFactor::url() words="The second factor is still on">
                <CurrentPassword form=remove/>
                <Submit label="Turn off" danger=true/>
            </InPlaceForm>
        </Setting>
    }
    .into_any()
}

#[component]
fn Codes(codes: RecoveryCodes) -> AnyView {
    view! {
        <section class="panel panel-accent shown-once" aria-labelledby="codes-title">
            <h2 id="codes-title"><IconView icon=Icon::Key/> "Keep these recovery codes now"</h2>
            <p class="panel-about">
                "They are shown only once. Print them, or put them where you keep your passwords: each signs you in once when your phone is gone."
            </p>
            <div class="codes"><CopyBlock id="codes" what="recovery codes" text=codes.recovery_codes.join("\n")/></div>
        </section>
    }
    .into_any()
}

#[component]
fn CurrentPassword(form: Form) -> impl IntoView {
    view! {
        <Field form name="password" label="Password" control=Control::Line("password") required=true
            autocomplete="current-password"/>
    }
}
