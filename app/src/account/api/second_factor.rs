//! The second factor: offered, confirmed with a first code, taken away.

use crate::{
    context::{self, Next, Reply, Waiting},
    error::AppError,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::account::SecondFactorOffer;

const PAGE: &str = "/account/second-factor";

/// The name of the form that begins the set-up.
pub(in crate::account) const OFFER: &str = "offer-second-factor";
/// The name of the form that shows the first code.
pub(in crate::account) const CONFIRM: &str = "confirm-second-factor";
/// The name of the form that asks for other recovery codes.
pub(in crate::account) const RENEW_CODES: &str = "renew-recovery-codes";
/// The name of the form that takes the second factor away.
pub(in crate::account) const REMOVE: &str = "remove-second-factor";

/// Makes a secret for an authenticator. It waits for its first code for ten minutes.
#[server(prefix = "/fn", endpoint = "account/offer-second-factor")]
pub(crate) async fn offer_second_factor(password: String) -> Result<Done, AppError> {
    let reply = Reply::new(OFFER, PAGE);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let offer = engine.offer_second_factor(&actor, &password.into()).await?;
        context::keep(Waiting::SecondFactor, &offer).await?;
        Ok(Next::to(PAGE))
    };
    reply.finish(result.await).await
}

/// Turns the second factor on with its first code.
#[server(prefix = "/fn", endpoint = "account/confirm-second-factor")]
pub(crate) async fn confirm_second_factor(code: String) -> Result<Done, AppError> {
    let reply = Reply::new(CONFIRM, PAGE);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let codes = engine.confirm_second_factor(&actor, &code.into()).await?;
        context::take::<SecondFactorOffer>(Waiting::SecondFactor).await?;
        context::keep(Waiting::RecoveryCodes, &codes).await?;
        Ok(Next::to(PAGE).telling("The second factor is on. From now on signing in takes a code, too."))
    };
    reply.finish(result.await).await
}

/// Makes other recovery codes; those from before are worth nothing then.
#[server(prefix = "/fn", endpoint = "account/renew-recovery-codes")]
pub(crate) async fn renew_recovery_codes(password: String) -> Result<Done, AppError> {
    let reply = Reply::new(RENEW_CODES, PAGE);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let codes = engine.renew_recovery_codes(&actor, &password.into()).await?;
        context::keep(Waiting::RecoveryCodes, &codes).await?;
        Ok(Next::to(PAGE).telling("Those are your recovery codes now. The ones from before don't work any more."))
    };
    reply.finish(result.await).await
}

/// Takes the second factor away.
#[server(prefix = "/fn", endpoint = "account/remove-second-factor")]
pub(crate) async fn remove_second_factor(password: String) -> Result<Done, AppError> {
    let reply = Reply::new(REMOVE, PAGE);
    let result = async {
        let (engine, actor) = context::signed_in()?;
        engine.remove_second_factor(&actor, &password.into()).await?;
        Ok(Next::to("/account").telling("The second factor is off. Your password is all that signing in takes now."))
    };
    reply.finish(result.await).await
}
