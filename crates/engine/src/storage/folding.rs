//! How much the audit log has yet to say about a connector whose service changes all the time.

use super::worker::Worker;
use crate::Error;
use patchbay_domain::ids::ConnectorId;
use time::OffsetDateTime;

impl Worker {
    /// How many changes have no row yet.
    pub(crate) async fn folded_changes(&mut self, id: ConnectorId) -> Result<u32, Error> {
        let folded = sqlx::query_scalar!("SELECT folded FROM connector_checks WHERE connector_id = $1", id.0)
            .fetch_optional(self.tx().conn())
            .await?;
        Ok(folded.unwrap_or(0).unsigned_abs())
    }

    pub(crate) async fn fold_changes(&mut self, id: ConnectorId, folded: u32) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks SET folded = $2 WHERE connector_id = $1",
            id.0,
            i32::try_from(folded).unwrap_or(i32::MAX)
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// When the server wrote a row about following or checking the connector by itself: that many rows before the last.
    pub(crate) async fn sync_row_before(
        &mut self,
        id: ConnectorId,
        before: u32,
    ) -> Result<Option<OffsetDateTime>, Error> {
        let at = sqlx::query_scalar!(
            "SELECT at FROM audit_events
             WHERE subject_type = 'connector' AND subject_id = $1 AND action = 'connector.sync' AND door = 'system'
             ORDER BY seq DESC OFFSET $2 LIMIT 1",
            id.0,
            i64::from(before)
        );
        Ok(at.fetch_optional(self.tx().conn()).await?)
    }
}
