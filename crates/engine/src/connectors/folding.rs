//! Rows that the server writes into the audit log by itself about a service that never stops changing: the first ones one
//! by one, then one for many, so that no service makes the log grow as it likes.
//!
//! What is in force, what waits and the history are what they are; only their rows are told together.

use super::words;
use crate::{
    Engine, Error,
    audit::{Entry, Who},
    storage::{connectors::StandingConnector, worker::Worker},
};
use serde_json::json;
use time::Duration;

/// How many changes of a connector have rows of their own...
const ROWS_MAX: u32 = 6;
/// ...in this time.
const FOLD_TIME: Duration = Duration::hours(1);

impl Engine {
    /// The rows to write after a check, of which these are news. What somebody asked for is always written.
    pub(super) async fn fold(
        &self,
        worker: &mut Worker,
        standing: &StandingConnector,
        who: &Who,
        mut news: Vec<Entry>,
    ) -> Result<Vec<Entry>, Error> {
        if *who != Who::system() {
            return Ok(news);
        }
        let folded = worker.folded_changes(standing.id).await?;
        if news.is_empty() && folded == 0 {
            return Ok(news);
        }
        let first = worker.sync_row_before(standing.id, ROWS_MAX - 1).await?;
        if first.is_some_and(|at| at > self.clock().now() - FOLD_TIME) {
            if !news.is_empty() {
                let more = u32::try_from(news.len()).unwrap_or(u32::MAX);
                worker.fold_changes(standing.id, folded.saturating_add(more)).await?;
            }
            return Ok(Vec::new());
        }
        if folded > 0 {
            worker.fold_changes(standing.id, 0).await?;
            if news.is_empty() {
                // It has come to rest: this is how.
                let after = json!({"number": standing.definitions_version, "changes": standing.changes});
                news.push(Entry::new("connector.sync", words::subject(standing)).after(after));
            }
            if let Some(after) = news.first_mut().and_then(|entry| entry.after.as_mut()) {
                after["folded"] = folded.into();
            }
        }
        Ok(news)
    }
}
