//! What stands where a page could not be had: what happened, and a way on.

use crate::{
    error::AppError,
    layout::{Leave, here},
    paths,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// A page that could not be had. Nobody signed in: off to the sign-in page, and back here afterwards.
#[component]
pub(crate) fn ErrorState(error: AppError) -> impl IntoView {
    if error == AppError::SignedOut {
        let to = paths::with_query("/sign-in", &[("next", &here())]);
        return view! { <Leave to/> }.into_any();
    }
    crate::context::set_status(error.status());
    let (title, hint) = match &error {
        AppError::NotFound { .. } => (
            "Not found",
            "It may have been deleted, or the address has a typing error.",
        ),
        AppError::Denied { .. } => ("Not for this account", "Ask a superuser if you need it."),
        AppError::RateLimited { .. } => ("Too much at once", "Wait a moment, then reload the page."),
        AppError::Unreachable => ("No connection", "Nothing you typed on other pages is lost."),
        _ => (
            "Something went wrong",
            "Reload the page; if it happens again, tell whoever runs this Patchbay.",
        ),
    };
    let request_id = match &error {
        AppError::Internal { request_id } if !request_id.is_empty() => Some(request_id.clone()),
        _ => None,
    };
    view! {
        <Title text=title/>
        <div class="problem" role="alert">
            <p class="problem-code">{error.status()}</p>
            <h1>{title}</h1>
            <p>{error.to_string()}</p>
            <p class="problem-hint">{hint}</p>
            {request_id.map(|id| view! { <p class="problem-hint">"Request " <code>{id}</code></p> })}
            <p class="actions"><a class="button button-primary" href="/">"Go to the overview"</a></p>
        </div>
    }
    .into_any()
}
