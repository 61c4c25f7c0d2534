//! Access tokens for programs: JWT (RFC 7519) signed with HS256, the one algorithm taken.
//!
//! Hand-made because it is this small: the libraries at hand bring RSA and elliptic curves, or a C build, for one
//! HMAC. The header must be exactly ours, so `alg` can't be chosen by whoever sends a token.

use crate::{Error, error::Unauthenticated};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use patchbay_domain::ids::{SessionId, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::OffsetDateTime;

/// How long an access token is good for, in seconds.
pub(crate) const LIFETIME_SECONDS: u32 = 60 * 60;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says. It is worth nothing without its session's row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: UserId,
    pub(crate) sid: SessionId,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// A signed token for this session.
pub(crate) fn sign(
    secret: &SecretString,
    user: UserId,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<SecretString, Error> {
    let iat = now.unix_timestamp();
    let claims = Claims {
        sub: user,
        sid: session,
        iat,
        exp: iat + i64::from(LIFETIME_SECONDS),
    };
    let payload = serde_json::to_vec(&claims).map_err(Error::internal)?;
    let mut token = URL_SAFE_NO_PAD.encode(HEADER);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = mac(secret, token.as_bytes())?.finalize().into_bytes();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token.into())
}

/// The claims of a token that we signed and that hasn't ended.
pub(crate) fn verify(secret: &SecretString, token: &str, now: OffsetDateTime) -> Result<Claims, Error> {
    let refused = || Error::from(Unauthenticated::BadToken);
    let (signed, signature) = token.rsplit_once('.').ok_or_else(refused)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| refused())?;
    mac(secret, signed.as_bytes())?
        .verify_slice(&signature)
        .map_err(|_| refused())?;
    let (header, payload) = signed.split_once('.').ok_or_else(refused)?;
    if URL_SAFE_NO_PAD.decode(header).ok().as_deref() != Some(HEADER.as_bytes()) {
        return Err(refused());
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| refused())?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| refused())?;
    if claims.exp <= now.unix_timestamp() {
        Err(refused())
    } else {
        Ok(claims)
    }
}

fn mac(secret: &SecretString, message: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(Error::internal)?;
    mac.update(message);
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn token() -> String {
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        sign(&"key".into(), user, session, NOW)
            .unwrap()
            .expose_secret()
            .to_owned()
    }

    #[test]
    fn a_token_holds_for_an_hour() {
        let claims = verify(&"key".into(), &token(), NOW + Duration::minutes(59)).unwrap();
        assert_eq!(
            (claims.sub, claims.sid),
            (Uuid::from_u128(1).into(), Uuid::from_u128(2).into())
        );
        assert!(verify(&"key".into(), &token(), NOW + Duration::hours(1)).is_err());
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        assert!(verify(&"other".into(), &token(), NOW).is_err());
        let token = token();
        let mut parts = token.split('.');
        let (_, payload) = (parts.next(), parts.next().unwrap());
        let none = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        for forged in ["", ".", "..", "a.b.c", none.as_str(), &token[..token.len() - 1]] {
            assert!(verify(&"key".into(), forged, NOW).is_err(), "{forged}");
        }
    }
}
