//! Configurations, of servers and of sources, against connectors' JSON Schemas: checking them, finding what in them is
//! secret, and keeping secrets that come back masked.

mod check;
mod keep;
mod mask;
mod same;

pub use check::BYTES_MAX;
pub(crate) use check::{Checker, check_form, sentence};
pub(crate) use keep::{Kept, Stored, keep_secrets};
pub(crate) use mask::{marked, masked, masked_at, secret_places};
pub(crate) use patchbay_domain::schema_form::MASK;
pub(crate) use same::is_same_but;

/// A JSON pointer to what stands under a key.
pub(crate) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
