//! What shows an upstream that we may call: one header.

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use std::fmt;

/// A header with a secret in it. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    name: HeaderName,
    value: HeaderValue,
}

impl Credential {
    /// `Authorization: Bearer …`. Nothing when the secret doesn't fit a header.
    #[must_use]
    pub fn bearer(secret: &[u8]) -> Option<Self> {
        Self::new(AUTHORIZATION, &[b"Bearer ", secret].concat())
    }

    /// A header of another name, with the secret and nothing else. Nothing when the secret doesn't fit a header.
    #[must_use]
    pub fn header(name: HeaderName, secret: &[u8]) -> Option<Self> {
        Self::new(name, secret)
    }

    fn new(name: HeaderName, value: &[u8]) -> Option<Self> {
        let mut value = HeaderValue::from_bytes(value).ok()?;
        value.set_sensitive(true);
        Some(Self { name, value })
    }

    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        headers.insert(self.name.clone(), self.value.clone());
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}: …)", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_one_header_and_shows_nothing() {
        let mut headers = HeaderMap::new();
        let bearer = Credential::bearer(b"hunter2").unwrap();
        bearer.add_to(&mut headers);
        Credential::header(HeaderName::from_static("x-api-key"), b"hunter3")
            .unwrap()
            .add_to(&mut headers);
        assert_eq!(headers["authorization"], "Bearer hunter2");
        assert_eq!(headers["x-api-key"], "hunter3");
        assert!(!format!("{bearer:?} {headers:?}").contains("hunter"));
        assert_eq!(Credential::bearer(b"line\nbreak"), None);
    }
}
