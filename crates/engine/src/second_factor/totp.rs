//! Time-based one-time passwords (RFC 6238): six digits, thirty seconds, SHA-1, which is what every authenticator knows.
//!
//! Hand-made because it is this small: the library at hand (totp-rs) would be used for these few lines only, and brings three
//! crates beside the HMAC that is here already. That SHA-1 has collisions is no matter to an HMAC.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::fmt::Write as _;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

/// How many digits a code has.
pub(super) const DIGITS: usize = 6;
/// How long a code is good for, in seconds.
const STEP: i64 = 30;
/// How many steps a clock may be off, to either side.
const SKEW: i64 = 1;

/// The secret that an authenticator shares with us. RFC 4226 asks for as many bits as the hash has.
pub(super) const SECRET_BYTES: usize = 20;

/// The step of the code's time, if it is a code of now or of a step around it. All of them are tried, whichever fits.
pub(super) fn matching_step(secret: &[u8], code: &str, now: OffsetDateTime) -> Option<i64> {
    let current = now.unix_timestamp().div_euclid(STEP);
    (current - SKEW..=current + SKEW).fold(None, |found, step| {
        let fits = bool::from(self::code(secret, step).as_bytes().ct_eq(code.as_bytes()));
        if fits { Some(step) } else { found }
    })
}

/// The code of a step.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    // "Dynamic truncation" (RFC 4226, section 5.3): the last four bits say where four bytes are taken.
    let offset = usize::from(digest[digest.len() - 1] & 0xf);
    let taken = digest[offset..offset + 4]
        .iter()
        .fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
    let modulus = 10_u32.pow(u32::try_from(DIGITS).unwrap_or(0));
    format!("{:0DIGITS$}", (taken & 0x7fff_ffff) % modulus)
}

/// What an authenticator reads from the picture: the secret, and what to call it.
pub(super) fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    let secret = base32(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

/// Base32 (RFC 4648) without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
            let characters = (chunk.len() * 8).div_ceil(5);
            (0..characters).map(move |n| char::from(ALPHABET[(bits >> (35 - 5 * n) & 31) as usize]))
        })
        .collect()
}

/// Percent-encoded but for what RFC 3986 calls unreserved: authenticators disagree about `+` for a space.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            // Writing to a text doesn't fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // Appendix B, the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(self::code(b"12345678901234567890", seconds / STEP), code);
        }
    }

    #[test]
    fn a_clock_may_be_a_step_off_and_no_more() {
        let secret = b"12345678901234567890";
        let step = 1_111_111_111 / STEP;
        for (now, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = matching_step(secret, "050471", at((step + now) * STEP));
            assert_eq!(found, taken.then_some(step), "{now}");
        }
        for bad in ["", "05047", "0504711", "050472"] {
            assert_eq!(matching_step(secret, bad, at(1_111_111_111)), None, "{bad}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc_without_padding() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn the_uri_says_whose_code_it_is_whatever_they_are_called() {
        assert_eq!(
            uri(b"foobar", "Patchbay example.org", "a+b@é.org"),
            "otpauth://totp/Patchbay%20example.org:a%2Bb%40%C3%A9.org?secret=MZXW6YTBOI&issuer=Patchbay%20example.org\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
