//! The running server: its command line, its log, waiting until it answers, ending it. `remains.rs` knows what one leaves.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::cluster::Cluster;
use crate::connection::PORT;
use crate::error::Error;
use crate::remains::{NOFOLLOW, PATIENCE, POLL, PidFile, send};

/// A log longer than this is begun anew at a start.
const LOG_MAX: u64 = 4 << 20;

/// A server process. Dropping it asks it to stop, unless it has ended.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: u32,
}

impl Server {
    /// Starts the server and waits until it takes connections, however long it needs to recover from a crash.
    pub(crate) async fn start(cluster: &Cluster) -> Result<Self, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_start(cluster).await {
                // Processes of a server that was killed may need a moment to notice.
                Err(Error::NotStarted { log }) if log.contains("still in use") && Instant::now() < deadline => {
                    sleep(Duration::from_millis(200)).await;
                }
                result => return result,
            }
        }
    }

    async fn try_start(cluster: &Cluster) -> Result<Self, Error> {
        let log_path = cluster.layout.log();
        let log = open_log(cluster)?;
        let log_begins = log.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let again = log.try_clone().map_err(Error::io("open", &log_path))?;
        let mut command = command(cluster);
        command.stdout(Stdio::from(log)).stderr(Stdio::from(again));
        let child = command
            .spawn()
            .map_err(Error::io("run", cluster.binaries.program("postgres")))?;
        let pid = child.id().expect("a child that was not waited for has an id");
        // From here on nothing that ends the wait, like an impatient caller, leaves the process behind.
        let mut server = Self { child, pid };

        let started = Instant::now();
        let mut reported = 0;
        loop {
            if server
                .child
                .try_wait()
                .map_err(Error::io("wait for", cluster.binaries.program("postgres")))?
                .is_some()
            {
                return Err(Error::NotStarted {
                    log: read_log(&log_path, log_begins),
                });
            }
            if PidFile::read(&cluster.layout.data()).is_some_and(|file| file.pid == pid && file.ready) {
                return Ok(server);
            }
            let seconds = started.elapsed().as_secs();
            if seconds >= reported + 5 {
                reported = seconds;
                info!(
                    seconds,
                    "PostgreSQL is starting: it recovers what the last run left behind"
                );
            }
            sleep(POLL).await;
        }
    }

    /// Waits until the process ends by itself.
    pub(crate) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends the process: politely first, then not.
    pub(crate) async fn stop(mut self) {
        for signal in [Signal::INT, Signal::QUIT] {
            send(self.pid, signal);
            if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_ok() {
                return;
            }
            warn!(pid = self.pid, "PostgreSQL does not stop");
        }
        if let Err(error) = self.child.kill().await {
            warn!(pid = self.pid, %error, "PostgreSQL can't be killed");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without an id it was waited for, and the number may be another's by now.
        if let Some(pid) = self.child.id() {
            send(pid, Signal::INT);
        }
    }
}

fn command(cluster: &Cluster) -> Command {
    let mut command = cluster.run_as.command(cluster.binaries.program("postgres"));
    command.arg("-D").arg(cluster.layout.data());
    command.arg("-c").arg(format!(
        "unix_socket_directories={}",
        quoted(&cluster.layout.socket_dir)
    ));
    let port = format!("port={PORT}");
    let mut settings = vec![
        port.as_str(),
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "log_destination=stderr",
        "log_min_messages=warning",
        "log_checkpoints=off",
    ];
    if cluster.unsafe_but_fast {
        settings.extend([
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "max_connections=400",
            "autovacuum=off",
        ]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command
}

/// The setting is a list of directories, in which a comma or a blank would end one.
fn quoted(dir: &Path) -> String {
    format!("\"{}\"", dir.display().to_string().replace('"', "\"\""))
}

fn open_log(cluster: &Cluster) -> Result<File, Error> {
    let path = cluster.layout.log();
    let too_long = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_MAX);
    if too_long {
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    // The directory is the server's user's, who may be another: the file has to be theirs as well, and a link isn't followed.
    match File::options().create_new(true).append(true).open(&path) {
        Ok(file) => {
            cluster
                .run_as
                .own_file(&file)
                .map_err(Error::io("change the owner of", &path))?;
            Ok(file)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => File::options()
            .append(true)
            .custom_flags(NOFOLLOW)
            .open(&path)
            .map_err(Error::io("open", &path)),
        Err(error) => Err(Error::io("create", &path)(error)),
    }
}

/// What was logged since `begin`, without end if need be.
fn read_log(path: &Path, begin: u64) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let begin = usize::try_from(begin).unwrap_or_default().min(bytes.len());
    let text = String::from_utf8_lossy(&bytes[begin..]);
    let text = text.trim();
    if text.is_empty() {
        format!("it said nothing in {}", path.display())
    } else {
        text.chars().take(4000).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_stay_within_one_socket_directory() {
        assert_eq!(quoted(Path::new("/a, \"b\"")), r#""/a, ""b""""#);
    }
}
