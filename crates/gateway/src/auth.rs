//! Who calls: a Bearer token, hashed, looked up in memory.
//!
//! Whatever is wrong with a token, its holder reads the same answer, and no log line holds it.

use crate::{
    cache::{Cache, LoadError},
    error::Refusal,
};
use http::{HeaderMap, header::AUTHORIZATION};
use patchbay_domain::ids::{ServerId, ServerTokenId};
use patchbay_engine::{
    Engine, Error,
    gateway::TokenGrant,
    tokens::{SERVER_TOKEN_PREFIX, can_be_token, token_hash},
};
use quick_cache::UnitWeighter;

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

/// What a token is known by.
pub(crate) type TokenHash = [u8; 32];

/// What tokens open, in memory.
#[derive(Debug)]
pub(crate) struct Tokens {
    engine: Engine,
    cache: Cache<TokenHash, Option<TokenGrant>, UnitWeighter>,
}

impl Tokens {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            cache: Cache::new(REMEMBERED, REMEMBERED as u64, UnitWeighter),
        }
    }

    /// Who sends this request.
    pub(crate) async fn principal(&self, headers: &HeaderMap) -> Result<(TokenHash, Principal), Refusal> {
        let hash = token_hash(bearer(headers)?);
        let grant = match self.cache.get(&hash) {
            Some(known) => known,
            None => self
                .cache
                .get_or_load(hash, self.engine.load_token(&hash))
                .await
                .map_err(|error| refusal(&error))?,
        };
        self.principal_of(grant)
            .map(|principal| (hash, principal))
            .ok_or(Refusal::BadToken)
    }

    /// Whether a token that opened something still does; nothing when that can't be said right now.
    pub(crate) async fn still_opens(&self, hash: TokenHash, principal: Principal) -> Option<bool> {
        let grant = self.cache.get_or_load(hash, self.engine.load_token(&hash)).await.ok()?;
        Some(self.principal_of(grant) == Some(principal))
    }

    fn principal_of(&self, grant: Option<TokenGrant>) -> Option<Principal> {
        let grant = grant?;
        let ended = grant.expires_at.is_some_and(|end| end <= self.engine.clock().now());
        (!ended).then_some(Principal {
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

fn refusal(error: &LoadError<Error>) -> Refusal {
    match error {
        LoadError::Busy => Refusal::Busy,
        LoadError::Failed(error) => {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "a token could not be looked up"
            );
            Refusal::Internal
        }
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
    can_be_token(token, SERVER_TOKEN_PREFIX)
        .then_some(token)
        .ok_or(Refusal::BadToken)
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
        let secret = "Ab0-_".repeat(9);
        let token = format!("{SERVER_TOKEN_PREFIX}{}", &secret[..43]);
        for scheme in ["Bearer ", "bEaReR  "] {
            assert_eq!(bearer(&headers(&[&format!("{scheme}{token} ")])), Ok(&*token));
        }
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
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_a_look() {
        for secret in [
            "",
            "short",
            &"a".repeat(42),
            &"a".repeat(44),
            &"=".repeat(43),
            &"+".repeat(43),
        ] {
            let value = format!("Bearer {SERVER_TOKEN_PREFIX}{secret}");
            assert_eq!(bearer(&headers(&[&value])), Err(Refusal::BadToken), "{secret}");
        }
    }
}
