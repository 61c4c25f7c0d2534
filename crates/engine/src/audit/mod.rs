//! The audit log: every change, by whom, from where, in a chain in which each row vouches for the one before it.
//!
//! A use-case says what it did ([`Entry`]) and leaves the commit to [`Engine::commit`], so that there is no change
//! without its row and no row without its change. What a row's mac covers stands in [`chain`], SQL in
//! [`crate::storage::audit`]. Calls of tools are usage, not audit.

mod chain;
mod entry;
mod head;
mod identities;
mod list;
mod verify;

pub use chain::AuditHead;
pub(crate) use chain::{AuditKey, AuditKeys, Chained, Row, link, mac_of};
pub(crate) use entry::{Entry, Subject};
pub(crate) use identities::{Identity, identities};
pub(crate) use list::Criteria;
pub(crate) use verify::key_purpose;
pub use verify::{AuditReport, Finding, KeyRange};

use crate::{
    Actor, Engine, Error,
    actor::Origin,
    storage::{Tx, worker::Worker},
};
use patchbay_domain::ids::UserId;

/// Who does something: an actor, or nobody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub(crate) user: Option<UserId>,
    pub(crate) origin: Origin,
}

impl Who {
    /// Nobody that is known yet, from there.
    #[must_use]
    pub const fn from_origin(origin: Origin) -> Self {
        Self { user: None, origin }
    }

    /// The server by itself.
    #[must_use]
    pub const fn system() -> Self {
        Self::from_origin(Origin::SYSTEM)
    }

    /// Whoever typed a command on this machine.
    #[must_use]
    pub const fn command_line() -> Self {
        Self::from_origin(Origin::COMMAND_LINE)
    }

    /// The same, now that it is known who they are.
    pub(crate) fn known_as(&self, user: UserId) -> Self {
        Self {
            user: Some(user),
            origin: self.origin.clone(),
        }
    }
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        actor.who()
    }
}

impl Engine {
    /// Commits the transaction with these rows in the log.
    ///
    /// It consumes the transaction, because writing the log has to be the last thing in it: the chain has one end,
    /// and whoever adds to it holds a lock on it until the commit.
    pub(crate) async fn commit(&self, tx: Tx, who: &Who, entries: Vec<Entry>) -> Result<(), Error> {
        self.commit_worker(tx.into_worker().await?, who, entries).await
    }

    /// As [`Self::commit`], for a transaction that serves the server itself.
    pub(crate) async fn commit_worker(&self, mut worker: Worker, who: &Who, entries: Vec<Entry>) -> Result<(), Error> {
        if let Some(attempt) = who.origin.attempt {
            self.note_done(&mut worker, attempt).await?;
        }
        if !entries.is_empty() {
            worker
                .append_audit(self.vault().audit_key(), self.clock(), who, &entries)
                .await?;
        }
        worker.commit().await
    }
}
