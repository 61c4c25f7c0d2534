//! Where the log ends, written into the process's own log from time to time: whoever can change the database can
//! cut rows off its end, but not out of a log that is kept somewhere else.

use super::AuditHead;
use crate::{Engine, Error};

impl Engine {
    /// The last row; nothing while there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_head(&self) -> Result<Option<AuditHead>, Error> {
        let head = self.db().worker().await?.audit_head().await?;
        Ok(head.map(|(head, _)| head))
    }

    /// Whether the log still has this row, which was its last one once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_audit_head(&self, head: AuditHead) -> Result<bool, Error> {
        let Ok(seq) = i64::try_from(head.seq) else {
            return Ok(false);
        };
        let mac = self.db().worker().await?.audit_mac(seq).await?;
        Ok(mac.is_some_and(|mac| mac == head.mac))
    }

    /// Logs the last row when it isn't `logged`, which was logged before, and that the log was cut or written anew when
    /// that one isn't in it any more. Gives the last row.
    pub async fn log_audit_head(&self, logged: Option<AuditHead>) -> Option<AuditHead> {
        let looked = async {
            let head = self.audit_head().await?;
            let lost = match logged {
                Some(logged) => !self.has_audit_head(logged).await?,
                None => false,
            };
            Ok::<_, Error>((head, lost))
        };
        match looked.await {
            Ok((head, lost)) => {
                if let Some(logged) = logged.filter(|_| lost) {
                    tracing::error!(
                        target: "audit",
                        seq = logged.seq,
                        mac = hex::encode(logged.mac),
                        "rows of the audit log are gone or were changed: this row was its last one"
                    );
                }
                if let Some(head) = head.filter(|head| Some(*head) != logged) {
                    tracing::info!(target: "audit", seq = head.seq, mac = hex::encode(head.mac), "the audit log's last row");
                }
                head
            }
            Err(error) => {
                tracing::warn!(
                    error = std::error::Error::source(&error),
                    "can't read the audit log's last row"
                );
                logged
            }
        }
    }
}
