//! Requests that come with a key of their sender's choice, so that one that is sent again makes nothing twice.
//!
//! A key has a row from before its request is carried out. The transaction that does what was asked for also notes that it is
//! done ([`Engine::commit`]): whatever breaks, and wherever, a request with a key happens once or not at all. What is answered
//! is kept beside it for some minutes, sealed, because it may hold the one sight of a token.
//!
//! An attempt that broke off before it had done anything holds its key for [`PATIENCE`], and then whoever comes with the key
//! takes over. Should it still be alive, it finds at its end that it lost the key, and undoes itself.

use crate::{
    Actor, Engine, Error,
    error::Conflict,
    random::token_hash,
    storage::{idempotency::NewAttempt, worker::Worker},
};
use patchbay_domain::field::FieldError;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

/// How long an answer is given again. The clean-up runs every minute, so that after ten nothing is left of it.
const ANSWER_KEPT: Duration = Duration::minutes(9);
/// How long a key is known.
const KEY_KEPT: Duration = Duration::hours(24);
/// How long an attempt that hasn't done anything yet may take.
const PATIENCE: Duration = Duration::seconds(60);
/// The longest key, in characters.
pub const KEY_MAX: u32 = 255;

/// What keeps these macs apart from others with the same key.
const REQUEST: &str = "idempotency_keys.request_mac";

/// A key as a request has it: printable ASCII. One user's keys have nothing to do with another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Trims and checks.
    ///
    /// # Errors
    /// When it is empty, too long, or not printable.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let key = text.trim();
        if key.is_empty() {
            return Err(FieldError::Required);
        }
        if !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(FieldError::Malformed {
                expected: "a key of printable ASCII characters".into(),
            });
        }
        if key.len() > KEY_MAX as usize {
            return Err(FieldError::TooLong { max: KEY_MAX });
        }
        Ok(Self(key.to_owned()))
    }
}

/// A request that is being carried out under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub(crate) Uuid);

/// What a request was answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to the answer, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What is to be done with a request that has a key.
#[derive(Debug)]
pub enum Begun {
    /// Nobody came with this key before, or nothing came of it: it is to be carried out.
    Now(Attempt),
    /// It was carried out, and this was the answer.
    Before(Answer),
    /// It was carried out, and what was answered isn't known any more.
    Forgotten,
    /// It is being carried out at this moment.
    UnderWay,
    /// The key came with another request before.
    OtherRequest,
}

impl Engine {
    /// Looks what is to be done with a request, whose `parts` are all that makes it this request and no other, but for by what
    /// right it is made: what takes a session or a role isn't told again without it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_request(&self, actor: &Actor, key: &Key, parts: &[&[u8]]) -> Result<Begun, Error> {
        let now = self.clock().now();
        let standing = standing(actor);
        let parts: Vec<&[u8]> = [standing.as_bytes()].into_iter().chain(parts.iter().copied()).collect();
        let macs: Vec<_> = self.vault().macs(REQUEST, &parts).collect();
        let key_hash = token_hash(&key.0);
        let id = Uuid::new_v4();
        let mut tx = self.db().begin_as(actor.user).await?;
        let new = NewAttempt {
            id,
            user: actor.user,
            key_hash: &key_hash,
            request_mac: &macs[0],
            begun_at: now,
            known_since: now - KEY_KEPT,
            alive_since: now - PATIENCE,
        };
        let begun = if tx.begin_attempt(&new).await? {
            Begun::Now(Attempt(id))
        } else {
            let found = tx.attempt(&key_hash).await?;
            let found = found.ok_or_else(|| Error::internal("a key was gone right after it stood in the way"))?;
            if !macs.iter().any(|mac| mac[..] == found.request_mac[..]) {
                Begun::OtherRequest
            } else if let Some(answered_at) = found.answered_at {
                match found.answer.filter(|_| now - answered_at < ANSWER_KEPT) {
                    Some(sealed) => self
                        .open_answer(found.id, &sealed)
                        .map_or(Begun::Forgotten, Begun::Before),
                    None => Begun::Forgotten,
                }
            } else if now - found.begun_at < PATIENCE {
                Begun::UnderWay
            } else {
                Begun::Forgotten
            }
        };
        tx.commit().await?;
        Ok(begun)
    }

    /// Keeps what an attempt's request was answered, for whoever sends it again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_answer(&self, actor: &Actor, attempt: Attempt, answer: &Answer) -> Result<(), Error> {
        let text = serde_json::to_vec(answer).map_err(Error::internal)?;
        let sealed = self.vault().seal(&answer_purpose(attempt.0), &text);
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.keep_answer(attempt.0, self.clock().now(), &sealed).await?;
        tx.commit().await
    }

    /// Gives the key of an attempt back that came to nothing. Where it had done something nevertheless, the key stays taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_up_attempt(&self, actor: &Actor, attempt: Attempt) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        tx.give_up_attempt(attempt.0, self.clock().now()).await?;
        tx.commit().await
    }

    /// Forgets answers that were kept long enough, and then their keys; for a task that runs every minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_answers(&self) -> Result<u64, Error> {
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let forgotten = worker.forget_answers(now - ANSWER_KEPT, now - KEY_KEPT).await?;
        worker.commit().await?;
        Ok(forgotten)
    }

    /// Notes in the transaction that does what an attempt is for that it is done.
    pub(crate) async fn note_done(&self, worker: &mut Worker, attempt: Attempt) -> Result<(), Error> {
        if worker.note_done(attempt.0, self.clock().now()).await? {
            Ok(())
        } else {
            Err(Conflict::TakenOver.into())
        }
    }

    /// An answer that can't be opened, because its key is gone, is one that isn't kept any more.
    fn open_answer(&self, id: Uuid, sealed: &[u8]) -> Option<Answer> {
        let text = self.vault().open(&answer_purpose(id), sealed).ok()?;
        serde_json::from_slice(text.expose_secret()).ok()
    }
}

/// By what right somebody asks.
fn standing(actor: &Actor) -> String {
    let mut roles: Vec<_> = actor.roles.iter().map(|role| role.as_str()).collect();
    roles.sort_unstable();
    let by = if actor.session.is_some() { "session" } else { "token" };
    format!("{by} {}", roles.join(" "))
}

/// What binds a sealed answer to its row.
pub(crate) fn answer_purpose(id: Uuid) -> String {
    format!("idempotency_keys.answer:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_printable_and_not_too_long() {
        assert_eq!(Key::parse(" a b~1 ").unwrap(), Key("a b~1".into()));
        assert!(Key::parse(&"k".repeat(255)).is_ok());
        for bad in ["", " ", "clé", "a\tb", "a\u{0}b", &"k".repeat(256)] {
            assert!(Key::parse(bad).is_err(), "{bad:?} was taken");
        }
    }
}
