//! Configurations, of servers and of sources, against connectors' JSON Schemas: checking them, finding what in them is
//! secret, and keeping secrets that come back masked.

mod check;
mod keep;
mod mask;

pub use check::BYTES_MAX;
pub(crate) use check::{Checker, check_form, sentence};
pub(crate) use keep::{Kept, keep_secrets};
pub(crate) use mask::{marked, masked, masked_at, secret_places};

/// What stands where a secret was.
pub(crate) const MASK: &str = "********";

/// A JSON pointer to what stands under a key.
pub(crate) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
