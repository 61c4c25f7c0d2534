//! A page's content, once all that it needs is there; or why it can't be had.

use super::ErrorState;
use crate::{
    context,
    layout::{Frame, use_frame},
};
use leptos::prelude::*;
use patchbay_engine::Error;

/// A page made from `content`, which may ask the engine. What stands in it finds the [`Frame`] in its context.
pub(crate) fn page(content: impl Future<Output = Result<AnyView, Error>> + Send + 'static) -> AnyView {
    let frame = use_frame();
    view! {
        <Suspense>
            {Suspend::new(async move {
                let content = async {
                    provide_context(frame.await?);
                    content.await.map_err(|error| context::public(&error))
                };
                content.await.unwrap_or_else(|error| view! { <ErrorState error/> }.into_any())
            })}
        </Suspense>
    }
    .into_any()
}

/// A page for whoever comes, signed in or not.
pub(crate) fn page_for_anybody(content: impl FnOnce(Frame) -> AnyView + Send + 'static) -> AnyView {
    page(async move { Ok(content(expect_context::<Frame>())) })
}
