//! What an upstream wants back in the next round of a call, its `requestState`, on its way through clients. They get it
//! sealed: nobody can read or change it, and it opens only for the same server, token and tool, for a while.

use crate::{auth::Principal, error::Refusal, json::quoted};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use patchbay_domain::ids::SourceId;
use patchbay_engine::{Clock, vault::Vault};
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use std::sync::Arc;

/// How long a person may take to answer what an upstream asks, in seconds.
const LIFETIME: i64 = 600;
const REFUSED: Refusal = Refusal::BadParams("'requestState' was not given out for this call, or is too old");

/// Seals and opens states.
#[derive(Debug)]
pub(crate) struct Rounds {
    vault: Vault,
    clock: Clock,
}

impl Rounds {
    pub(crate) fn new(vault: Vault, clock: Clock) -> Self {
        Self { vault, clock }
    }
}

/// One call's rounds.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    pub(crate) rounds: Arc<Rounds>,
    pub(crate) principal: Principal,
    /// The name that clients call.
    pub(crate) tool: Arc<str>,
    /// Whose tool that is, which a name doesn't say for ever: the source, if it comes from one,
    pub(crate) source: Option<SourceId>,
    /// and what the upstream calls it.
    pub(crate) upstream_name: HeaderValue,
}

impl Round {
    /// An upstream's state, a JSON value, as a client gets it: a JSON string.
    pub(crate) fn seal(&self, state: &str) -> String {
        let end = self.rounds.clock.now().unix_timestamp() + LIFETIME;
        let mut plain = Vec::with_capacity(8 + state.len());
        plain.extend_from_slice(&end.to_be_bytes());
        plain.extend_from_slice(state.as_bytes());
        quoted(&URL_SAFE_NO_PAD.encode(self.rounds.vault.seal(&self.purpose(), &plain)))
    }

    /// What a client brings back, as the upstream wrote it.
    pub(crate) fn open(&self, state: &RawValue) -> Result<String, Refusal> {
        let opened = serde_json::from_str::<String>(state.get())
            .ok()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .and_then(|sealed| self.rounds.vault.open(&self.purpose(), &sealed).ok())
            .ok_or(REFUSED)?;
        let (end, state) = opened.expose_secret().split_first_chunk::<8>().ok_or(REFUSED)?;
        if i64::from_be_bytes(*end) <= self.rounds.clock.now().unix_timestamp() {
            return Err(REFUSED);
        }
        String::from_utf8(state.to_vec()).map_err(|_| REFUSED)
    }

    fn purpose(&self) -> String {
        let token = self.principal.token.map(|token| token.0).unwrap_or_default();
        let source = self.source.map(|source| source.0).unwrap_or_default();
        let upstream_name = String::from_utf8_lossy(self.upstream_name.as_bytes());
        format!(
            "mcp-request-state:{}:{token}:{source}:{}:{upstream_name}:{}",
            self.principal.server.0,
            upstream_name.len(),
            self.tool
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::ids::{ServerId, ServerTokenId};
    use patchbay_engine::vault::KeyRing;
    use time::macros::datetime;
    use uuid::Uuid;

    #[test]
    fn a_state_comes_back_to_the_same_call_only_and_not_for_ever() {
        let clock = Clock::fixed(datetime!(2026-11-20 12:00 UTC));
        let vault = Vault::new(KeyRing::parse(KeyRing::generate_key().expose_secret()).unwrap());
        let rounds = Arc::new(Rounds::new(vault, clock.clone()));
        let round = |server, token, tool: &str| Round {
            rounds: rounds.clone(),
            principal: Principal {
                server: ServerId(Uuid::from_u128(server)),
                token: Some(ServerTokenId(Uuid::from_u128(token))),
            },
            tool: tool.into(),
            source: None,
            upstream_name: HeaderValue::from_static("add"),
        };
        let raw = |text: String| RawValue::from_string(text).unwrap();
        let sealed = raw(round(1, 2, "add").seal("\"s3cret \\u0061\""));
        assert!(!sealed.get().contains("s3cret"));
        assert_eq!(round(1, 2, "add").open(&sealed).unwrap(), "\"s3cret \\u0061\"");
        let of_source = Round {
            source: Some(SourceId(Uuid::from_u128(4))),
            ..round(1, 2, "add")
        };
        let of_other_tool = Round {
            upstream_name: HeaderValue::from_static("sub"),
            ..round(1, 2, "add")
        };
        for other in [
            round(3, 2, "add"),
            round(1, 3, "add"),
            round(1, 2, "sub"),
            of_source,
            of_other_tool,
        ] {
            assert_eq!(other.open(&sealed), Err(REFUSED));
        }
        for forged in ["\"s\"", "\"\"", "1", "null", "{}"] {
            assert_eq!(round(1, 2, "add").open(&raw(forged.into())), Err(REFUSED), "{forged}");
        }
        clock.advance(time::Duration::seconds(LIFETIME));
        assert_eq!(round(1, 2, "add").open(&sealed), Err(REFUSED));
    }
}
