//! `cargo xtask prepare`: the recorded queries in `.sqlx/`, made by compiling the engine against a migrated database.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use patchbay_postgres::Script;

use crate::database::Throwaway;
use crate::process::{cargo, run as run_command};
use crate::{paths, say};

/// The one crate with queries in it.
const PACKAGE: &str = "patchbay-engine";
const PACKAGE_ROOT: &str = "crates/engine/src/lib.rs";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail if .sqlx/ is not what it would be
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    say::step("Checking the queries against the migrated database");
    let database = Throwaway::start("prepare", migrations()?)
        .await
        .context("can't migrate an empty database")?;
    let compiled = compile(&database.url()).await;
    database.end().await?;

    let fresh = read(&recorded_into())?;
    let recorded_dir = paths::at(".sqlx");
    let recorded = read(&recorded_dir)?;
    if let Err(error) = compiled {
        if !arguments.check && !fresh.is_empty() {
            // Nothing can be said of queries that were not reached, so none is taken away.
            write(&recorded_dir, &fresh, &Queries::new())?;
            say::warning(format!(
                "the engine doesn't compile; recorded the {} queries that were reached",
                fresh.len()
            ));
        }
        return Err(error);
    }
    if fresh == recorded {
        say::note(format!("{} queries, all recorded", fresh.len()));
        return Ok(());
    }
    if arguments.check {
        bail!(
            "{} of the recorded queries in .sqlx/ are missing, different or left over: run `cargo xtask prepare` and commit",
            differing(&fresh, &recorded)
        );
    }
    write(&recorded_dir, &fresh, &recorded)?;
    say::note(format!(
        "{} queries recorded, {} files changed",
        fresh.len(),
        differing(&fresh, &recorded)
    ));
    Ok(())
}

/// File name → contents.
type Queries = BTreeMap<String, Vec<u8>>;

/// Compiles the engine online, which writes a file for each query.
async fn compile(url: &str) -> Result<()> {
    let dir = recorded_into();
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let original = touch()?;
    // Tests may have queries too.
    let mut command = cargo(&["check", "--quiet", "--package", PACKAGE, "--all-targets"]);
    command
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &dir)
        .env("DATABASE_URL", url);
    let result = run_command(command).await;
    let root = File::options().append(true).open(paths::at(PACKAGE_ROOT))?;
    if result.is_ok() && root.metadata()?.modified()? == original.touched {
        // Nobody has changed it meanwhile. Other builds of this package are as fresh as they were.
        root.set_modified(original.before)?;
    }
    result
}

/// Where the macros write, before it is known whether all went well.
fn recorded_into() -> PathBuf {
    paths::target("xtask/queries")
}

struct Touched {
    before: SystemTime,
    touched: SystemTime,
}

/// Cargo doesn't know that the macros look at a database, so the package is made to look changed.
fn touch() -> Result<Touched> {
    let file = File::options().append(true).open(paths::at(PACKAGE_ROOT))?;
    let before = file.metadata()?.modified()?;
    file.set_modified(SystemTime::now())?;
    Ok(Touched {
        before,
        touched: file.metadata()?.modified()?,
    })
}

/// The migrations, in order.
pub(crate) fn migrations() -> Result<Vec<Script>> {
    let mut files: Vec<_> = fs::read_dir(paths::at("migrations"))?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".up.sql"))
        .collect();
    files.sort_unstable();
    files
        .into_iter()
        .map(|name| {
            let sql = fs::read_to_string(paths::at("migrations").join(&name))?;
            Ok(Script { name, sql })
        })
        .collect()
}

fn read(dir: &Path) -> Result<Queries> {
    let mut queries = Queries::new();
    if dir.exists() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("query-") {
                queries.insert(name, fs::read(entry.path())?);
            }
        }
    }
    Ok(queries)
}

fn write(dir: &Path, fresh: &Queries, recorded: &Queries) -> Result<()> {
    fs::create_dir_all(dir)?;
    for (name, contents) in fresh {
        if recorded.get(name) != Some(contents) {
            fs::write(dir.join(name), contents)?;
        }
    }
    for name in recorded.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(dir.join(name))?;
    }
    Ok(())
}

fn differing(a: &Queries, b: &Queries) -> usize {
    let changed = a
        .iter()
        .filter(|(name, contents)| b.get(*name) != Some(*contents))
        .count();
    changed + b.keys().filter(|name| !a.contains_key(*name)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_left_over_queries_all_count_as_different() {
        let queries = |pairs: &[(&str, &str)]| -> Queries {
            pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect()
        };
        let recorded = queries(&[("same", "1"), ("changed", "1"), ("left-over", "1")]);
        let fresh = queries(&[("same", "1"), ("changed", "2"), ("new", "1")]);
        assert_eq!(differing(&fresh, &recorded), 3);
        assert_eq!(differing(&fresh, &fresh), 0);
    }
}
