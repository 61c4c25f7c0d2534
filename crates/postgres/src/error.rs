//! Why a server could not be had, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::download::DownloadError;

/// What can go wrong on the way to a running server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has a server on this data directory.
    #[error("the data directory {} is in use by another running process: stop it, or choose another directory", data_dir.display())]
    InUse {
        /// The directory both want.
        data_dir: PathBuf,
    },
    /// Root may not run PostgreSQL, and nobody else is there to do it.
    #[error("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as")]
    NoAccount,
    /// Only its owner may run PostgreSQL on the data.
    #[error(
        "the database in {} belongs to another user (number {uid}): run this as that user, or choose another data directory",
        dir.display()
    )]
    NotOurs {
        /// Where the data is.
        dir: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// The user that the data belongs to can't reach it, and nobody else may.
    #[error(
        "the database in {} belongs to a user (number {uid}) who can't enter that directory: give the directories above \
         it a mode that lets them through, or move the data to where they are let",
        dir.display()
    )]
    OutOfReach {
        /// Where the data is.
        dir: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Root may not run PostgreSQL, so the data of a server can't be root's.
    #[error(
        "the database in {} belongs to root, as whom PostgreSQL refuses to run: give it back to the user that it \
         belonged to, with chown",
        dir.display()
    )]
    Roots {
        /// Where the data is.
        dir: PathBuf,
    },
    /// The directory that was given holds no usable PostgreSQL.
    #[error("no PostgreSQL {wanted} in {}: {reason}", dir.display())]
    NotUsable {
        /// The directory that was given.
        dir: PathBuf,
        /// The version that would do.
        wanted: String,
        /// What is the matter with it.
        reason: String,
    },
    /// The data is of a version for which there are no binaries.
    #[error(
        "the data in {} was written by PostgreSQL {version}, which is not installed here: install it, or move the data \
         away to start with an empty database",
        data.display()
    )]
    VersionMissing {
        /// Where the data is.
        data: PathBuf,
        /// The major version that wrote it.
        version: u32,
    },
    /// There is nothing to fetch for this kind of machine.
    #[error("no PostgreSQL ≥ 15 is installed, and none can be fetched for {platform}: install one")]
    NoPackage {
        /// Operating system and processor.
        platform: String,
    },
    /// The download failed.
    #[error("no PostgreSQL ≥ 15 is installed, and none could be fetched")]
    Fetch(#[source] DownloadError),
    /// A program that makes the cluster failed.
    #[error("{what} failed: {output}")]
    Failed {
        /// What was being done.
        what: String,
        /// What the program said.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL did not start: {log}")]
    NotStarted {
        /// The end of its log.
        log: String,
    },
    /// A server from before didn't stop.
    #[error(
        "a PostgreSQL server from before (process {pid}) still runs on this data and does not stop: end it by hand"
    )]
    Leftover {
        /// Its process.
        pid: u32,
    },
    /// No place is short enough for the socket's path.
    #[error("the path of the Unix socket under {} would be too long", dir.display())]
    SocketPath {
        /// The shortest place that was tried.
        dir: PathBuf,
    },
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The file system refused.
    #[error("can't {action} {}", path.display())]
    Io {
        /// The verb.
        action: &'static str,
        /// The object.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: what was to be done to which path.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.as_ref().to_owned(),
            source,
        }
    }
}

/// `N` random bytes as hexadecimal digits.
pub(crate) fn random_hex<const N: usize>() -> Result<String, Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(hex::encode(bytes))
}
