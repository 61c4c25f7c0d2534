//! What stands behind the `#` of an address, for the page after a form.

use crate::browser;
use leptos::prelude::*;

/// Sends the form with what stands behind the `#` of this page's address. It reaches no server: a browser that is sent on by the
/// answer takes it along.
#[island]
pub(crate) fn KeepFragment(
    /// The element id of the form.
    form: String,
) -> impl IntoView {
    Effect::new(move || browser::keep_fragment(&form));
}
