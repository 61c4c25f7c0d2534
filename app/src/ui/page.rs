//! A page's data, on its way: waiting, there, or not to be had.

use super::ErrorState;
use crate::{
    error::AppError,
    layout::{Frame, use_site},
};
use leptos::prelude::*;

/// Shows the data with `view` when it is there, together with what waited for this page in the session.
pub(crate) fn load<T>(
    data: Resource<Result<T, AppError>>,
    view: impl Fn(T, Frame) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    let site = use_site();
    view! {
        <Transition fallback=Loading>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    let arrived = site.arrive().await;
                    match (arrived, data.await) {
                        (Ok(frame), Ok(data)) => view(data, frame),
                        (Err(error), _) | (_, Err(error)) => view! { <ErrorState error/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

/// Shows what needs nothing but the frame.
pub(crate) fn load_frame(view: impl Fn(Frame) -> AnyView + Clone + Send + Sync + 'static) -> impl IntoView {
    let site = use_site();
    view! {
        <Suspense fallback=Loading>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    match site.arrive().await {
                        Ok(frame) => view(frame),
                        Err(error) => view! { <ErrorState error/> }.into_any(),
                    }
                })
            }}
        </Suspense>
    }
}

#[component]
fn Loading() -> impl IntoView {
    view! {
        <div class="loading" role="status">
            <span class="visually-hidden">"Loading…"</span>
            <div class="loading-bar"></div>
            <div class="loading-bar"></div>
            <div class="loading-bar"></div>
        </div>
    }
}
