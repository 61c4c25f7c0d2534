//! A PostgreSQL for the length of one command.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use patchbay_postgres::{Options, Postgres, Script};
use secrecy::ExposeSecret as _;
use tokio::process::Command;

use crate::paths;

/// A server whose data is gone at the end.
#[derive(Debug)]
pub(crate) struct Throwaway {
    postgres: Postgres,
    data_dir: PathBuf,
}

impl Throwaway {
    /// Starts it. `name` keeps commands that run at the same time apart; `scripts` run in its database first.
    pub(crate) async fn start(name: &str, scripts: Vec<Script>) -> Result<Self> {
        let mut options = options(name);
        let data_dir = options.data_dir.clone();
        if data_dir.exists() {
            // Of a run that was killed: this stops its server too, and says so if it is another run that is still going.
            let left = Postgres::start(options.clone())
                .await
                .context("can't take over the last run's database")?;
            left.stop_and_delete().await?;
        }
        options.init_scripts = vec![Script {
            name: "roles".to_owned(),
            sql: ROLES.to_owned(),
        }];
        options.init_scripts.extend(scripts);
        Ok(Self {
            postgres: Postgres::start(options).await?,
            data_dir,
        })
    }

    /// For `DATABASE_URL`. The role may make databases and roles.
    pub(crate) fn url(&self) -> String {
        self.postgres.connection().url().expose_secret().to_owned()
    }

    /// Stops it and deletes its data.
    pub(crate) async fn end(self) -> Result<()> {
        self.postgres.stop_and_delete().await?;
        Ok(std::fs::remove_dir_all(self.data_dir)?)
    }
}

/// A fast server in the target directory, with binaries that are fetched once for all of them.
pub(crate) fn options(name: &str) -> Options {
    let mut options = Options::new(paths::target(&format!("xtask/{name}")));
    options.fetched_dir = Some(paths::target("tmp/postgres"));
    options.fast_unsafe_for_tests = true;
    options
}

/// Lets a command find the PostgreSQL that we would use.
pub(crate) async fn add_to_path(command: &mut Command) -> Result<()> {
    let binaries = patchbay_postgres::ensure_binaries(&options("setup")).await?;
    let mut dirs: Vec<_> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    dirs.push(binaries.dir);
    command.env("PATH", std::env::join_paths(dirs)?);
    Ok(())
}

/// The migrations speak of two roles that the server makes at its start.
const ROLES: &str = "CREATE ROLE patchbay_app NOLOGIN NOBYPASSRLS;
CREATE ROLE patchbay_worker NOLOGIN NOBYPASSRLS;
GRANT patchbay_app, patchbay_worker TO CURRENT_USER;";
