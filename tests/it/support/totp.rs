//! An authenticator: codes of RFC 6238 from a secret as it is shown.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use time::OffsetDateTime;

/// The code of that moment.
pub(crate) fn code(secret: &str, now: OffsetDateTime) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&decode(secret)).expect("HMAC takes keys of any length");
    mac.update(&(now.unix_timestamp() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let taken: [u8; 4] = digest[offset..offset + 4].try_into().expect("four bytes are four");
    format!("{:06}", (u32::from_be_bytes(taken) & 0x7fff_ffff) % 1_000_000)
}

/// Base32.
fn decode(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut length) = (Vec::new(), 0_u32, 0);
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            _ => panic!("{text} is not base32"),
        };
        bits = bits << 5 | u32::from(value);
        length += 5;
        if length >= 8 {
            length -= 8;
            bytes.push((bits >> length) as u8);
            bits &= (1 << length) - 1;
        }
    }
    bytes
}
