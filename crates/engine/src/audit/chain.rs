//! What a row's mac covers, and the keys that macs are made with.
//!
//! HMAC-SHA256 over the mac of the row before and then every column, each with its length in front, so that no two
//! rows have the same bytes. The key is derived from the vault's and so stands nowhere in the database: whoever can
//! write to the database only can't make a row that fits. What a row says of people has a mac of its own, with another
//! key, because it can be erased.

use super::{Entry, Who};
use hmac::{Hmac, KeyInit, Mac};
use patchbay_domain::{audit::Door, field::FieldError, ids::UserId};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use std::{fmt, str::FromStr};
use time::OffsetDateTime;
use uuid::Uuid;

/// What keeps this use of the vault's key apart from every other, and from later forms of a row.
const DERIVATION: &[u8] = b"patchbay audit log, version 1";
/// The same for the macs of what a row says of people.
const IDENTITY_DERIVATION: &[u8] = b"patchbay audit identities, version 1";
/// The first row has no row before it.
const NO_MAC: [u8; 32] = [0; 32];
/// The most characters of the columns with a limit that hold what somebody chose.
const NAME_MAX: usize = 255;
const REQUEST_ID_MAX: usize = 64;

/// A key of macs, and the id of the vault's key that it comes from.
#[derive(Debug)]
pub(crate) struct AuditKey {
    pub(crate) id: [u8; 4],
    key: SecretBox<[u8; 32]>,
}

impl AuditKey {
    /// The one that belongs to a key of the vault.
    pub(crate) fn derive(id: [u8; 4], vault_key: &[u8; 32]) -> Self {
        Self::from_bytes(id, mac_of(vault_key, [DERIVATION]))
    }

    /// One that was derived before.
    pub(crate) fn from_bytes(id: [u8; 4], key: [u8; 32]) -> Self {
        Self {
            id,
            key: SecretBox::new(Box::new(key)),
        }
    }

    /// The mac of what the row with the mac `of` says of people in these columns.
    pub(super) fn identity_mac(&self, of: &[u8], columns: &[Option<&[u8]>]) -> [u8; 32] {
        let key = mac_of(self.expose(), [IDENTITY_DERIVATION]);
        let mut bytes = of.to_vec();
        for column in columns {
            add_column(&mut bytes, *column);
        }
        mac_of(&key, [&bytes[..]])
    }

    /// For sealing.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.key.expose_secret()
    }
}

/// The keys that the log's rows may have been written with.
#[derive(Debug, Default)]
pub(crate) struct AuditKeys(Vec<AuditKey>);

impl AuditKeys {
    pub(crate) fn add(&mut self, key: AuditKey) {
        self.0.push(key);
    }

    pub(crate) fn get(&self, id: &[u8]) -> Option<&AuditKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

/// A row, and the mac that stands in it.
#[derive(Debug, Clone)]
pub(crate) struct Chained {
    pub(crate) row: Row,
    pub(crate) mac: Vec<u8>,
}

/// A row as it is stored, but for its mac.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) at: OffsetDateTime,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) door: String,
    pub(crate) request_id: Option<String>,
    pub(crate) action: String,
    pub(crate) subject_type: String,
    pub(crate) subject_id: Option<Uuid>,
    pub(crate) subject_name: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) key_id: Vec<u8>,
}

impl Row {
    /// The mac that belongs to this row behind a row with that mac, if the row had this number.
    pub(crate) fn mac(&self, seq: i64, key: &AuditKey, previous: &[u8]) -> [u8; 32] {
        // What the database keeps of a time.
        let micros = self.at.unix_timestamp_nanos().div_euclid(1000);
        let actor = self.actor_id.map(Uuid::into_bytes);
        let subject = self.subject_id.map(Uuid::into_bytes);
        let text = |text: &'_ Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let columns = [
            Some(seq.to_be_bytes().to_vec()),
            Some(micros.to_be_bytes().to_vec()),
            actor.map(Vec::from),
            Some(self.door.as_bytes().to_vec()),
            text(&self.request_id),
            Some(self.action.as_bytes().to_vec()),
            Some(self.subject_type.as_bytes().to_vec()),
            subject.map(Vec::from),
            text(&self.subject_name),
            text(&self.before),
            text(&self.after),
            text(&self.note),
            Some(self.key_id.clone()),
        ];
        let mut bytes = Vec::new();
        bytes.extend_from_slice(previous);
        for column in columns {
            add_column(&mut bytes, column.as_deref());
        }
        mac_of(key.expose(), [&bytes[..]])
    }
}

/// With its length in front, so that nothing moves from one column to its neighbour.
fn add_column(bytes: &mut Vec<u8>, column: Option<&[u8]>) {
    match column {
        None => bytes.push(0),
        Some(column) => {
            bytes.push(1);
            bytes.extend_from_slice(&(column.len() as u64).to_be_bytes());
            bytes.extend_from_slice(column);
        }
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub(crate) fn mac_of<'a>(key: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The last row: where the log ends, and by its mac what stands in all of it.
///
/// Written down somewhere else, it shows later whether rows were cut off the end or the whole chain was written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// The last row's number.
    pub seq: u64,
    /// The last row's mac.
    pub mac: [u8; 32],
}

impl AuditHead {
    /// Before the first row.
    pub(crate) const START: Self = Self { seq: 0, mac: NO_MAC };
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, hex::encode(self.mac))
    }
}

impl FromStr for AuditHead {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let malformed = || FieldError::Malformed {
            expected: "a row's number and mac, as in 17:6f1d…, the way `patchbay audit head` prints them".into(),
        };
        let (seq, mac) = text.trim().split_once(':').ok_or_else(malformed)?;
        let mut head = Self {
            seq: seq.parse().map_err(|_| malformed())?,
            mac: NO_MAC,
        };
        hex::decode_to_slice(mac, &mut head.mac).map_err(|_| malformed())?;
        Ok(head)
    }
}

/// The rows for these entries, behind `head`.
pub(crate) fn link(key: &AuditKey, head: AuditHead, at: OffsetDateTime, who: &Who, entries: &[Entry]) -> Vec<Chained> {
    let mut previous = head.mac;
    (head.seq + 1..)
        .zip(entries)
        .map(|(seq, entry)| {
            let row = Row {
                seq: i64::try_from(seq).unwrap_or(i64::MAX),
                at,
                actor_id: who.user.map(|UserId(id)| id),
                door: Door::as_str(who.origin.door).to_owned(),
                request_id: who.origin.request_id.as_deref().map(|id| cut(id, REQUEST_ID_MAX)),
                action: entry.action.to_owned(),
                subject_type: entry.subject.kind.to_owned(),
                subject_id: entry.subject.id,
                subject_name: entry.subject.name.as_deref().map(|name| cut(name, NAME_MAX)),
                before: entry.before.as_ref().map(ToString::to_string),
                after: entry.after.as_ref().map(ToString::to_string),
                note: entry.note.as_deref().map(|note| cut(note, usize::MAX)),
                key_id: key.id.to_vec(),
            };
            previous = row.mac(row.seq, key, &previous);
            Chained {
                row,
                mac: previous.to_vec(),
            }
        })
        .collect()
}

/// What fits into a column. PostgreSQL's texts hold every character but this one.
fn cut(text: &str, max: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::Subject, random};
    use serde_json::json;
    use time::macros::datetime;

    fn key() -> AuditKey {
        AuditKey::derive([1, 2, 3, 4], &[7; 32])
    }

    fn row() -> Row {
        let entry = Entry::new("thing.change", Subject::vault())
            .after(json!({ "a": 1 }))
            .note(Some("because".into()));
        let at = datetime!(2026-01-01 12:00 UTC);
        link(&key(), AuditHead::START, at, &Who::system(), &[entry])
            .remove(0)
            .row
    }

    #[test]
    fn every_column_and_the_row_before_make_a_difference() {
        let mac = |change: fn(&mut Row)| {
            let mut row = row();
            change(&mut row);
            row.mac(row.seq, &key(), &NO_MAC)
        };
        let as_it_is = mac(|_| ());
        let changes: [fn(&mut Row); 14] = [
            |row| row.seq += 1,
            |row| row.at += time::Duration::MICROSECOND,
            |row| row.actor_id = Some(Uuid::nil()),
            |row| row.door = "api".into(),
            |row| row.request_id = Some(String::new()),
            |row| row.action.push('x'),
            |row| row.subject_type.push('x'),
            |row| row.subject_id = Some(Uuid::nil()),
            |row| row.subject_name = Some(String::new()),
            |row| row.before = row.after.take(),
            |row| row.after = Some("{\"a\": 1}".into()),
            |row| row.note = None,
            |row| row.key_id[0] += 1,
            // What moves from one column to its neighbour.
            |row| {
                row.action = "thing.changev".into();
                row.subject_type = "ault".into();
            },
        ];
        let mut macs: Vec<_> = changes.into_iter().map(mac).collect();
        macs.push(row().mac(1, &key(), &[1; 32]));
        macs.push(as_it_is);
        macs.sort_unstable();
        macs.dedup();
        assert_eq!(macs.len(), 16);
    }

    #[test]
    fn the_same_row_always_has_the_same_mac() {
        // Not to be changed, because such rows exist. docs/audit.md says how to come by it.
        let mac = hex::encode(row().mac(1, &key(), &NO_MAC));
        assert_eq!(mac, "885fb9f527ea97932fd68ff48c4a4119a7a2733e04023f3c57e01678c514c966");
    }

    #[test]
    fn what_a_time_has_beyond_microseconds_is_not_part_of_it() {
        let mut finer = row();
        finer.at += time::Duration::nanoseconds(999);
        assert_eq!(finer.mac(1, &key(), &NO_MAC), row().mac(1, &key(), &NO_MAC));
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = AuditHead {
            seq: 17,
            mac: random::bytes(),
        };
        assert_eq!(head.to_string().parse::<AuditHead>().unwrap(), head);
        for text in ["", "17", "17:", "17:00", "x:00", "-1:00"] {
            assert!(text.parse::<AuditHead>().is_err(), "{text}");
        }
    }
}
