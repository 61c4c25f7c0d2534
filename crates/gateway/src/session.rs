//! Sessions of legacy clients. All of a session's state is sealed into its id, so a session outlives restarts and can
//! be continued at any replica; nothing is stored. It is bound to the server and the token that it began with.

use crate::{auth::Principal, error::Refusal};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use patchbay_domain::ids::{ServerId, ServerTokenId};
use patchbay_engine::vault::Vault;
use quick_cache::sync::Cache;
use secrecy::ExposeSecret;
use uuid::Uuid;

const PURPOSE: &str = "mcp-session";
/// The layout of what is sealed: this byte, server, token.
const LAYOUT: u8 = 1;
/// How many opened sessions are remembered; others are opened again, which takes microseconds.
const REMEMBERED: usize = 32_768;
/// Longer than any id that was ever given out.
const LENGTH_MAX: usize = 512;

/// Opens session ids.
#[derive(Debug)]
pub(crate) struct Sessions {
    vault: Vault,
    opened: Cache<Box<str>, Principal>,
}

impl Sessions {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            vault,
            opened: Cache::new(REMEMBERED),
        }
    }

    /// A new session's id.
    pub(crate) fn begin(&self, principal: Principal) -> Result<HeaderValue, Refusal> {
        let mut state = Vec::with_capacity(33);
        state.push(LAYOUT);
        state.extend_from_slice(principal.server.0.as_bytes());
        state.extend_from_slice(principal.token.map(|token| token.0).unwrap_or_default().as_bytes());
        let id = URL_SAFE_NO_PAD.encode(self.vault.seal(PURPOSE, &state));
        HeaderValue::try_from(id).map_err(|_| Refusal::Internal)
    }

    /// Whether the session with this id is the principal's.
    pub(crate) fn check(&self, id: &HeaderValue, principal: Principal) -> Result<(), Refusal> {
        let id = id.to_str().map_err(|_| Refusal::NoSession)?;
        let owner = match self.opened.get(id) {
            Some(owner) => owner,
            None => {
                let owner = self.open(id).ok_or(Refusal::NoSession)?;
                self.opened.insert(id.into(), owner);
                owner
            }
        };
        if owner == principal {
            Ok(())
        } else {
            Err(Refusal::NoSession)
        }
    }

    fn open(&self, id: &str) -> Option<Principal> {
        if id.len() > LENGTH_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(id).ok()?;
        let state = self.vault.open(PURPOSE, &sealed).ok()?;
        let (&layout, ids) = state.expose_secret().split_first()?;
        if layout != LAYOUT || ids.len() != 32 {
            return None;
        }
        let token = Uuid::from_slice(&ids[16..]).ok()?;
        Some(Principal {
            server: ServerId(Uuid::from_slice(&ids[..16]).ok()?),
            token: (!token.is_nil()).then_some(ServerTokenId(token)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_engine::vault::KeyRing;
    use secrecy::ExposeSecret;

    fn principal(server: u128, token: u128) -> Principal {
        Principal {
            server: ServerId(Uuid::from_u128(server)),
            token: Some(ServerTokenId(Uuid::from_u128(token))),
        }
    }

    #[test]
    fn a_session_is_its_tokens_and_outlives_this_process() {
        let key = KeyRing::generate_key();
        let vault = || Vault::new(KeyRing::parse(key.expose_secret()).unwrap());
        let id = Sessions::new(vault()).begin(principal(1, 2)).unwrap();
        let sessions = Sessions::new(vault());
        for _ in 0..2 {
            assert_eq!(sessions.check(&id, principal(1, 2)), Ok(()));
            assert_eq!(sessions.check(&id, principal(1, 3)), Err(Refusal::NoSession));
            assert_eq!(sessions.check(&id, principal(3, 2)), Err(Refusal::NoSession));
        }
    }

    #[test]
    fn what_was_not_given_out_here_is_no_session() {
        let sessions = Sessions::new(Vault::new(
            KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap(),
        ));
        let other = Sessions::new(Vault::new(
            KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap(),
        ));
        let foreign = other.begin(principal(1, 2)).unwrap();
        let long = "A".repeat(10_000);
        for id in ["", "x", "not base64!", &long, foreign.to_str().unwrap()] {
            let id = HeaderValue::from_str(id).unwrap();
            assert_eq!(sessions.check(&id, principal(1, 2)), Err(Refusal::NoSession), "{id:?}");
        }
        let otherwise = URL_SAFE_NO_PAD.encode(sessions.vault.seal("another purpose", &[LAYOUT; 33]));
        let otherwise = HeaderValue::from_str(&otherwise).unwrap();
        assert_eq!(sessions.check(&otherwise, principal(1, 2)), Err(Refusal::NoSession));
    }
}
