//! Randomness for tokens, from the operating system.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// `N` random bytes.
#[expect(clippy::expect_used, reason = "no server can go on without randomness")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A token of 256 random bits behind a prefix that says what it is.
pub(crate) fn token(prefix: &str) -> SecretString {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<32>())).into()
}

/// What is stored of a token. Plain SHA-256 is enough for 256 random bits: there is nothing to guess.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
