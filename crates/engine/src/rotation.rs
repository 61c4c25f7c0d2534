//! Sealing everything again with the vault's first key, so that older keys can be dropped.
//!
//! It works in batches while the server serves, and changes a value only where it still is what was read. How far it
//! has come stands in the values themselves, which begin with their key's id: a run that was cut short is simply
//! started again. The audit log says that it began, with the first value that it sealed, and what it did at its end.

use crate::{
    Engine, Error,
    audit::{Entry, Subject, Who, key_purpose},
    storage::{rotation::SealedColumn, worker::Worker},
    vault::VaultError,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Rows that are sealed again in one transaction.
const BATCH: usize = 200;
/// How often a column is gone through, where somebody held values or wrote some in the meantime.
const PASSES: u32 = 5;
/// How long to wait for them to be done.
const BETWEEN_PASSES: Duration = Duration::from_millis(200);

/// How far a rotation has come with one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationProgress {
    /// The table and column.
    pub column: &'static str,
    /// Values that were sealed again.
    pub done: u64,
    /// Values that there were to seal again at the start.
    pub total: u64,
}

/// Something that could not be sealed again. It stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationFailure {
    /// The table and column.
    pub column: &'static str,
    /// The row, as its table names it.
    pub id: String,
    /// Why.
    pub reason: VaultError,
}

/// What a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The id of the key that seals now.
    pub key_id: String,
    /// How many values were sealed again, by table and column.
    pub done: Vec<(&'static str, u64)>,
    /// What could not be opened.
    pub failures: Vec<RotationFailure>,
    /// Values that are sealed with another key although nothing is wrong with them, because somebody held or wrote
    /// them all the while: perhaps a process still runs with an older key in front.
    pub left: u64,
    /// Whether the audit log says that it began.
    told: bool,
}

impl Rotation {
    /// Whether nothing depends on older keys any more.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failures.is_empty() && self.left == 0
    }

    /// How many values were sealed again.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.done.iter().map(|(_, done)| done).sum()
    }
}

impl Engine {
    /// Seals everything again that isn't sealed with the vault's first key. What can't be opened is left and told,
    /// and the rest goes on.
    ///
    /// # Errors
    /// When the database fails. What was done until then stays done.
    pub async fn rotate_keys(&self, who: &Who, mut progress: impl FnMut(RotationProgress)) -> Result<Rotation, Error> {
        let mut rotation = Rotation {
            key_id: self.vault().key_id(),
            ..Rotation::default()
        };
        self.rotate_audit_keys(who, &mut rotation).await?;
        for column in SealedColumn::ALL {
            self.rotate_column(who, column, &mut rotation, &mut progress).await?;
        }
        if rotation.total() > 0 {
            let worker = self.db().worker().await?;
            let done: Map<String, Value> = rotation
                .done
                .iter()
                .map(|(column, done)| ((*column).to_owned(), json!(done)))
                .collect();
            let after = json!({ "key_id": rotation.key_id, "sealed": done, "failed": rotation.failures.len() });
            self.commit_worker(worker, who, vec![self.rotation_entry(after)])
                .await?;
        }
        Ok(rotation)
    }

    /// Keeps what checks the audit log's older rows: derived from keys that are about to go, and sealed with the one
    /// that stays.
    async fn rotate_audit_keys(&self, who: &Who, rotation: &mut Rotation) -> Result<(), Error> {
        const COLUMN: &str = "audit_keys.sealed";
        let vault = self.vault();
        let mut worker = self.db().worker().await?;
        let kept = worker.kept_audit_keys().await?;
        let mut done = 0;
        for key in vault.audit_keys().skip(1) {
            if kept.iter().all(|(id, _)| *id != key.id) {
                let sealed = vault.seal(&key_purpose(&key.id), key.expose());
                worker.keep_audit_key(&key.id, &sealed).await?;
                done += 1;
            }
        }
        for (id, sealed) in kept {
            if sealed.starts_with(&vault.seal_prefix()) {
                continue;
            }
            let purpose = key_purpose(&id);
            match vault.open(&purpose, &sealed) {
                Ok(key) => {
                    let sealed = vault.seal(&purpose, key.expose_secret());
                    worker.keep_audit_key(&id, &sealed).await?;
                    done += 1;
                }
                Err(reason) => rotation.failures.push(RotationFailure {
                    column: COLUMN,
                    id: hex::encode(&id),
                    reason,
                }),
            }
        }
        self.commit_sealed(worker, who, rotation, done > 0).await?;
        rotation.done.push((COLUMN, done));
        Ok(())
    }

    /// Commits what was sealed again; the first time with a row in the log, so that there is one however the run ends.
    async fn commit_sealed(&self, worker: Worker, who: &Who, rotation: &mut Rotation, any: bool) -> Result<(), Error> {
        if !any || rotation.told {
            return worker.commit().await;
        }
        let entry = self.rotation_entry(json!({ "key_id": rotation.key_id, "begun": true }));
        self.commit_worker(worker, who, vec![entry]).await?;
        rotation.told = true;
        Ok(())
    }

    async fn rotate_column(
        &self,
        who: &Who,
        column: SealedColumn,
        rotation: &mut Rotation,
        progress: &mut impl FnMut(RotationProgress),
    ) -> Result<(), Error> {
        let prefix = self.vault().seal_prefix();
        let total = self.count_sealed_otherwise(column).await?;
        let mut so_far = RotationProgress {
            column: column.name(),
            done: 0,
            total,
        };
        let mut failures = Vec::new();
        let mut left = 0;
        for pass in 0..PASSES {
            if pass > 0 {
                tokio::time::sleep(BETWEEN_PASSES).await;
            }
            failures.clear();
            let mut after: Option<Uuid> = None;
            loop {
                let mut worker = self.db().worker().await?;
                let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
                let batch = worker.sealed_otherwise(column, &prefix, after, limit).await?;
                let Some(last) = batch.last() else { break };
                after = Some(last.id);
                worker.change_forms_only().await?;
                let before = so_far.done;
                for value in &batch {
                    match self.vault().open(&value.purpose, &value.sealed) {
                        Ok(plain) => {
                            let sealed = self.vault().seal(&value.purpose, plain.expose_secret());
                            if worker.replace_sealed(column, value, &sealed).await? {
                                so_far.done += 1;
                            }
                        }
                        Err(reason) => failures.push(RotationFailure {
                            column: column.name(),
                            id: value.id.to_string(),
                            reason,
                        }),
                    }
                }
                self.commit_sealed(worker, who, rotation, so_far.done > before).await?;
                so_far.total = so_far.total.max(so_far.done);
                progress(so_far);
            }
            let otherwise = self.count_sealed_otherwise(column).await?;
            left = otherwise.saturating_sub(failures.len() as u64);
            if left == 0 {
                break;
            }
        }
        rotation.left += left;
        rotation.failures.append(&mut failures);
        rotation.done.push((column.name(), so_far.done));
        Ok(())
    }

    async fn count_sealed_otherwise(&self, column: SealedColumn) -> Result<u64, Error> {
        let prefix = self.vault().seal_prefix();
        self.db().worker().await?.count_sealed_otherwise(column, &prefix).await
    }

    fn rotation_entry(&self, after: Value) -> Entry {
        let ids = self.vault().key_ids();
        Entry::new("key.rotate", Subject::vault())
            .before(json!({ "key_ids": ids[1..] }))
            .after(after)
    }
}
