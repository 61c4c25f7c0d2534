//! The servers' forms, alive. The fields are the pages'.

use super::{
    api::{CreateServer, CreateToken, DeleteServer, RevokeToken, TryTool},
    trial::trial_view,
};
use crate::{
    error::AppError,
    ui::{Alert, FormSeed, LiveForm, element_id, live_form},
};
use leptos::{form::ActionForm, prelude::*};

/// Makes a server.
#[island]
pub(crate) fn CreateServerForm(seed: FormSeed, children: Children) -> impl IntoView {
    let (action, live) = live_form::<CreateServer>(&seed);
    let explain = |error: &AppError| format!("The server was not created: {error}");
    view! {
        <ActionForm action attr:class="form">
            <Alert form=seed.id error=live.error explain/>
            {children()}
        </ActionForm>
    }
}

/// Makes a token.
#[island]
pub(super) fn CreateTokenForm(seed: FormSeed, children: Children) -> impl IntoView {
    let (action, live) = live_form::<CreateToken>(&seed);
    let explain = |error: &AppError| format!("The token was not created: {error}");
    view! {
        <ActionForm action attr:class="form form-inline">
            <Alert form=seed.id error=live.error explain/>
            {children()}
        </ActionForm>
    }
}

/// Revokes a token.
#[island]
pub(super) fn RevokeTokenForm(seed: FormSeed, children: Children) -> impl IntoView {
    let (action, live) = live_form::<RevokeToken>(&seed);
    let explain = |error: &AppError| format!("The token was not revoked: {error}");
    view! {
        <ActionForm action attr:class="form">
            <Alert form=seed.id error=live.error explain/>
            {children()}
        </ActionForm>
    }
}

/// Deletes a server.
#[island]
pub(super) fn DeleteServerForm(seed: FormSeed, children: Children) -> impl IntoView {
    let (action, live) = live_form::<DeleteServer>(&seed);
    let explain = |error: &AppError| format!("The server was not deleted: {error}");
    view! {
        <ActionForm action attr:class="form">
            <Alert form=seed.id error=live.error explain/>
            {children()}
        </ActionForm>
    }
}

/// Tries a tool, and shows what came of it beneath.
#[island]
pub(super) fn TryToolForm(seed: FormSeed, children: Children) -> impl IntoView {
    let action = ServerAction::<TryTool>::new();
    let (answer, pending) = (action.value(), action.pending());
    let refused = Signal::derive(move || answer.with(|answer| Some(answer.as_ref()?.as_ref().err().cloned())));
    let live = LiveForm::provide(&seed, refused, pending.into());
    let explain = |error: &AppError| format!("The tool was not called: {error}");
    let before = seed.trial.clone();
    let trial = move || match answer.get() {
        Some(answer) => answer.ok(),
        None => before.clone(),
    };
    let element = element_id(&seed.id, "result");
    view! {
        <ActionForm action attr:class="form">
            <Alert form=seed.id error=live.error explain/>
            {children()}
        </ActionForm>
        <div role="status">{move || trial().map(|trial| trial_view(trial, element.clone()))}</div>
    }
}
