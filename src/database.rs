//! The database that this process works on: the configured one, or an embedded PostgreSQL, started here or already running
//! under another `patchbay` on the same data directory.
//!
//! Whoever starts the embedded one leaves its URL in a file of the data directory for others to find, readable by this user
//! only, and takes it away at the end.

use crate::config::{Config, Database as Where};
use anyhow::{Context as _, bail};
use patchbay_engine::storage::Db;
use patchbay_postgres::{Error as PostgresError, Options, Postgres};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const URL_FILE: &str = "database-url";
/// How long to wait for another process that is just starting the database.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait for another process that has the database to let go of it: a short command does, `serve` doesn't.
const PATIENCE_TO_OWN: Duration = Duration::from_secs(10);
/// How long a database may take to answer whoever only wants to know whether it runs.
const PATIENCE_TO_ASK: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// Connections and, where it is ours, the server behind them.
#[derive(Debug)]
pub struct Database {
    db: Db,
    embedded: Option<(Postgres, PathBuf)>,
}

impl Database {
    /// For `serve`: an embedded database must be this process's own, so that it lives as long as it.
    ///
    /// # Errors
    /// When there is none to be had, or another process has it.
    pub async fn own(config: &Config, connections: u32) -> anyhow::Result<Self> {
        match &config.database {
            Where::Url(url) => Self::connect(url, connections).await,
            Where::Embedded => Self::embedded(own(&config.data_dir).await?, connections).await,
        }
    }

    /// For commands beside `serve`: an embedded database is started, or shared with the process that runs it.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn share(config: &Config, connections: u32) -> anyhow::Result<Self> {
        let Where::Embedded = &config.database else {
            return Self::own(config, connections).await;
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(embedded) = start(&config.data_dir).await? {
                return Self::embedded(embedded, connections).await;
            }
            // Its owner may be starting or stopping it right now: then it is ours, or answers, in a moment.
            if let Some(url) = running_url(&config.data_dir)
                && let Ok(database) = Self::connect(&url, connections).await
            {
                return Ok(database);
            }
            if Instant::now() > deadline {
                bail!(
                    "another process has the database in {}, but it doesn't answer",
                    config.data_dir.display()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The URL to reach the database with: of an embedded one only while it answers. It holds the password.
    pub async fn url(config: &Config) -> Option<SecretString> {
        let url = match &config.database {
            Where::Url(url) => return Some(url.clone()),
            // A process that was killed leaves it behind.
            Where::Embedded => running_url(&config.data_dir)?,
        };
        let asked = tokio::time::timeout(PATIENCE_TO_ASK, Self::connect(&url, 1)).await;
        asked.ok()?.ok()?.close().await;
        Some(url)
    }

    /// The connections.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Ends the connections and, where it is ours, the server.
    pub async fn close(self) {
        self.db.close().await;
        if let Some((postgres, url_file)) = self.embedded {
            if let Err(error) = fs::remove_file(&url_file) {
                tracing::debug!(%error, file = %url_file.display(), "can't take the database's URL away");
            }
            postgres.stop().await;
        }
    }

    async fn connect(url: &SecretString, connections: u32) -> anyhow::Result<Self> {
        let db = Db::connect(url, connections)
            .await
            .map_err(describe)
            .context("can't connect to the database")?;
        Ok(Self { db, embedded: None })
    }

    async fn embedded((postgres, url_file): (Postgres, PathBuf), connections: u32) -> anyhow::Result<Self> {
        let url = postgres.connection().url();
        match Self::connect(&url, connections).await {
            Ok(Self { db, .. }) => Ok(Self {
                db,
                embedded: Some((postgres, url_file)),
            }),
            Err(error) => {
                postgres.stop().await;
                Err(error)
            }
        }
    }
}

/// Starts the embedded server, once a command that has it is done.
async fn own(data_dir: &Path) -> anyhow::Result<(Postgres, PathBuf)> {
    let deadline = Instant::now() + PATIENCE_TO_OWN;
    let mut told = false;
    loop {
        if let Some(embedded) = start(data_dir).await? {
            return Ok(embedded);
        }
        if Instant::now() > deadline {
            bail!(
                "another `patchbay serve` is running with the data directory {}: stop it, or choose another with --data-dir",
                data_dir.display()
            );
        }
        if !told {
            tracing::info!("another `patchbay` has the database: waiting for it to end");
            told = true;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Starts the embedded server; nothing when another process has it.
async fn start(data_dir: &Path) -> anyhow::Result<Option<(Postgres, PathBuf)>> {
    let postgres = match Postgres::start(Options::new(data_dir)).await {
        Ok(postgres) => postgres,
        Err(PostgresError::InUse { .. }) => return Ok(None),
        Err(error) => return Err(error).context("can't start the embedded PostgreSQL"),
    };
    let file = data_dir.join(URL_FILE);
    write_private(&file, postgres.connection().url().expose_secret())
        .with_context(|| format!("can't write {}", file.display()))?;
    Ok(Some((postgres, file)))
}

fn running_url(data_dir: &Path) -> Option<SecretString> {
    let url = fs::read_to_string(data_dir.join(URL_FILE)).ok()?;
    Some(url.trim().to_owned().into())
}

/// Replaces the file whole, so that nobody reads half of it, and is never readable by others.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{text}")?;
    fs::rename(&draft, path)
}

/// The engine's public sentence says little; whoever runs the process may know the rest.
pub(crate) fn describe(error: patchbay_engine::Error) -> anyhow::Error {
    match error {
        patchbay_engine::Error::Internal(source) => anyhow::anyhow!(source),
        other => other.into(),
    }
}
