//! What a connector's service wants to see from us: a secret, and the header that carries it.

use crate::field::FieldError;

/// The longest secret, in characters.
pub const SECRET_MAX: u32 = 4096;
/// Checks a connector's secret; an empty one means none. It travels in a header, so it is visible ASCII.
pub fn check_secret(secret: &str) -> Result<(), FieldError> {
    if secret.chars().count() > SECRET_MAX as usize {
        return Err(FieldError::TooLong { max: SECRET_MAX });
    }
    if !secret.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(FieldError::Malformed {
            expected: "something that fits into a header (visible ASCII)".into(),
        });
    }
    Ok(())
}

/// The longest name of a header that carries a secret, in characters.
pub const SECRET_HEADER_MAX: u32 = 64;
/// Headers that say how a message is sent, not who sends it.
const TAKEN_HEADERS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "last-event-id",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// The name of the header that carries a connector's secret, and nothing beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHeader(String);

impl SecretHeader {
    /// Trims and checks: a token of RFC 9110, section 5.6.2, that has no other use here. Nothing for an empty text, which
    /// means `Authorization: Bearer`.
    pub fn parse(text: &str) -> Result<Option<Self>, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > SECRET_HEADER_MAX as usize {
            return Err(FieldError::TooLong { max: SECRET_HEADER_MAX });
        }
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if !text.bytes().all(is_token) {
            return Err(FieldError::Malformed {
                expected: "a header's name, such as X-API-Key".into(),
            });
        }
        let name = text.to_ascii_lowercase();
        if TAKEN_HEADERS.contains(&name.as_str()) || name.starts_with("mcp-") || name.starts_with("proxy-") {
            let reason = "This header has another use.".into();
            return Err(FieldError::Refused { reason });
        }
        Ok(Some(Self(text.to_owned())))
    }

    /// The name as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_fit_a_header() {
        assert_eq!(check_secret("my_secure_secret_123 ~"), Ok(()));
        for bad in ["line\nbreak", "sécret", "\u{7f}"] {
            assert!(check_secret(bad).is_err(), "{bad:?} was taken");
        }
        assert!(check_secret(&"x".repeat(4097)).is_err());
    }

    #[test]
    fn a_secrets_header_has_a_name_and_no_other_use() {
        assert_eq!(SecretHeader::parse(" "), Ok(None));
        for good in ["X-API-Key", "Authorization", "cookie", "x_key"] {
            assert_eq!(SecretHeader::parse(good).unwrap().unwrap().as_str(), good);
        }
        for bad in [
            "X API",
            "X:Y",
            "é",
            "Host",
            "content-length",
            "Mcp-Session-Id",
            "PROXY-Authorization",
            "a\r\nb",
        ] {
            assert!(SecretHeader::parse(bad).is_err(), "{bad} was taken");
        }
        assert!(SecretHeader::parse(&"x".repeat(65)).is_err());
    }
}
