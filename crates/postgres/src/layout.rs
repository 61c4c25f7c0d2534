//! Where things go.
//!
//! `<data dir>/postgres/` is ours: lock, id, password. Inside it, `cluster/` belongs to the user that the server runs as and
//! holds `data`, `run` (the socket) and `log`. Where that user can't reach it, or where the socket's path would be too long,
//! the cluster or the socket moves to a shorter place that carries the id, and the log says so.
//!
//! Data that is there decides for itself: it stays where it is, and whose it is.

use std::fs::{self, Metadata};
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

    /// Decides where the cluster is or will be and who runs it, and makes its directories.
    pub(crate) async fn choose(data_dir: &Path, state_dir: &Path) -> Result<(Self, RunAs), Error> {
        let id = id(state_dir)?;
        let data_dir = data_dir.canonicalize().map_err(Error::io("find", data_dir))?;
        let near = data_dir.join("postgres/cluster");
        let shared = Path::new(SHARED).join(&id);

        let (cluster_dir, run_as) = place(&near, &shared).await?;
        let is_shared = cluster_dir == shared;
        if is_shared {
            make(Path::new(SHARED), 0o755)?;
        }
        make_for(&cluster_dir, &run_as)?;
        let mut socket_dir = cluster_dir.join("run");
        if !fits(&socket_dir) {
            socket_dir = short_socket_dir(&id)?;
            info!(directory = %socket_dir.display(), "the path of PostgreSQL's socket would be too long: it is kept elsewhere");
        }
        make_for(&socket_dir, &run_as)?;
        let layout = Self {
            cluster_dir,
            socket_dir,
            password_file: state_dir.join("password"),
            fetched_in: if is_shared { SHARED.into() } else { data_dir },
        };
        Ok((layout, run_as))
    }
}

/// Where the cluster is or will be, and who runs it.
async fn place(near: &Path, shared: &Path) -> Result<(PathBuf, RunAs), Error> {
    if !RunAs::we_are_root() {
        return match look_at(near)? {
            Some(found) if found.uid() != RunAs::Ourselves.uid() => Err(Error::NotOurs {
                dir: near.to_owned(),
                uid: found.uid(),
            }),
            _ => Ok((near.to_owned(), RunAs::Ourselves)),
        };
    }
    for dir in [shared, near] {
        if let Some(run_as) = owner_of_data(dir).await? {
            return Ok((dir.to_owned(), run_as));
        }
    }
    // What is left of an attempt that failed decides as well: the next one may be its owner's.
    let left_by = |dir| Ok(look_at(dir)?.and_then(|found| RunAs::owner(&found)));
    let run_as = match (left_by(shared)?, left_by(near)?) {
        (Some(owner), _) | (None, Some(owner)) => owner,
        (None, None) => RunAs::without_rights().await?,
    };
    if suits(near, &run_as).await {
        return Ok((near.to_owned(), run_as));
    }
    info!(
        directory = %shared.display(),
        "the embedded PostgreSQL runs without root's rights and can't work in {}: its data is kept elsewhere",
        near.display()
    );
    // Left behind by the attempt to use it.
    let _ = fs::remove_dir(near);
    Ok((shared.to_owned(), run_as))
}

/// The user whose data is in this cluster, if there is any. PostgreSQL serves data to its owner only, and changing the owner
/// would lock out whoever had it before.
async fn owner_of_data(cluster_dir: &Path) -> Result<Option<RunAs>, Error> {
    let data = cluster_dir.join("data");
    if look_at(&data.join("PG_VERSION"))?.is_none() {
        return Ok(None);
    }
    let metadata = fs::metadata(&data).map_err(Error::io("look at", &data))?;
    let Some(run_as) = RunAs::owner(&metadata) else {
        return Err(Error::Roots { dir: data });
    };
    if run_as.can_enter(&data).await {
        Ok(Some(run_as))
    } else {
        Err(Error::OutOfReach {
            uid: run_as.uid(),
            dir: data,
        })
    }
}

/// Whether a new cluster of another user's can be here.
async fn suits(cluster_dir: &Path, run_as: &RunAs) -> bool {
    fits(&cluster_dir.join("run"))
        && make(cluster_dir, 0o700).and_then(|()| run_as.own(cluster_dir)).is_ok()
        && run_as.can_enter(cluster_dir).await
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

/// What is there; `None` only if there is certainly nothing.
fn look_at(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("look at", path)(error)),
    }
}

fn fits(socket_dir: &Path) -> bool {
    socket_dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= SOCKET_PATH_MAX
}

/// A directory of our own under the place for temporary files.
fn short_socket_dir(id: &str) -> Result<PathBuf, Error> {
    let name = format!("patchbay-{id}");
    [std::env::temp_dir(), PathBuf::from("/tmp")]
        .into_iter()
        .map(|base| base.join(&name))
        .find(|dir| fits(dir))
        .ok_or_else(|| Error::SocketPath {
            dir: std::env::temp_dir(),
        })
}

/// Makes a directory that is this user's alone. One that is there must be theirs already: others may write beside it.
fn make_for(dir: &Path, run_as: &RunAs) -> Result<(), Error> {
    if look_at(dir)?.is_none() {
        make(dir, 0o700)?;
        run_as.own(dir)?;
    }
    match look_at(dir)? {
        Some(found) if found.is_dir() && found.uid() == run_as.uid() => Ok(()),
        _ => Err(Error::io("use", dir)(std::io::Error::other(
            "it belongs to somebody else",
        ))),
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
