//! `patchbay doctor`: everything that `serve` needs, tried one after the other.

use super::print;
use crate::{
    assets,
    config::{Config, Database as Where, Variables},
    database::{Database, describe},
    keys::Keys,
};
use anyhow::{Context as _, bail};
use tokio::net::TcpListener;

pub(super) async fn run(config: &Config, variables: &Variables) -> anyhow::Result<()> {
    let mut failed = 0;
    let mut tell = |what: &str, result: anyhow::Result<String>| {
        let line = match result {
            Ok(found) => format!("ok      {what}: {found}"),
            Err(error) => {
                failed += 1;
                format!("FAILED  {what}: {error:#}")
            }
        };
        print(&line)
    };
    tell("variables", variables_known(variables))?;
    tell(
        "keys",
        Keys::of(config).map(|_| "usable".to_owned()).map_err(Into::into),
    )?;
    tell("address", address(config).await)?;
    tell("frontend", frontend())?;
    tell("database", database(config).await)?;
    match failed {
        0 => Ok(()),
        1 => bail!("one check failed"),
        n => bail!("{n} checks failed"),
    }
}

fn variables_known(variables: &Variables) -> anyhow::Result<String> {
    let unknown: Vec<&str> = variables.unknown().collect();
    if unknown.is_empty() {
        Ok("all understood".to_owned())
    } else {
        bail!("there are no variables of the name {}", unknown.join(", "))
    }
}

async fn address(config: &Config) -> anyhow::Result<String> {
    match TcpListener::bind(config.listen).await {
        Ok(_) => Ok(format!("{} is free", config.listen)),
        // That it is taken by Patchbay itself is the usual case.
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Ok(format!(
            "{} is in use, by a running Patchbay or by something else",
            config.listen
        )),
        Err(error) => Err(error).with_context(|| format!("can't listen at {}", config.listen)),
    }
}

fn frontend() -> anyhow::Result<String> {
    match assets::manifest()? {
        Some(_) => Ok("built in".to_owned()),
        None => bail!("not built in: pages work without scripts and styles only. Build with `cargo xtask build`"),
    }
}

async fn database(config: &Config) -> anyhow::Result<String> {
    let database = Database::share(config, 2).await?;
    let migrations = database.db().migrations().await.map_err(describe);
    database.close().await;
    let missing = migrations?
        .iter()
        .filter(|migration| migration.applied_at.is_none())
        .count();
    let which = match config.database {
        Where::Embedded => "the embedded PostgreSQL",
        Where::Url(_) => "DATABASE_URL",
    };
    Ok(match missing {
        0 => format!("{which} answers and is up to date"),
        n => format!("{which} answers; `serve` will apply {n} migrations"),
    })
}
