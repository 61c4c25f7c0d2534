//! `/api/auth`: one's own account, and the ways in and out of it.

mod account;
mod second_factor;
mod sessions;
mod sign_in;

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [
        sign_in::endpoints(),
        account::endpoints(),
        sessions::endpoints(),
        second_factor::endpoints(),
    ]
    .concat()
}
