//! What other processes, and other requests, change: one PostgreSQL channel, so that caches hear of it at once.
//!
//! A notification may be lost with its connection. Each one carries a number, so a gap is seen, and so is a number that
//! moved on without us. Then everything counts as changed.

use crate::{
    Error,
    storage::{Db, Listener},
};
use patchbay_domain::ids::{ConnectorId, ServerId, ServerTokenId};
use std::time::Duration;
use tokio::{sync::broadcast, task::JoinHandle, time::MissedTickBehavior};
use uuid::Uuid;

const CHANNEL: &str = "patchbay_changes";
/// How many changes a slow receiver may fall behind before it is told that it missed some.
const BACKLOG: usize = 1024;
/// How long to wait before asking a database again that didn't answer.
const RETRY: Duration = Duration::from_secs(1);
/// How often the counter is looked at.
const CHECK: Duration = Duration::from_secs(10);

/// Something that a cache may hold has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A connector: its mode, definitions, secret, or whether it exists.
    Connector(ConnectorId),
    /// An MCP server.
    Server(ServerId),
    /// A server's token.
    Token(ServerTokenId),
    /// Any of them: some notifications may have been lost.
    Everything,
}

/// The listening task and whom it tells.
#[derive(Debug)]
pub(crate) struct Changes {
    sender: broadcast::Sender<Change>,
    task: JoinHandle<()>,
}

impl Changes {
    pub(crate) async fn listen(db: Db) -> Result<Self, Error> {
        let mut listener = db.listener().await?;
        listener.listen(CHANNEL).await?;
        let (sender, _) = broadcast::channel(BACKLOG);
        let task = tokio::spawn(forward(db, listener, sender.clone()));
        Ok(Self { sender, task })
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(db: Db, mut listener: Listener, sender: broadcast::Sender<Change>) {
    let mut heard = 0;
    let mut check = tokio::time::interval(CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let change = tokio::select! {
            received = listener.try_recv() => match received {
                Ok(Some(notification)) => {
                    let (number, before) = (counter(notification.payload()), heard);
                    heard = heard.max(number);
                    // What lies between was lost, or rolled back, or is late: one look too many does no harm.
                    let missed = number > before + 1;
                    Some(if missed { Change::Everything } else { parse(notification.payload()) })
                }
                // The connection was lost. The listener connects again by itself; what happened meanwhile is unknown.
                Ok(None) => Some(Change::Everything),
                // Nobody is served any more, and whoever closes the pool waits for this connection.
                Err(_) if db.is_closed() => return,
                Err(error) => {
                    tracing::warn!(%error, "can't listen for changes, trying again");
                    listener = listen_again(&db).await;
                    Some(Change::Everything)
                }
            },
            _ = check.tick() => match db.change_counter().await {
                Ok(now) if now > heard => {
                    heard = now;
                    Some(Change::Everything)
                }
                Ok(_) => None,
                Err(error) => {
                    tracing::warn!(%error, "can't look at the change counter");
                    None
                }
            },
        };
        if let Some(change) = change {
            // Nobody listening is no fault: the gateway may not have started yet.
            let _ = sender.send(change);
        }
    }
}

/// Listens again as soon as the database lets us.
async fn listen_again(db: &Db) -> Listener {
    loop {
        tokio::time::sleep(RETRY).await;
        if let Ok(mut listener) = db.listener().await
            && listener.listen(CHANNEL).await.is_ok()
        {
            return listener;
        }
    }
}

fn counter(payload: &str) -> i64 {
    payload
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0)
}

/// `<counter> <table> <id>`; what can't be read may be anything.
fn parse(payload: &str) -> Change {
    let mut words = payload.split(' ').skip(1);
    let (Some(table), Some(Ok(id))) = (words.next(), words.next().map(Uuid::parse_str)) else {
        return Change::Everything;
    };
    match table {
        "mcp_connectors" => Change::Connector(id.into()),
        "mcp_servers" => Change::Server(id.into()),
        "mcp_server_tokens" => Change::Token(id.into()),
        _ => Change::Everything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_what_changed_and_a_strange_one_means_everything() {
        let id = Uuid::from_u128(5);
        assert_eq!(parse(&format!("12 mcp_servers {id}")), Change::Server(id.into()));
        assert_eq!(parse(&format!("12 mcp_server_tokens {id}")), Change::Token(id.into()));
        assert_eq!(parse(&format!("12 mcp_connectors {id}")), Change::Connector(id.into()));
        for strange in [
            "",
            "12",
            "12 mcp_servers",
            "12 mcp_servers x",
            &format!("12 other {id}"),
        ] {
            assert_eq!(parse(strange), Change::Everything, "{strange}");
        }
    }
}
