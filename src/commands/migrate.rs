//! `patchbay migrate`.

use super::print;
use crate::{
    cli::Migrate,
    config::Config,
    database::{Database, describe},
};
use anyhow::{Context as _, bail};
use patchbay_engine::storage::{Db, migrations::MigrationStatus};
use std::fmt::Write as _;

pub(super) async fn run(config: &Config, what: Migrate) -> anyhow::Result<()> {
    if let Migrate::Down { steps, yes: false } = what {
        bail!(
            "taking back {} loses the data in what they added, for good. Make a backup, then say --yes",
            if steps == 1 {
                "the newest migration".to_owned()
            } else {
                format!("the newest {steps} migrations")
            }
        );
    }
    let database = Database::share(config, 2).await?;
    let result = act(database.db(), what).await;
    database.close().await;
    print(&result?)?;
    Ok(())
}

async fn act(db: &Db, what: Migrate) -> anyhow::Result<String> {
    let before = db.migrations().await.map_err(describe)?;
    match what {
        Migrate::Up => {
            db.migrate().await.map_err(describe).context("a migration failed")?;
            Ok(changed("applied", &before, &db.migrations().await.map_err(describe)?))
        }
        Migrate::Down { steps, .. } => {
            let steps = usize::try_from(steps)?;
            db.migrate_down(steps)
                .await
                .map_err(describe)
                .context("a migration can't be taken back")?;
            Ok(changed(
                "taken back",
                &before,
                &db.migrations().await.map_err(describe)?,
            ))
        }
        Migrate::Status => status(db, &before).await,
        Migrate::History => Ok(history(&before)),
    }
}

fn changed(how: &str, before: &[MigrationStatus], after: &[MigrationStatus]) -> String {
    let changed: Vec<String> = before
        .iter()
        .zip(after)
        .filter(|(before, after)| before.applied_at.is_some() != after.applied_at.is_some())
        .map(|(_, after)| format!("{how}: {:04} {}", after.version, after.description))
        .collect();
    if changed.is_empty() {
        "there was nothing to do".to_owned()
    } else {
        changed.join("\n")
    }
}

async fn status(db: &Db, migrations: &[MigrationStatus]) -> anyhow::Result<String> {
    let mut text = String::new();
    for migration in migrations {
        let state = if migration.applied_at.is_some() {
            "applied"
        } else {
            "missing"
        };
        writeln!(text, "{state}  {:04} {}", migration.version, migration.description)?;
    }
    let connectors = db.connector_statuses().await.map_err(describe)?;
    if connectors.is_empty() {
        writeln!(text, "\nno connectors")?;
    } else {
        writeln!(text, "\nconnectors:")?;
    }
    for connector in connectors {
        writeln!(
            text,
            "{:>6}  {:<8}  {}",
            connector.number, connector.mode, connector.name
        )?;
    }
    Ok(text)
}

fn history(migrations: &[MigrationStatus]) -> String {
    let applied: Vec<String> = migrations
        .iter()
        .filter_map(|migration| {
            let at = migration.applied_at?;
            Some(format!("{at}  {:04} {}", migration.version, migration.description))
        })
        .collect();
    if applied.is_empty() {
        "no migration was applied yet".to_owned()
    } else {
        applied.join("\n")
    }
}
