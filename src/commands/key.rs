//! `patchbay key`.

use super::print;
use crate::cli::Key;
use patchbay_engine::vault::KeyRing;
use secrecy::ExposeSecret as _;

pub(super) fn run(what: &Key) -> anyhow::Result<()> {
    match what {
        Key::Generate => Ok(print(KeyRing::generate_key().expose_secret())?),
    }
}
