//! Randomness for tokens, from the operating system.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// How many characters 256 bits take.
const SECRET_LENGTH: usize = 43;

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

/// Whether that could be a token behind this prefix. What can't needn't be looked up.
#[must_use]
pub fn can_be_token(text: &str, prefix: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.strip_prefix(prefix)
        .is_some_and(|secret| secret.len() == SECRET_LENGTH && secret.bytes().all(is_base64))
}

/// What is stored of a token. Plain SHA-256 is enough for 256 random bits: there is nothing to guess.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn only_what_could_have_been_made_here_is_looked_up() {
        let token = token("pb_");
        let token = token.expose_secret();
        assert!(can_be_token(token, "pb_"));
        for bad in [
            "",
            "pb_",
            "pb_x",
            &token[3..],
            &token[..token.len() - 1],
            &format!("{token}A"),
            &format!("pb_{}", "+".repeat(SECRET_LENGTH)),
            &format!("pb_{}", "=".repeat(SECRET_LENGTH)),
        ] {
            assert!(!can_be_token(bad, "pb_"), "{bad}");
        }
    }
}
