//! Going to another page with a full load, because what stands around all pages changes with it.

use crate::browser;
use leptos::prelude::*;

/// Leaves for a path of this site as soon as it is rendered.
#[component]
pub(crate) fn Leave(to: String) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::context::see_other(&to);
    let target = to.clone();
    Effect::new(move || browser::leave_for(&target));
    view! { <p><a href=to rel="external">"Continue"</a></p> }
}
