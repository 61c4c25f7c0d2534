//! Whether the log is as it was written: every row is there, fits its mac and the row before it, and names whom it named.

use super::{
    AuditHead, AuditKeys, Chained, Identity,
    chain::{AuditKey, Row},
};
use crate::{Engine, Error, vault::Vault};
use secrecy::ExposeSecret;

/// Rows that are read at once.
const BATCH: u32 = 1000;
/// How many findings are told one by one; after that they are only counted.
const FINDINGS_MAX: usize = 100;
/// How many rows that are missing without a gap are looked for behind one that doesn't fit.
const SHIFT_MAX: i64 = 100;

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// What stands in the row isn't what was written there.
    Changed {
        /// The row.
        seq: i64,
    },
    /// These rows were there and are not any more.
    Missing {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// Rows were taken out before this one, and those behind them got new numbers.
    Closed {
        /// The row that stands where others stood.
        seq: i64,
        /// How many are gone.
        missing: i64,
    },
    /// The row was not written by Patchbay.
    Inserted {
        /// The row.
        seq: i64,
    },
    /// The row was written with a key that is neither the vault's nor kept from before.
    UnknownKey {
        /// The row.
        seq: i64,
        /// The key's id.
        key_id: String,
    },
    /// The row is as it was written, but whom it names isn't whom it named.
    Misnamed {
        /// The row.
        seq: i64,
    },
    /// The log ends before the row that was its last one once.
    Cut {
        /// Where it ends.
        ends: u64,
        /// Where it ended once.
        expected: u64,
    },
    /// The row that was the last one once has another mac than it had: the chain up to there was written anew.
    Rewritten {
        /// The row.
        seq: u64,
    },
}

/// Which rows were written with which of the vault's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The key's id.
    pub key_id: String,
    /// The first row with it.
    pub first: i64,
    /// The last row with it.
    pub last: i64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// How many rows were looked at.
    pub rows: u64,
    /// Where the log ends; nothing when it is empty.
    pub head: Option<AuditHead>,
    /// What is wrong, by row; not more than a hundred of them.
    pub findings: Vec<Finding>,
    /// How much is wrong, however much of it is told.
    pub wrong: u64,
    /// Which keys they were written with, in the order of their first rows.
    pub keys: Vec<KeyRange>,
}

impl AuditReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }

    fn find(&mut self, finding: Finding) {
        self.wrong += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl Engine {
    /// Walks the whole log, and says how far it has come after each batch.
    ///
    /// `expect` is a last row from earlier, without which nobody can tell whether rows were cut off the end.
    ///
    /// # Errors
    /// When the database fails. What is wrong with the log is no error here.
    pub async fn verify_audit(
        &self,
        expect: Option<AuditHead>,
        mut progress: impl FnMut(u64),
    ) -> Result<AuditReport, Error> {
        let keys = self.audit_keys().await?;
        let mut walk = Walk::new(expect);
        let mut after = i64::MIN;
        loop {
            // Each batch has a transaction of its own: rows are only ever added, so there is no need to hold one
            // state of the database for as long as this takes.
            let mut worker = self.db().worker().await?;
            let batch = worker.audit_chain(after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            let mut people = worker.audit_people(after, last.row.seq).await?.into_iter().peekable();
            after = last.row.seq;
            for chained in &batch {
                let seq = chained.row.seq;
                while people.next_if(|person| person.seq < seq).is_some() {}
                let named: Vec<_> = std::iter::from_fn(|| people.next_if(|person| person.seq == seq)).collect();
                walk.step(&keys, chained, &named);
            }
            progress(walk.report.rows);
        }
        Ok(walk.end())
    }

    /// The vault's keys of macs, and those of keys that the vault had before.
    async fn audit_keys(&self) -> Result<AuditKeys, Error> {
        let mut keys = AuditKeys::default();
        for (id, sealed) in self.db().worker().await?.kept_audit_keys().await? {
            match open_key(self.vault(), &id, &sealed) {
                Some(key) => keys.add(key),
                None => tracing::warn!(
                    key = hex::encode(&id),
                    "a key of the audit log from before can't be opened"
                ),
            }
        }
        for key in self.vault().audit_keys() {
            keys.add(AuditKey::from_bytes(key.id, *key.expose()));
        }
        Ok(keys)
    }
}

/// What a key of macs is sealed for.
pub(crate) fn key_purpose(id: &[u8]) -> String {
    format!("audit_keys.sealed:{}", hex::encode(id))
}

fn open_key(vault: &Vault, id: &[u8], sealed: &[u8]) -> Option<AuditKey> {
    let opened = vault.open(&key_purpose(id), sealed).ok()?;
    let bytes = opened.expose_secret().try_into().ok()?;
    Some(AuditKey::from_bytes(id.try_into().ok()?, bytes))
}

/// How far a verification has come.
struct Walk {
    report: AuditReport,
    expect: Option<AuditHead>,
    /// The mac of the row before, as it stands there; nothing when that row is missing.
    previous: Option<Vec<u8>>,
    /// The row before, if it didn't fit.
    misfit: Option<Misfit>,
    /// The number of the row before.
    seq: i64,
    /// How much higher rows' numbers are than they were written, because rows were slipped in (or lower, because
    /// rows were taken out) with new numbers given to those behind.
    shift: i64,
}

/// A row whose mac isn't the one that belongs to it. What became of it shows by the next row.
struct Misfit {
    seq: i64,
    /// The mac of the row before it.
    previous: Vec<u8>,
    /// The mac that it should have.
    computed: [u8; 32],
}

impl Walk {
    fn new(expect: Option<AuditHead>) -> Self {
        Self {
            report: AuditReport::default(),
            expect,
            previous: Some(AuditHead::START.mac.to_vec()),
            misfit: None,
            seq: 0,
            shift: 0,
        }
    }

    fn step(&mut self, keys: &AuditKeys, chained: &Chained, named: &[Identity]) {
        let Chained { row, mac } = chained;
        self.report.rows += 1;
        if row.seq < 1 {
            self.report.find(Finding::Inserted { seq: row.seq });
            return;
        }
        self.note_key(row);
        if row.seq > self.seq + 1 {
            self.settle();
            self.report.find(Finding::Missing {
                first: self.seq + 1,
                last: row.seq - 1,
            });
            self.previous = None;
        }
        match keys.get(&row.key_id) {
            None => {
                self.settle();
                self.report.find(Finding::UnknownKey {
                    seq: row.seq,
                    key_id: hex::encode(&row.key_id),
                });
            }
            Some(key) => {
                let stands = self.check(key, row, mac);
                // What stands somewhere else than where it was written is told already.
                if stands && self.shift == 0 && !named.iter().all(|person| person.belongs_to(key, chained)) {
                    self.report.find(Finding::Misnamed { seq: row.seq });
                }
            }
        }
        self.check_head(row, mac);
        self.previous = Some(mac.clone());
        self.seq = row.seq;
    }

    /// Whether the row is as it was written, or nobody can tell.
    fn check(&mut self, key: &AuditKey, row: &Row, mac: &[u8]) -> bool {
        let Some(previous) = self.previous.clone() else {
            // Behind a row that is missing there is nothing to hold this one against.
            self.settle();
            return true;
        };
        let written = row.seq - self.shift;
        let computed = row.mac(written, key, &previous);
        if computed == *mac {
            self.settle();
            return true;
        }
        let fits = |seq: i64, previous: &[u8]| row.mac(seq, key, previous) == *mac;
        match self.misfit.take() {
            None => {}
            Some(misfit) if fits(written - 1, &misfit.previous) => {
                self.report.find(Finding::Inserted { seq: misfit.seq });
                self.shift += 1;
                return false;
            }
            Some(misfit) if fits(written, &misfit.computed) => {
                // Nothing but the mac was changed.
                self.report.find(Finding::Changed { seq: misfit.seq });
                return true;
            }
            Some(misfit) => {
                if let Some(missing) = (1..=SHIFT_MAX).find(|missing| fits(written + missing, &previous)) {
                    let seq = misfit.seq;
                    self.report.find(Finding::Closed { seq, missing });
                    self.shift -= missing;
                    return false;
                }
                self.report.find(Finding::Changed { seq: misfit.seq });
            }
        }
        self.misfit = Some(Misfit {
            seq: row.seq,
            previous,
            computed,
        });
        false
    }

    /// A row that didn't fit, while the one behind it does or can't tell, was changed.
    fn settle(&mut self) {
        if let Some(misfit) = self.misfit.take() {
            self.report.find(Finding::Changed { seq: misfit.seq });
        }
    }

    fn check_head(&mut self, row: &Row, mac: &[u8]) {
        let seq = u64::try_from(row.seq).unwrap_or(0);
        if let Some(expect) = self.expect.filter(|expect| expect.seq == seq)
            && expect.mac != mac
        {
            self.report.find(Finding::Rewritten { seq });
        }
        if let Ok(mac) = mac.try_into() {
            self.report.head = Some(AuditHead { seq, mac });
        }
    }

    fn note_key(&mut self, row: &Row) {
        let key_id = hex::encode(&row.key_id);
        match self.report.keys.iter_mut().find(|range| range.key_id == key_id) {
            Some(range) => range.last = row.seq,
            None => self.report.keys.push(KeyRange {
                key_id,
                first: row.seq,
                last: row.seq,
            }),
        }
    }

    fn end(mut self) -> AuditReport {
        self.settle();
        let ends = self.report.head.map_or(0, |head| head.seq);
        if let Some(expect) = self.expect.filter(|expect| expect.seq > ends) {
            self.report.find(Finding::Cut {
                ends,
                expected: expect.seq,
            });
        }
        self.report
    }
}
