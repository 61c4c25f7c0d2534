//! Finding out how an upstream wants to be talked to, and remembering it.
//!
//! The modern era is tried first; whoever doesn't understand it gets `initialize`. What an upstream spoke last is
//! remembered for all who call it; the link that was agreed on is its caller's (`peer.rs`).

use super::{
    Era, Link, Target, Timeouts,
    discover::Greeting,
    egress::EgressPolicy,
    error::{CallError, FetchError},
    exchange::{self, Outgoing, Reply, final_message},
    pool::Pool,
    rpc::{self, Answer},
};
use bytes::Bytes;
use http::{HeaderValue, Uri};
use quick_cache::sync::Cache;
use serde::Deserialize;
use std::fmt;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

/// How many upstreams' eras and peers are remembered. What falls out is found out again.
pub(super) const REMEMBERED: usize = 16_384;
/// The largest answer to a handshake: long instructions, and then some.
const HANDSHAKE_MAX: usize = 1 << 20;
/// How many redirects a handshake follows.
const REDIRECTS_MAX: usize = 3;

/// What the peers of an `Upstream` share.
pub(super) struct Wire {
    policy: EgressPolicy,
    timeouts: Timeouts,
    pool: Pool,
    /// What upstreams spoke last, whoever called them.
    eras: Cache<Url, Era>,
}

impl Wire {
    pub(super) fn new(pool: Pool, policy: EgressPolicy, timeouts: Timeouts) -> Self {
        Self {
            policy,
            timeouts,
            pool,
            eras: Cache::new(REMEMBERED),
        }
    }

    pub(super) fn policy(&self) -> &EgressPolicy {
        &self.policy
    }

    pub(super) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Agrees on a link with an upstream.
    pub(super) async fn shake_hands(&self, target: &Target) -> Result<(Link, Greeting), CallError> {
        self.policy.check_url(&target.url).map_err(FetchError::Egress)?;
        let deadline = Instant::now() + self.timeouts.handshake;
        let known = self.eras.get(&target.url);
        let shaking = async {
            let mut url = target.url.clone();
            for _ in 0..=REDIRECTS_MAX {
                let uri = Uri::try_from(url.as_str()).map_err(|_| FetchError::Other)?;
                let hands = Hands {
                    wire: self,
                    target,
                    uri,
                    deadline,
                };
                match hands.shake(known).await {
                    Err(CallError::Moved(location)) => match url.join(&location) {
                        // Most often a slash at the end. Another origin would get what is meant for this one.
                        Ok(next) if next.origin() == url.origin() => url = next,
                        _ => return Err(FetchError::RedirectElsewhere.into()),
                    },
                    decided => return decided,
                }
            }
            Err(FetchError::TooManyRedirects.into())
        };
        let (link, greeting) = timeout_at(deadline, shaking).await.unwrap_or(Err(CallError::TIMEOUT))?;
        tracing::debug!(url = %target.url, era = ?link.era(), version = link.version(), "shook hands with an upstream");
        self.eras.insert(target.url.clone(), link.era());
        Ok((link, greeting))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("policy", &self.policy)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// One handshake.
struct Hands<'a> {
    wire: &'a Wire,
    target: &'a Target,
    uri: Uri,
    deadline: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    supported_versions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initialized {
    protocol_version: String,
}

#[derive(Deserialize)]
struct Unsupported {
    supported: Vec<String>,
}

impl Hands<'_> {
    async fn shake(&self, known: Option<Era>) -> Result<(Link, Greeting), CallError> {
        if known == Some(Era::Legacy) {
            match self.initialize().await {
                // It may have moved on since.
                Err(
                    CallError::Rpc { .. } | CallError::Status(_) | CallError::NotMcp | CallError::EraChanged { .. },
                ) => {}
                decided => return decided,
            }
        }
        match self.discover().await {
            Ok(Some(modern)) => Ok(modern),
            Ok(None) => self.initialize().await,
            Err(error) => Err(error),
        }
    }

    /// `None`: it doesn't speak the modern era.
    async fn discover(&self) -> Result<Option<(Link, Greeting)>, CallError> {
        let link = Link::modern(self.target, self.uri.clone());
        let asked = async { final_message(self.post(&link, rpc::discover(), "server/discover").await?.0).await };
        let message = match timeout(self.wire.timeouts.probe, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(CallError::Transport(FetchError::Timeout | FetchError::Other))) | Err(_) => return Ok(None),
            Ok(Err(error @ (CallError::Transport(_) | CallError::Unauthorized(401) | CallError::Moved(_)))) => {
                return Err(error);
            }
            Ok(Err(_)) => return Ok(None),
        };
        let Some(answer) = Answer::parse(&message) else {
            return Ok(None);
        };
        if let Some(error) = answer.error {
            if !rpc::MODERN_CODES.contains(&error.code) {
                return Ok(None);
            }
            let supported = error
                .data
                .clone()
                .and_then(|data| serde_json::from_value::<Unsupported>(data).ok());
            return match supported {
                Some(Unsupported { supported }) if error.code == rpc::UNSUPPORTED_VERSION => common_legacy(&supported),
                _ => Err(error.into()),
            };
        }
        let result = answer
            .result
            .and_then(|result| serde_json::from_str::<Discovery>(result.get()).ok());
        match (result, answer.result) {
            (Some(result), Some(raw)) if result.supported_versions.iter().any(|version| version == rpc::MODERN) => {
                Ok(Some((link, Greeting::parse(raw))))
            }
            (Some(result), _) => common_legacy(&result.supported_versions),
            (None, _) => Ok(None),
        }
    }

    async fn initialize(&self) -> Result<(Link, Greeting), CallError> {
        // No version is agreed on yet; the oldest one's headers fit all.
        let link = Link::legacy(self.target, self.uri.clone(), "2024-11-05", None);
        let (reply, session) = match self.post(&link, rpc::initialize(), "initialize").await {
            Err(error @ CallError::Status(400 | 404 | 405)) => {
                let old = exchange::streams_on_get(self.wire, &link, self.deadline).await;
                return Err(if old { CallError::OldTransport } else { error });
            }
            other => other?,
        };
        let message = final_message(reply).await?;
        let answer = Answer::parse(&message).ok_or(CallError::NotMcp)?;
        if let Some(error) = answer.error {
            return Err(error.into());
        }
        let result = answer.result.ok_or(CallError::NotMcp)?;
        let initialized: Initialized = serde_json::from_str(result.get()).map_err(|_| CallError::NotMcp)?;
        let version = rpc::LEGACY
            .into_iter()
            .find(|known| *known == initialized.protocol_version)
            .ok_or_else(|| CallError::Version(initialized.protocol_version.chars().take(20).collect()))?;
        let greeting = Greeting::parse(result);
        let link = Link::legacy(self.target, self.uri.clone(), version, session);
        match self
            .post(&link, rpc::INITIALIZED.to_owned(), "notifications/initialized")
            .await
        {
            Err(error @ (CallError::Transport(_) | CallError::Unauthorized(_) | CallError::SessionGone)) => Err(error),
            // How it answers a notification is its own affair.
            _ => Ok((link, greeting)),
        }
    }

    async fn post(
        &self,
        link: &Link,
        message: String,
        method: &'static str,
    ) -> Result<(Reply, Option<HeaderValue>), CallError> {
        let outgoing = Outgoing {
            body: Bytes::from(message),
            method: HeaderValue::from_static(method),
            name: None,
            params: &[],
        };
        exchange::post_for_session(self.wire, link, outgoing, self.deadline, HANDSHAKE_MAX).await
    }
}

/// For a modern server without our modern version: whether one of the legacy versions is left to try.
fn common_legacy<T>(supported: &[String]) -> Result<Option<T>, CallError> {
    if supported.iter().any(|version| rpc::LEGACY.contains(&version.as_str())) {
        return Ok(None);
    }
    let versions = supported
        .iter()
        .take(4)
        .map(|version| version.chars().take(20).collect::<String>());
    Err(CallError::Version(versions.collect::<Vec<_>>().join(", ")))
}
