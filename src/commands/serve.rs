//! `patchbay serve`.

use crate::{config::Config, server::Server};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Serves until a signal asks to stop; a second one doesn't wait for calls to end.
pub(super) async fn run(config: Config) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = tokio::select! {
        server = Server::build(config) => server?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    let stop = shutdown.clone();
    tokio::spawn(async move {
        for asked in 1.. {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if asked == 1 {
                tracing::info!("stopping: calls that are under way may end");
                stop.cancel();
            } else {
                tracing::warn!("stopping at once");
                std::process::exit(130);
            }
        }
    });
    server.run(shutdown).await;
    Ok(())
}
