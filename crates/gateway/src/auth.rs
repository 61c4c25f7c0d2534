//! Who calls: a Bearer token, hashed, looked up in memory.
//!
//! Whatever is wrong with a token, its holder reads the same answer, and no log line holds it.

use crate::{cache::Cache, error::Refusal};
use http::{HeaderMap, header::AUTHORIZATION};
use patchbay_domain::ids::{ServerId, ServerTokenId};
use patchbay_engine::{Engine, gateway::TokenGrant};
use quick_cache::UnitWeighter;
use sha2::{Digest, Sha256};

const PREFIX: &str = "mcp_token_";
/// Longer than any token that was ever given out.
const LENGTH_MAX: usize = 128;
/// How many tokens are remembered, those that open nothing among them.
const REMEMBERED: usize = 131_072;

/// Whom a call is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The one server that it may call.
    pub(crate) server: ServerId,
    /// The token that it showed; none for a trial from the dashboard.
    pub(crate) token: Option<ServerTokenId>,
}

/// What tokens open, in memory.
#[derive(Debug)]
pub(crate) struct Tokens {
    engine: Engine,
    cache: Cache<[u8; 32], Option<TokenGrant>, UnitWeighter>,
}

impl Tokens {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            cache: Cache::new(REMEMBERED, REMEMBERED as u64, UnitWeighter),
        }
    }

    /// Who sends this request.
    pub(crate) async fn principal(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let token = bearer(headers)?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let grant = match self.cache.get(&hash) {
            Some(known) => known,
            None => self
                .cache
                .get_or_load(hash, self.engine.load_token(&hash))
                .await
                .map_err(|error| {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "a token could not be looked up"
                    );
                    Refusal::Internal
                })?,
        };
        let grant = grant.ok_or(Refusal::BadToken)?;
        if grant.expires_at.is_some_and(|end| end <= self.engine.clock().now()) {
            return Err(Refusal::BadToken);
        }
        Ok(Principal {
            server: grant.server,
            token: Some(grant.token),
        })
    }

    /// Forgets one token, and which ones opened nothing: it may be new.
    pub(crate) fn forget(&self, token: ServerTokenId) {
        self.cache
            .invalidate(|_, grant| grant.is_none_or(|grant| grant.token == token));
    }

    /// Forgets a server's tokens.
    pub(crate) fn forget_of(&self, server: ServerId) {
        self.cache
            .invalidate(|_, grant| grant.is_none_or(|grant| grant.server == server));
    }

    pub(crate) fn clear(&self) {
        self.cache.clear();
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Refusal::NoToken),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(Refusal::BadToken),
    };
    let text = value.to_str().map_err(|_| Refusal::BadToken)?;
    let (scheme, token) = text.split_once(' ').ok_or(Refusal::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    let token = token.trim();
    // What can't be a token needn't be looked up.
    if !token.starts_with(PREFIX) || token.len() > LENGTH_MAX {
        return Err(Refusal::BadToken);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (AUTHORIZATION, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_token_is_the_bearers() {
        assert_eq!(bearer(&headers(&["Bearer mcp_token_abc"])), Ok("mcp_token_abc"));
        assert_eq!(bearer(&headers(&["bEaReR  mcp_token_abc "])), Ok("mcp_token_abc"));
        for (values, refusal) in [
            (&[][..], Refusal::NoToken),
            (&["Basic dXNlcg=="], Refusal::NoToken),
            (&["Bearer"], Refusal::NoToken),
            (&["Bearer "], Refusal::BadToken),
            (&["Bearer pb_abc"], Refusal::BadToken),
            (&["Bearer mcp_token_a", "Bearer mcp_token_b"], Refusal::BadToken),
        ] {
            assert_eq!(bearer(&headers(values)), Err(refusal), "{values:?}");
        }
        let long = format!("Bearer mcp_token_{}", "a".repeat(LENGTH_MAX));
        assert_eq!(bearer(&headers(&[&long])), Err(Refusal::BadToken));
    }
}
