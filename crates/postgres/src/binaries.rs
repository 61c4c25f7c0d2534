//! Finding PostgreSQL's programs: where they were said to be, where systems put them, where an earlier run fetched them.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tracing::debug;

use crate::account::RunAs;
use crate::error::Error;
use crate::fetch;
use crate::options::Options;

/// The oldest major version whose features are relied upon.
const OLDEST: u32 = 15;

/// A directory with `postgres` and `initdb`.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The directory.
    pub dir: PathBuf,
    /// The server's version in full, `17.10` for example.
    pub version: String,
}

/// The programs for data of the major version `wanted`, or of any version that will do; fetched when there are none.
pub(crate) async fn ensure(
    options: &Options,
    wanted: Option<u32>,
    run_as: &RunAs,
    fetched_in: &Path,
) -> Result<Binaries, Error> {
    let acceptable = |version: u32| wanted.map_or(version >= OLDEST, |wanted| version == wanted);
    if let Some(dir) = &options.binaries_dir {
        let wanted = wanted.map_or_else(|| format!("≥ {OLDEST}"), |version| version.to_string());
        let unusable = |reason| Error::NotUsable {
            dir: dir.clone(),
            wanted,
            reason,
        };
        return match probe(dir, run_as).await {
            Ok(binaries) if acceptable(binaries.major()) => Ok(binaries),
            Ok(binaries) => Err(unusable(format!("it is {}", binaries.version))),
            Err(reason) => Err(unusable(reason)),
        };
    }

    if let Some(dir) = &options.fetched_dir {
        std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    }
    let fetched_in = match &options.fetched_dir {
        Some(dir) if !run_as.is_other() || run_as.can_enter(dir).await => dir,
        _ => fetched_in,
    };
    let fetched = fetched_in.join(fetch::DIRECTORY).join("bin");
    let mut candidates = if options.use_installed {
        installed().await
    } else {
        Vec::new()
    };
    candidates.push(fetched.clone());
    for dir in candidates {
        match probe(&dir, run_as).await {
            Ok(binaries) if acceptable(binaries.major()) => return Ok(binaries),
            Ok(binaries) => {
                debug!(dir = %dir.display(), version = binaries.version, "not the PostgreSQL that is needed");
            }
            Err(reason) => debug!(dir = %dir.display(), reason, "no PostgreSQL"),
        }
    }
    if let Some(version) = wanted.filter(|version| *version != fetch::MAJOR) {
        return Err(Error::VersionMissing {
            data: options.data_dir.clone(),
            version,
        });
    }
    let _lock = only_one_fetches(fetched_in).await?;
    // Somebody else may have fetched it while we waited.
    if let Ok(binaries) = probe(&fetched, run_as).await {
        return Ok(binaries);
    }
    fetch::fetch(&options.registry, fetched_in).await?;
    probe(&fetched, run_as).await.map_err(|reason| Error::NotUsable {
        dir: fetched,
        wanted: fetch::MAJOR.to_string(),
        reason,
    })
}

/// Processes that share the directory wait for each other. The lock is let go when the file is dropped.
async fn only_one_fetches(dir: &Path) -> Result<File, Error> {
    std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    let path = dir.join("postgresql.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(Error::io("open", &path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
    }
}

impl Binaries {
    /// One of the programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn major(&self) -> u32 {
        major(&self.version).expect("`probe` only lets through what begins with a number")
    }
}

/// Asks the programs in `dir` for their version, as the user that will run them.
async fn probe(dir: &Path, run_as: &RunAs) -> Result<Binaries, String> {
    if !dir.join("initdb").is_file() {
        return Err("there is no `initdb`".to_owned());
    }
    let mut command = run_as.command(dir.join("postgres"));
    command.arg("--version").stderr(Stdio::piped());
    let output = command
        .output()
        .await
        .map_err(|error| format!("`postgres` does not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match parse_version(&text) {
        Some(version) if output.status.success() => Ok(Binaries {
            dir: dir.to_owned(),
            version,
        }),
        _ => Err(format!(
            "`postgres --version` failed: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → `15.18`
fn parse_version(text: &str) -> Option<String> {
    let version = text.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    major(version).map(|_| version.to_owned())
}

/// `15.18` → 15, `18beta1` → 18
fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Directories in which an installed PostgreSQL may be, the likeliest first.
async fn installed() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Ok(output) = tokio::process::Command::new("pg_config").arg("--bindir").output().await
        && output.status.success()
    {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    dirs.extend(versions_in("/usr/lib/postgresql", "", "bin"));
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt"] {
        dirs.push(Path::new(prefix).join("postgresql/bin"));
        dirs.extend(versions_in(prefix, "postgresql@", "bin"));
    }
    dirs.push("/Applications/Postgres.app/Contents/Versions/latest/bin".into());
    dirs.extend(versions_in("/usr", "pgsql-", "bin"));
    #[expect(
        clippy::disallowed_methods,
        reason = "where programs are is the environment's to say, not a setting of ours"
    )]
    if let Some(path) = std::env::var_os("PATH") {
        dirs.extend(std::env::split_paths(&path).filter(|dir| dir.join("initdb").is_file()));
    }
    dirs
}

/// The subdirectories `<prefix><version>/<suffix>` of `parent`, the highest version first.
fn versions_in(parent: &str, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join(suffix)))
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_distributions_print() {
        for (text, version, number) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "15.18", 15),
            ("postgres (PostgreSQL) 17.10\n", "17.10", 17),
            ("postgres (PostgreSQL) 18beta1\n", "18beta1", 18),
        ] {
            assert_eq!(parse_version(text).as_deref(), Some(version));
            assert_eq!(major(version), Some(number));
        }
        assert_eq!(parse_version("bash: postgres: command not found"), None);
    }

    #[test]
    fn the_highest_version_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        for version in ["9", "15", "17", "common"] {
            std::fs::create_dir(dir.path().join(version)).unwrap();
        }
        let found = versions_in(dir.path().to_str().unwrap(), "", "bin");
        let expected: Vec<_> = ["17", "15", "9"]
            .iter()
            .map(|v| dir.path().join(v).join("bin"))
            .collect();
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_directory_without_postgresql_is_named_in_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut options = Options::new(dir.path());
        options.binaries_dir = Some(dir.path().into());
        let error = ensure(&options, None, &RunAs::Ourselves, dir.path()).await.unwrap_err();
        assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
    }
}
