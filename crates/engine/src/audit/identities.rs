//! What rows say of people, beside the chain: emails, addresses and browsers can be forgotten while the rows they
//! belonged to stay, but can't be exchanged for others.

use super::{AuditKey, Chained, Entry, Subject, Who};
use crate::{Engine, Error, error::NotFound};
use patchbay_domain::ids::UserId;
use serde_json::json;
use uuid::Uuid;

/// Who did what a row says.
const ACTOR: &str = "actor";
/// To whom it was done.
const SUBJECT: &str = "subject";

/// What a row says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The row.
    pub(crate) seq: i64,
    pub(crate) part: String,
    pub(crate) user: Option<Uuid>,
    pub(crate) email: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) mac: Vec<u8>,
}

impl Identity {
    fn computed_mac(&self, key: &AuditKey, of: &Chained) -> [u8; 32] {
        let text = |text: &'_ Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let columns = [
            Some(self.seq.to_be_bytes().to_vec()),
            Some(self.part.as_bytes().to_vec()),
            self.user.map(|user| user.into_bytes().to_vec()),
            text(&self.email),
            text(&self.address),
            text(&self.device),
        ];
        key.identity_mac(&of.mac, &columns.each_ref().map(|column| column.as_deref()))
    }

    /// Whether it was written with that row, for whom that row is about.
    pub(super) fn belongs_to(&self, key: &AuditKey, chained: &Chained) -> bool {
        let user = match self.part.as_str() {
            ACTOR => chained.row.actor_id,
            _ => chained.row.subject_id,
        };
        self.user == user && self.computed_mac(key, chained)[..] == self.mac[..]
    }
}

/// What these rows say of people: of who did it, whose email that is, and of those it was done to.
pub(crate) fn identities(
    key: &AuditKey,
    rows: &[Chained],
    who: &Who,
    email: Option<&str>,
    entries: &[Entry],
) -> Vec<Identity> {
    let mut identities = Vec::new();
    for (chained, entry) in rows.iter().zip(entries) {
        let mut add = |mut identity: Identity| {
            identity.mac = identity.computed_mac(key, chained).to_vec();
            identities.push(identity);
        };
        let nobody = Identity {
            seq: chained.row.seq,
            part: String::new(),
            user: None,
            email: None,
            address: None,
            device: None,
            mac: Vec::new(),
        };
        let address = who.origin.address.map(|address| address.to_string());
        // Whose account is gone by now, perhaps by this very change, is not to be named any more.
        let may_be_named = who.user.is_none() || email.is_some();
        if may_be_named && (email.is_some() || address.is_some() || entry.device.is_some()) {
            add(Identity {
                part: ACTOR.into(),
                user: chained.row.actor_id,
                email: email.map(str::to_owned),
                address,
                device: entry.device.clone(),
                ..nobody.clone()
            });
        }
        if let Some((user, email)) = &entry.subject.person {
            add(Identity {
                part: SUBJECT.into(),
                user: Some(user.0),
                email: Some(email.clone()),
                ..nobody
            });
        }
    }
    identities
}

impl Engine {
    /// Erases a person's emails, addresses and browsers from the log; how many rows named them. The chain stays whole,
    /// because its macs don't cover what can be erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase_identities(&self, who: &Who, user: UserId) -> Result<u64, Error> {
        let mut worker = self.db().worker().await?;
        let erased = worker.erase_identities(user).await?;
        if erased > 0 {
            let entry = Entry::new("audit.erase", Subject::erased_user(user)).after(json!({ "rows": erased }));
            self.commit_worker(worker, who, vec![entry]).await?;
        }
        Ok(erased)
    }

    /// The person with this id or email: an account, or one that the log still names.
    ///
    /// # Errors
    /// [`NotFound::User`], or a failing database.
    pub async fn find_person(&self, id_or_email: &str) -> Result<UserId, Error> {
        let text = id_or_email.trim();
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        if text.contains('\0') {
            return Err(NotFound::User.into());
        }
        let found = self.db().worker().await?.find_person(text).await?;
        found.ok_or_else(|| NotFound::User.into())
    }
}
