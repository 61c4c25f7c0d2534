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

    /// Logs the last row when it isn't `logged`, which was logged before. Gives what is logged now.
    pub async fn log_audit_head(&self, logged: Option<AuditHead>) -> Option<AuditHead> {
        match self.audit_head().await {
            Ok(Some(head)) if Some(head) != logged => {
                tracing::info!(target: "audit", seq = head.seq, mac = hex::encode(head.mac), "the audit log's last row");
                Some(head)
            }
            Ok(_) => logged,
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
