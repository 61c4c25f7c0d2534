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

/// When a connector's service is asked in vain.
const UNUSABLE: &str = "Its service can't be asked, or says nothing usable. `CONNECTOR_URL_REFUSED`, `CONNECTOR_STATUS` and \
                        `CONNECTOR_MALFORMED` are other words for what exactly.";

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
