//! Codes that stand in for a second factor, once each, for whoever lost the device.

use super::totp::base32;
use crate::random;
use patchbay_domain::account::RecoveryCodes;

/// How many there are.
const CODES: usize = 10;
/// Random bytes of each: enough that a plain hash can't be turned back.
const BYTES: usize = 10;
/// Characters between two dashes.
const GROUP: usize = 4;

/// New codes, and what is stored of them.
pub(super) fn codes() -> (RecoveryCodes, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..CODES).map(|_| base32(&random::bytes::<BYTES>())).collect();
    let hashes = codes.iter().map(|code| random::token_hash(code).to_vec()).collect();
    let recovery_codes = codes.iter().map(|code| readable(code)).collect();
    (RecoveryCodes { recovery_codes }, hashes)
}

/// What is stored of the code that somebody typed without spaces and dashes.
pub(super) fn hash(typed: &str) -> [u8; 32] {
    random::token_hash(&typed.to_ascii_uppercase())
}

/// In groups, in small letters: easy to read off paper.
fn readable(code: &str) -> String {
    let code = code.to_ascii_lowercase();
    let groups: Vec<_> = code
        .as_bytes()
        .chunks(GROUP)
        .map(|group| String::from_utf8_lossy(group))
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let (codes, hashes) = codes();
        let shown = &codes.recovery_codes[0];
        assert_eq!(shown.len(), 19, "{shown}");
        assert_eq!(hash(&shown.replace('-', ""))[..], hashes[0]);
        assert_eq!(hash(&shown.replace('-', "").to_uppercase())[..], hashes[0]);
        assert_eq!(codes.recovery_codes.iter().collect::<HashSet<_>>().len(), 10);
    }
}
