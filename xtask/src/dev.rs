//! `cargo xtask dev`: builds and restarts whenever a source changes.
//!
//! It looks at the files' times rather than asking the system to tell: that works in every container and on every file
//! system, and a look at some hundred files costs a millisecond.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use tokio::time::sleep;

use crate::frontend::{self, Mode, site};
use crate::serve::{self, Arguments};
use crate::service::Service;
use crate::{build, paths, process, say, setup};

/// Everything that a running server is made from.
const WATCHED: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "app",
    "crates",
    "frontend",
    "migrations",
    "public",
    "src",
    "style",
];
const INTERVAL: Duration = Duration::from_millis(300);

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut server = None;
    let result = tokio::select! {
        result = keep_running(&arguments, &mut server) => result,
        _ = process::interrupted() => Ok(()),
    };
    if let Some(server) = server {
        say::step("Stopping");
        server.stop().await?;
    }
    result
}

async fn keep_running(arguments: &Arguments, server: &mut Option<Service>) -> Result<()> {
    let tools = setup::for_building().await?;
    loop {
        let seen = times()?;
        let built = async {
            frontend::build(Mode::Dev, &tools).await?;
            build::server(Mode::Dev).await
        };
        match built.await {
            Ok(()) => {
                if let Some(old) = server.take() {
                    old.stop().await?;
                }
                *server = Some(serve::start(&arguments.server)?);
            }
            // The old one, if there is one, serves on.
            Err(error) => say::error(&error),
        }
        say::step("Waiting for a change");
        changed(&seen).await?;
    }
}

type Times = BTreeMap<PathBuf, SystemTime>;

/// Waits until something is different, and then until an editor or a checkout is done writing.
async fn changed(seen: &Times) -> Result<()> {
    let mut last = times()?;
    while last == *seen {
        sleep(INTERVAL).await;
        last = times()?;
    }
    loop {
        sleep(INTERVAL).await;
        let now = times()?;
        if now == last {
            return Ok(());
        }
        last = now;
    }
}

fn times() -> Result<Times> {
    let mut times = Times::new();
    for name in WATCHED {
        let path = paths::at(name);
        let files = if path.is_file() {
            vec![path]
        } else {
            site::files_below(&path)?
        };
        for file in files {
            // One that is gone in this moment is a change as well.
            if let Ok(modified) = file.metadata().and_then(|metadata| metadata.modified()) {
                times.insert(file, modified);
            }
        }
    }
    Ok(times)
}
