//! Looks after the running server: starts it again when it dies, ends it when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::cluster::Cluster;
use crate::error::Error;
use crate::remains;
use crate::server::Server;

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A server that ran this long was well: the pauses begin anew.
const RAN_WELL: Duration = Duration::from_secs(60);

/// The task that waits on the server process, as seen from outside.
#[derive(Debug)]
pub(crate) struct Supervisor {
    /// 0 while there is no server.
    pid: Arc<AtomicU32>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Supervisor {
    pub(crate) fn watch(cluster: Cluster, server: Server) -> Self {
        let pid = Arc::new(AtomicU32::new(server.pid));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(supervise(cluster, server, Arc::clone(&pid), stopped));
        Self {
            pid,
            stop: Some(stop),
            task: Some(task),
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            error!(%error, "the task that looks after PostgreSQL failed");
        }
    }
}

impl Drop for Supervisor {
    /// The task ends the server if the runtime lives on; if it doesn't, the signal is all there is.
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            remains::ask_to_stop(pid);
        }
    }
}

/// Runs until `stop` gets a message or its sender is gone.
async fn supervise(cluster: Cluster, mut server: Server, pid: Arc<AtomicU32>, mut stop: oneshot::Receiver<()>) {
    let mut pause = PAUSE_MIN;
    loop {
        let began = Instant::now();
        let status = tokio::select! {
            status = server.ended() => status,
            _ = &mut stop => {
                server.stop().await;
                pid.store(0, Ordering::Release);
                return;
            }
        };
        pid.store(0, Ordering::Release);
        if began.elapsed() > RAN_WELL {
            pause = PAUSE_MIN;
        }
        warn!(?status, "PostgreSQL has ended unasked: starting it again");
        server = loop {
            tokio::select! {
                () = sleep(pause) => {}
                _ = &mut stop => return,
            }
            pause = (pause * 2).min(PAUSE_MAX);
            match start_again(&cluster).await {
                Ok(server) => break server,
                Err(error) => error!(%error, "PostgreSQL could not be started again"),
            }
        };
        pid.store(server.pid, Ordering::Release);
        info!(pid = server.pid, "PostgreSQL runs again");
    }
}

async fn start_again(cluster: &Cluster) -> Result<Server, Error> {
    remains::clear(&cluster.layout).await?;
    Server::start(cluster).await
}
