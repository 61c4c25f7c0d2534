//! `/api/connectors`: the catalogue. Superusers keep it; every user reads.
//!
//! A file a concern: reading ([`catalogue`]), the ways in ([`adding`]), what can be changed by hand ([`editing`]), what the
//! service says differently ([`changes`]), what it said before ([`versions`]), and the way out ([`removal`]).

mod adding;
mod catalogue;
mod changes;
mod editing;
mod removal;
mod versions;

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [
        adding::endpoints(),
        catalogue::endpoints(),
        editing::endpoints(),
        changes::endpoints(),
        versions::endpoints(),
        removal::endpoints(),
    ]
    .concat()
}
