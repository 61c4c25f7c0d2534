//! Where things go.
//!
//! `<data dir>/postgres/` is ours: lock, id, password. Inside it, `cluster/` belongs to the user that the server runs as and
//! holds `data`, `run` (the socket) and `log`. Where that user can't reach it, or where the socket's path would be too long,
//! the cluster or the socket moves to a shorter place that carries the id, and the log says so.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tracing::{info, warn};

use crate::account::RunAs;
use crate::connection::PORT;
use crate::error::{Error, random_hex};

/// What a socket's path may have: `sun_path` without its final zero.
const SOCKET_PATH_MAX: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// Where root's clusters go when they can't stay where they were asked to be.
const SHARED: &str = "/var/lib/patchbay";

/// The places of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Belongs to the server's user: all that is the server's own.
    pub(crate) cluster_dir: PathBuf,
    pub(crate) socket_dir: PathBuf,
    pub(crate) password_file: PathBuf,
    /// Where a fetched copy of PostgreSQL goes, if the caller has no wish.
    pub(crate) fetched_in: PathBuf,
}

impl Layout {
    pub(crate) fn data(&self) -> PathBuf {
        self.cluster_dir.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.cluster_dir.join("log")
    }

    /// The major version that wrote the data; `None` when there is none yet.
    pub(crate) fn version(&self) -> Result<Option<u32>, Error> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    /// Decides where the cluster is or will be, and makes its directories.
    pub(crate) async fn choose(data_dir: &Path, state_dir: &Path, run_as: &RunAs) -> Result<Self, Error> {
        let id = id(state_dir)?;
        let data_dir = data_dir.canonicalize().map_err(Error::io("find", data_dir))?;
        let near = data_dir.join("postgres/cluster");
        let shared = Path::new(SHARED).join(&id);

        let mut layout = Self {
            socket_dir: near.join("run"),
            password_file: state_dir.join("password"),
            fetched_in: data_dir,
            cluster_dir: near,
        };
        if run_as.is_other() && (holds_data(&shared) || !layout.suits(run_as).await) {
            info!(
                directory = %shared.display(),
                "the embedded PostgreSQL runs without root's rights and can't work in {}: its data is kept elsewhere",
                layout.cluster_dir.display()
            );
            make(Path::new(SHARED), 0o755)?;
            // Left behind by the attempt to use it.
            let _ = fs::remove_dir(&layout.cluster_dir);
            layout.socket_dir = shared.join("run");
            layout.fetched_in = SHARED.into();
            layout.cluster_dir = shared;
        }
        make(&layout.cluster_dir, 0o700)?;
        run_as.own(&layout.cluster_dir)?;
        if !fits(&layout.socket_dir) {
            layout.socket_dir = short_socket_dir(&id)?;
            info!(directory = %layout.socket_dir.display(), "the path of PostgreSQL's socket would be too long: it is kept elsewhere");
        }
        make(&layout.socket_dir, 0o700)?;
        run_as.own(&layout.socket_dir)?;
        Ok(layout)
    }

    /// Whether the server's user can have the cluster here. Only asked when that user is another.
    async fn suits(&self, run_as: &RunAs) -> bool {
        fits(&self.socket_dir)
            && make(&self.cluster_dir, 0o700)
                .and_then(|()| run_as.own(&self.cluster_dir))
                .is_ok()
            && run_as.can_enter(&self.cluster_dir).await
    }
}

/// `<data dir>/postgres`, made where it is missing.
pub(crate) fn state_dir(data_dir: &Path) -> Result<PathBuf, Error> {
    let dir = data_dir.join("postgres");
    fs::create_dir_all(data_dir).map_err(Error::io("create", data_dir))?;
    // To be passed through by the server's user, who may be another.
    make(&dir, 0o711)?;
    Ok(dir)
}

/// A name for what is kept elsewhere. It is random rather than made from the path, so that a deleted and newly made data
/// directory doesn't find the old data again without the keys that belonged to it.
fn id(state_dir: &Path) -> Result<String, Error> {
    let path = state_dir.join("id");
    if let Ok(id) = fs::read_to_string(&path) {
        let id = id.trim();
        if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(id.to_owned());
        }
        warn!(file = %path.display(), "not an id: making a new one");
    }
    let id = random_hex::<6>()?;
    fs::write(&path, &id).map_err(Error::io("write", &path))?;
    Ok(id)
}

fn holds_data(cluster_dir: &Path) -> bool {
    cluster_dir.join("data/PG_VERSION").exists()
}

fn fits(socket_dir: &Path) -> bool {
    socket_dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= SOCKET_PATH_MAX
}

/// A directory of our own under the place for temporary files.
fn short_socket_dir(id: &str) -> Result<PathBuf, Error> {
    let name = format!("patchbay-{id}");
    let dir = [std::env::temp_dir(), PathBuf::from("/tmp")]
        .into_iter()
        .map(|base| base.join(&name))
        .find(|dir| fits(dir))
        .ok_or_else(|| Error::SocketPath {
            dir: std::env::temp_dir(),
        })?;
    make(&dir, 0o700)?;
    // Others may write beside it: what stands there must be a directory, and ours.
    let metadata = fs::symlink_metadata(&dir).map_err(Error::io("look at", &dir))?;
    if metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() {
        Ok(dir)
    } else {
        Err(Error::io("use", dir)(std::io::Error::other(
            "it belongs to somebody else",
        )))
    }
}

/// Makes a directory with exactly this mode, whatever the umask.
fn make(dir: &Path, mode: u32) -> Result<(), Error> {
    match fs::DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => fs::set_permissions(dir, fs::Permissions::from_mode(mode)).map_err(Error::io("set the mode of", dir)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::io("create", dir)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stays_the_same_until_the_directory_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let first = id(dir.path()).unwrap();
        assert_eq!(id(dir.path()).unwrap(), first);
        fs::remove_file(dir.path().join("id")).unwrap();
        assert_ne!(id(dir.path()).unwrap(), first);
    }

    #[test]
    fn a_socket_path_at_the_limit_fits_and_one_byte_more_does_not() {
        let rest = format!("/.s.PGSQL.{PORT}").len();
        let longest = format!("/{}", "a".repeat(SOCKET_PATH_MAX - rest - 1));
        assert!(fits(Path::new(&longest)));
        assert!(!fits(Path::new(&format!("{longest}a"))));
    }
}
