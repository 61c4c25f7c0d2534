//! The running server: its command line, its pid file, waiting until it answers, ending it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::cluster::Cluster;
use crate::connection::PORT;
use crate::error::Error;

/// How long a server may take to stop before it is told to drop everything, and then before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);
/// A log longer than this is begun anew at a start.
const LOG_MAX: u64 = 4 << 20;

/// A server process that has said that it is ready.
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
        let mut child = command
            .spawn()
            .map_err(Error::io("run", cluster.binaries.program("postgres")))?;
        let pid = child.id().expect("a child that was not waited for has an id");

        let started = Instant::now();
        let mut reported = 0;
        loop {
            if child
                .try_wait()
                .map_err(Error::io("wait for", cluster.binaries.program("postgres")))?
                .is_some()
            {
                return Err(Error::NotStarted {
                    log: read_log(&log_path, log_begins),
                });
            }
            if PidFile::read(&cluster.layout.data()).is_some_and(|file| file.pid == pid && file.ready) {
                return Ok(Self { child, pid });
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
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(Error::io("open", &path))
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

/// The part of `postmaster.pid` that matters here.
#[derive(Debug, PartialEq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    pub(crate) ready: bool,
}

impl PidFile {
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// First line: the process; eighth: what it is doing. Single-user servers write a negative number.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().trim_start_matches('-').parse().ok()?;
        Some(Self {
            pid,
            ready: lines.nth(6).is_some_and(|status| status.trim() == "ready"),
        })
    }
}

/// Whether there is a process with this number.
pub(crate) fn is_alive(pid: u32) -> bool {
    // Not being allowed to signal it means that it is there.
    as_pid(pid).is_some_and(|pid| test_kill_process(pid).is_ok_or_denied())
}

trait IsOkOrDenied {
    fn is_ok_or_denied(&self) -> bool;
}

impl IsOkOrDenied for rustix::io::Result<()> {
    fn is_ok_or_denied(&self) -> bool {
        matches!(self, Ok(()) | Err(rustix::io::Errno::PERM))
    }
}

/// Whether that process is a PostgreSQL server on this data, and not one that got its number later.
pub(crate) async fn serves(pid: u32, data: &Path) -> bool {
    let arguments = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(arguments) => String::from_utf8_lossy(&arguments).replace('\0', " "),
        Err(_) => match Command::new("ps")
            .args(["-ww", "-o", "args=", "-p", &pid.to_string()])
            .output()
            .await
        {
            Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
            Err(_) => return false,
        },
    };
    arguments.contains("postgres") && arguments.contains(&*data.to_string_lossy())
}

/// Ends a server that is not our child.
pub(crate) async fn stop_process(pid: u32) -> Result<(), Error> {
    for signal in [Signal::INT, Signal::QUIT] {
        send(pid, signal);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !is_alive(pid) {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }
    Err(Error::Leftover { pid })
}

/// Asks a server for a fast shutdown, without waiting.
pub(crate) fn ask_to_stop(pid: u32) {
    send(pid, Signal::INT);
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = as_pid(pid) {
        // It may have ended in this moment, which is what is wanted.
        let _ = kill_process(pid, signal);
    }
}

fn as_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_says_who_and_whether_ready() {
        let file = "4711\n/data\n1700000000\n5432\n/run\n\n  123 456\nready   \n";
        assert_eq!(PidFile::parse(file), Some(PidFile { pid: 4711, ready: true }));
        let starting = file.replace("ready   ", "starting");
        assert_eq!(
            PidFile::parse(&starting),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
        assert_eq!(
            PidFile::parse("-4711\n/data\n"),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn commas_and_quotes_stay_within_one_socket_directory() {
        assert_eq!(quoted(Path::new("/a, \"b\"")), r#""/a, ""b""""#);
    }

    #[tokio::test]
    async fn this_process_is_alive_and_no_postgresql_server() {
        assert!(is_alive(std::process::id()));
        assert!(!serves(std::process::id(), Path::new("/no/data")).await);
    }
}
