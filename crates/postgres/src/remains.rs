//! What a server leaves behind that ended without notice, or that goes on without the process that had started it.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::Command;
use tokio::time::sleep;
use tracing::warn;

use crate::connection::PORT;
use crate::error::Error;
use crate::layout::Layout;

/// How long a server may take to stop before it is told to drop everything, and then before it counts as stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
pub(crate) const POLL: Duration = Duration::from_millis(10);
/// For files in a directory that may be another user's: what a link leads to is none of theirs.
pub(crate) const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits().cast_signed();

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

    /// Writes our number into a file whose number has become another program's. PostgreSQL would take that one for a server
    /// and refuse to start, but knows that the process which starts it is none. The rest of the file stays, because with it
    /// PostgreSQL finds parts of the old server that may still be at work.
    fn disown(data: &Path) -> Result<(), Error> {
        let path = data.join("postmaster.pid");
        let write = || {
            let text = fs::read_to_string(&path)?;
            let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
            let mut file = File::options()
                .write(true)
                .truncate(true)
                .custom_flags(NOFOLLOW)
                .open(&path)?;
            write!(file, "{}\n{rest}", std::process::id())
        };
        write().map_err(Error::io("write", &path))
    }
}

/// Takes away a socket and the file that reserves it, which holds a process's number as well.
fn remove_socket(socket_dir: &Path) -> Result<(), Error> {
    for extension in ["", ".lock"] {
        let path = socket_dir.join(format!(".s.PGSQL.{PORT}{extension}"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Ends a server that outlived the process that had started it, and takes away what would keep the next one from starting.
/// For whoever holds the lock: nobody else needs any of it.
pub(crate) async fn clear(layout: &Layout) -> Result<(), Error> {
    let data = layout.data();
    if let Some(PidFile { pid, .. }) = PidFile::read(&data)
        && is_alive(pid)
    {
        if serves(pid, &data).await {
            warn!(
                pid,
                "a PostgreSQL server was left running on this data: stopping it first"
            );
            stop_process(pid).await?;
        } else {
            // Another program has that number by now.
            PidFile::disown(&data)?;
        }
    }
    remove_socket(&layout.socket_dir)
}

/// Whether there is a process with this number.
fn is_alive(pid: u32) -> bool {
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
async fn serves(pid: u32, data: &Path) -> bool {
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
async fn stop_process(pid: u32) -> Result<(), Error> {
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

pub(crate) fn send(pid: u32, signal: Signal) {
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

    #[tokio::test]
    async fn this_process_is_alive_and_no_postgresql_server() {
        assert!(is_alive(std::process::id()));
        assert!(!serves(std::process::id(), Path::new("/no/data")).await);
    }
}
