//! What runs beside the requests: caches forget what changed, here or in another process, and usage is written.

use crate::Inner;
use patchbay_engine::changes::Change;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    task::JoinHandle,
    time::{MissedTickBehavior, sleep, timeout},
};

/// How long reading endpoints may take, and how long to wait before trying again.
const READ_TIME: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(1);

/// The tasks of a gateway. They end with it.
#[derive(Debug)]
pub(crate) struct Tasks {
    stop: watch::Sender<()>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Tasks {
    pub(crate) fn start(inner: &Arc<Inner>) -> Self {
        let (stop, stopped) = watch::channel(());
        // Subscribed before anything can be cached, so that no change is missed.
        let changes = inner.engine.changes();
        let running = vec![
            tokio::spawn(follow(inner.clone(), changes, stopped.clone())),
            tokio::spawn(write_usage(inner.clone(), stopped.clone())),
            tokio::spawn(follow_endpoints(inner.clone(), stopped)),
        ];
        Self {
            stop,
            running: Mutex::new(running),
        }
    }

    /// Ends the tasks, each at a point where it has nothing in its hands.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(());
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in running {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the gateway ended badly");
            }
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop.send_replace(());
    }
}

async fn follow(inner: Arc<Inner>, mut changes: Receiver<Change>, mut stopped: watch::Receiver<()>) {
    loop {
        let change = tokio::select! {
            _ = stopped.changed() => return,
            change = changes.recv() => change,
        };
        match change {
            Ok(Change::Connector(connector)) => inner.servers.forget_users_of(connector),
            Ok(Change::Server(server)) => {
                inner.servers.forget(server);
                inner.tokens.forget_of(server);
                if !inner.engine.config().pool.is_empty() {
                    inner.stale_endpoints.notify_one();
                }
                inner.revoked.send_replace(());
            }
            Ok(Change::Token(token)) => {
                inner.tokens.forget(token);
                inner.revoked.send_replace(());
            }
            Ok(Change::Everything) | Err(RecvError::Lagged(_)) => {
                inner.servers.clear();
                inner.tokens.clear();
                inner.stale_endpoints.notify_one();
                inner.revoked.send_replace(());
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Reads endpoints when they may have changed. A task of its own: what has been revoked must not wait for a query.
async fn follow_endpoints(inner: Arc<Inner>, mut stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = inner.stale_endpoints.notified() => {}
        }
        tokio::select! {
            _ = stopped.changed() => return,
            () = read_endpoints(&inner) => {}
        }
    }
}

async fn read_endpoints(inner: &Inner) {
    loop {
        match timeout(READ_TIME, inner.read_endpoints()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "endpoints can't be read yet");
            }
            Err(_) => tracing::warn!("endpoints can't be read yet: it takes too long"),
        }
        sleep(RETRY).await;
    }
}

async fn write_usage(inner: Arc<Inner>, mut stopped: watch::Receiver<()>) {
    let mut tick = tokio::time::interval(inner.protocol.limits.usage_every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        inner.protocol.usage.flush(&inner.engine).await;
    }
}
