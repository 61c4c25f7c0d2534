//! Who runs PostgreSQL's programs. They refuse to run as root, so root runs them as somebody without rights.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::os::unix::fs::{MetadataExt as _, fchown, lchown};
use std::path::Path;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::error::Error;

/// The user that PostgreSQL's programs run as.
#[derive(Debug, Clone)]
pub(crate) enum RunAs {
    /// The user that this process runs as.
    Ourselves,
    /// Another one, because this process is root's.
    Other { uid: u32, gid: u32 },
}

impl RunAs {
    /// Whether this process is root's, which may run programs as anybody and must not run these as itself.
    pub(crate) fn we_are_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Root's choice for data that belongs to nobody yet.
    pub(crate) async fn without_rights() -> Result<Self, Error> {
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name).await, id("-g", name).await)
                && uid != 0
            {
                return Ok(Self::Other { uid, gid });
            }
        }
        Err(Error::NoAccount)
    }

    /// Root's choice for what belongs to somebody: them. Not when that is root.
    pub(crate) fn owner(metadata: &Metadata) -> Option<Self> {
        let (uid, gid) = (metadata.uid(), metadata.gid());
        (uid != 0).then_some(Self::Other { uid, gid })
    }

    pub(crate) fn is_other(&self) -> bool {
        matches!(self, Self::Other { .. })
    }

    pub(crate) fn uid(&self) -> u32 {
        match *self {
            Self::Ourselves => rustix::process::geteuid().as_raw(),
            Self::Other { uid, .. } => uid,
        }
    }

    /// A command that will run as that user, in a directory that everybody can reach, away from the terminal's ctrl-c.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // Messages are looked at and shown in logs, so their language is fixed.
        command
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .process_group(0);
        for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(name);
        }
        if let Self::Other { uid, gid } = *self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Runs a program to its end, with `input` on its standard input.
    pub(crate) async fn run(&self, mut command: Command, what: &str, input: &str) -> Result<Output, Error> {
        let failed = |error: std::io::Error| Error::Failed {
            what: what.to_owned(),
            output: error.to_string(),
        };
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let mut running = Group(child.id());
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let write = async {
            // A program that ends without reading everything says why on its standard error.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
        };
        let ((), output) = tokio::join!(write, child.wait_with_output());
        running.0 = None;
        output.map_err(failed)
    }

    /// Gives a directory to that user; not what a link in its place leads to.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        match *self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => {
                lchown(path, Some(uid), Some(gid)).map_err(Error::io("change the owner of", path))
            }
        }
    }

    /// Gives an open file to that user.
    pub(crate) fn own_file(&self, file: &File) -> std::io::Result<()> {
        match *self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => fchown(file, Some(uid), Some(gid)),
        }
    }

    /// Whether that user can work in `dir`: asked of the system by trying, because permissions are more than mode bits.
    pub(crate) async fn can_enter(&self, dir: &Path) -> bool {
        let mut command = self.command("true");
        command.current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }
}

/// A program and those that it starts: `initdb` would leave a server writing. They end when nobody waits for them any more.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self
            .0
            .and_then(|leader| i32::try_from(leader).ok())
            .and_then(Pid::from_raw)
        {
            // It may have ended in this moment, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn id(flag: &str, name: &str) -> Option<u32> {
    let output = Command::new("id")
        .args([flag, name])
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
