//! Servers that a command starts: on a terminal of their own, asked to stop rather than killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::process::ask_to_end;
use crate::say;

/// How long a server may take to finish what it is doing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    child: Child,
}

impl Service {
    /// Starts it in a process group of its own, so that ctrl-c reaches it through us and only once.
    pub(crate) fn start(name: &'static str, mut command: Command) -> Result<Self> {
        // A killed server would leave its own PostgreSQL behind; see `drop`.
        command.kill_on_drop(false).process_group(0);
        let child = command.spawn().with_context(|| format!("can't start {name}"))?;
        Ok(Self { name, child })
    }

    /// Sends what it prints to a file.
    pub(crate) fn log_to(command: &mut Command, path: &Path) -> Result<()> {
        let file = File::create(path).with_context(|| format!("can't write {}", path.display()))?;
        command
            .stderr(Stdio::from(file.try_clone()?))
            .stdout(Stdio::from(file))
            .env("NO_COLOR", "1");
        Ok(())
    }

    /// Waits until it answers `path` with a success, or any connection if there is no path.
    pub(crate) async fn ready(&mut self, address: SocketAddr, path: Option<&str>, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended before it was ready ({status})", self.name);
            }
            let answer = timeout(Duration::from_secs(5), answers(address, path)).await;
            if answer.is_ok_and(|answer| answer.unwrap_or(false)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{} was not ready within {} s", self.name, within.as_secs());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Asks it to stop, waits, and kills it if it doesn't.
    pub(crate) async fn stop(mut self) -> Result<()> {
        ask_to_end(&self.child);
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            say::warning(format!("{} does not stop: killing it", self.name));
            self.child.kill().await?;
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        ask_to_end(&self.child);
    }
}

async fn answers(address: SocketAddr, path: Option<&str>) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let Some(path) = path else { return Ok(true) };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// An address that nobody listens at. Somebody may come before us, which is unlikely enough.
pub(crate) async fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}
