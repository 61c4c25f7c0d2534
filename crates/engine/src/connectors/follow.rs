//! Connectors whose definitions follow their service: asked again before a list, once however many lists are asked for.

use crate::{
    Engine, Error,
    storage::connector_checks::{CheckNumber, FollowState},
};
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
use tokio::time::{sleep, timeout};

/// How long what was fetched, or what could not be, is good for.
const FRESH_FOR: Duration = Duration::seconds(60);
/// How long a fetch of another process is waited for. It may have come down.
const OTHERS_TAKE: std::time::Duration = std::time::Duration::from_secs(5);
/// How often it is looked at meanwhile.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

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
    /// process; whether other ones may be in force since. A fetch of another process is waited for. A service that doesn't answer leaves the last good ones, and is left
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
        let done = self.follow_if_due(id, self.clock().now()).await;
        let mut following = self.0.following.lock();
        match done {
            // It follows nothing: there is nothing to remember.
            Ok(None) | Err(_) => following.remove(&id),
            Ok(Some((at, _))) => following.insert(id, Follow::Tried(at)),
        };
        Ok(done?.is_some_and(|(_, changed)| changed))
    }

    /// When the last fetch began, here or in another process, and whether other definitions may be in force since.
    async fn follow_if_due(
        &self,
        id: ConnectorId,
        now: OffsetDateTime,
    ) -> Result<Option<(OffsetDateTime, bool)>, Error> {
        let mut worker = self.db().worker().await?;
        let claimed = worker.claim_follow(id, now, FRESH_FOR).await?;
        worker.commit().await?;
        if let Some(number) = claimed {
            return Ok(Some((now, self.check_by_itself(id, number).await?)));
        }
        let Some(theirs) = self.follow_state(id).await? else {
            return Ok(None);
        };
        let under_way = theirs.ended < theirs.begun;
        if under_way {
            // When they take too long, what is in force is listed.
            let _ = timeout(OTHERS_TAKE, self.is_ended(id, theirs.begun)).await;
        }
        // Whoever asks read before they ended, so they read once more.
        Ok(Some((theirs.checked_at.min(now), under_way)))
    }

    async fn is_ended(&self, id: ConnectorId, number: CheckNumber) -> Result<(), Error> {
        while self.follow_state(id).await?.is_some_and(|state| state.ended < number) {
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn follow_state(&self, id: ConnectorId) -> Result<Option<FollowState>, Error> {
        self.db().worker().await?.tx().follow_state(id).await
    }
}
