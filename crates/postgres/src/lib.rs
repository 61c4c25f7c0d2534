//! A real PostgreSQL server of one's own, for people who have none to give.
//!
//! [`Postgres::start`] finds the binaries of a PostgreSQL ≥ 15 or fetches them, makes a database cluster on the first start,
//! runs the server on a Unix socket, restarts it if it dies and stops it at the end. It knows nothing of what is stored:
//! whoever starts it gets a [`Connection`] and goes on from there.

mod account;
mod binaries;
mod cluster;
mod connection;
pub mod download;
mod error;
mod fetch;
mod layout;
mod options;
mod remains;
mod server;
mod supervisor;
mod unpack;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use tracing::info;

pub use crate::binaries::Binaries;
pub use crate::connection::Connection;
pub use crate::error::Error;
pub use crate::options::{Options, Script};

use crate::cluster::Cluster;
use crate::layout::Layout;
use crate::server::Server;
use crate::supervisor::Supervisor;

/// A running server. Dropping it asks the server to stop without waiting; [`Postgres::stop`] waits.
#[derive(Debug)]
pub struct Postgres {
    connection: Connection,
    supervisor: Supervisor,
    cluster_dir: PathBuf,
    /// Held for as long as the server may run; the kernel lets go of it however this process ends.
    _lock: File,
}

impl Postgres {
    /// Starts the server that keeps its data under `options.data_dir`, making it first where there is none.
    ///
    /// # Errors
    /// When no binaries can be had, another process uses the data directory, or the server doesn't come up.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let state_dir = layout::state_dir(&options.data_dir)?;
        let lock = lock(&state_dir, &options.data_dir)?;
        let (layout, run_as) = Layout::choose(&options.data_dir, &state_dir).await?;

        let binaries = binaries::ensure(&options, layout.version()?, &run_as, &layout.fetched_in).await?;
        let cluster = Cluster {
            binaries,
            run_as,
            layout,
            unsafe_but_fast: options.fast_unsafe_for_tests,
        };
        remains::clear(&cluster.layout).await?;
        let password = cluster.prepare(&options.init_scripts).await?;

        let connection = Connection::new(&cluster.layout.socket_dir, password);
        let version = cluster.binaries.version.clone();
        let cluster_dir = cluster.layout.cluster_dir.clone();
        let server = Server::start(&cluster).await?;
        info!(version, data = %cluster_dir.display(), "embedded PostgreSQL is ready");
        Ok(Self {
            connection,
            supervisor: Supervisor::watch(cluster, server),
            cluster_dir,
            _lock: lock,
        })
    }

    /// How to reach the server.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The server's process id; `None` while it is being restarted.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.supervisor.pid()
    }

    /// Disconnects whoever is connected, stops the server and waits until it is gone.
    pub async fn stop(self) {
        self.supervisor.stop().await;
        info!("embedded PostgreSQL has stopped");
    }

    /// Stops the server and deletes its data: for servers that live as long as one command.
    ///
    /// # Errors
    /// When the data can't be deleted.
    pub async fn stop_and_delete(self) -> Result<(), Error> {
        self.supervisor.stop().await;
        delete_dirs([&self.connection.socket_dir, &self.cluster_dir])
    }
}

/// Finds or fetches the binaries that [`Postgres::start`] would use, so that a set-up can do the slow part beforehand.
///
/// # Errors
/// When there are none and they can't be fetched.
pub async fn ensure_binaries(options: &Options) -> Result<Binaries, Error> {
    let state_dir = layout::state_dir(&options.data_dir)?;
    let (layout, run_as) = Layout::choose(&options.data_dir, &state_dir).await?;
    binaries::ensure(options, layout.version()?, &run_as, &layout.fetched_in).await
}

/// Deletes the database that [`Postgres::start`] made under `data_dir`, wherever that was possible, and stops its server if one
/// was left running. Does nothing where there is none.
///
/// Deleting `data_dir` alone isn't enough: what root's servers can't keep in there is elsewhere.
///
/// # Errors
/// When another process uses the data directory, or its data can't be deleted.
pub async fn delete(data_dir: &Path) -> Result<(), Error> {
    if !data_dir.join("postgres/id").exists() {
        return Ok(());
    }
    let state_dir = layout::state_dir(data_dir)?;
    let _lock = lock(&state_dir, data_dir)?;
    let (layout, _) = Layout::choose(data_dir, &state_dir).await?;
    remains::clear(&layout).await?;
    delete_dirs([&layout.socket_dir, &layout.cluster_dir])?;
    fs::remove_dir_all(&state_dir).map_err(Error::io("delete", &state_dir))
}

fn delete_dirs(dirs: [&Path; 2]) -> Result<(), Error> {
    dirs.into_iter()
        .try_for_each(|dir| fs::remove_dir_all(dir).map_err(Error::io("delete", dir)))
}

/// Makes sure that only one process at a time has a server on this data directory.
fn lock(state_dir: &Path, data_dir: &Path) -> Result<File, Error> {
    let path = state_dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            data_dir: data_dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}
