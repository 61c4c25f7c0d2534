//! The token of a link. It stands behind the `#`, where it reaches no log, so only scripts can take it from there.

use crate::browser;
use leptos::prelude::*;

/// Fills the token from the address into the form. The fragment is the token, or `token=` and the token.
#[island]
pub(crate) fn TakeToken(
    /// The element id of the token's field.
    token: String,
    /// The element id of the field where typing begins then.
    next: String,
) -> impl IntoView {
    Effect::new(move || {
        if let Some(fragment) = browser::take_fragment() {
            browser::fill(&token, fragment.strip_prefix("token=").unwrap_or(&fragment));
            browser::focus(&next);
        }
    });
}
