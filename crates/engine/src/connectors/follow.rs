//! Connectors whose definitions follow their service: asked again before a list, once however many lists are asked for.

use crate::{Engine, Error};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use patchbay_domain::ids::ConnectorId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::{Duration, OffsetDateTime};

/// How long what was fetched, or what could not be, is good for.
const FRESH_FOR: Duration = Duration::seconds(60);

/// The fetches of this process: those under way, and when the last one of each connector began.
#[derive(Debug, Default)]
pub(crate) struct Following(Mutex<HashMap<ConnectorId, Follow>>);

#[derive(Debug)]
enum Follow {
    UnderWay(Shared<BoxFuture<'static, Result<bool, Arc<Error>>>>),
    Tried(OffsetDateTime),
}

impl Following {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectorId, Follow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Fetches a sync connector's definitions again, unless that was tried within the last minute, here or in another
    /// process; whether other ones are in force since. A service that doesn't answer leaves the last good ones, and is left
    /// alone for a minute too. Does nothing for a connector of another mode.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_connector(&self, id: ConnectorId) -> Result<bool, Error> {
        let under_way = {
            let mut following = self.0.following.lock();
            match following.get(&id) {
                Some(Follow::Tried(at)) if self.clock().now() - *at < FRESH_FOR => return Ok(false),
                // One that came down without saying so is no longer under way.
                Some(Follow::UnderWay(fetch)) if fetch.peek().is_none() => fetch.clone(),
                _ => {
                    // A task of its own: whoever asked first may hang up, others still wait for it.
                    let task = tokio::spawn(self.clone().follow(id));
                    let fetch = async { task.await.map_err(Error::internal)?.map_err(Arc::new) };
                    let fetch = fetch.boxed().shared();
                    following.insert(id, Follow::UnderWay(fetch.clone()));
                    fetch
                }
            }
        };
        under_way.await.map_err(Error::internal)
    }

    async fn follow(self, id: ConnectorId) -> Result<bool, Error> {
        let begun = self.clock().now();
        let done = self.follow_if_due(id, begun).await;
        let mut following = self.0.following.lock();
        match done {
            // Not ours to remember: it follows nothing, or another process was faster.
            Ok(None) | Err(_) => following.remove(&id),
            Ok(Some(_)) => following.insert(id, Follow::Tried(begun)),
        };
        Ok(done?.unwrap_or(false))
    }

    async fn follow_if_due(&self, id: ConnectorId, begun: OffsetDateTime) -> Result<Option<bool>, Error> {
        let mut worker = self.db().worker().await?;
        let claimed = worker.claim_follow(id, begun, begun - FRESH_FOR).await?;
        worker.commit().await?;
        if !claimed {
            return Ok(None);
        }
        self.check_by_itself(id, begun).await.map(Some)
    }
}
