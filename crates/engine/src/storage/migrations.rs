//! The schema's history: applied at start, and by hand with `patchbay migrate`.

use super::Db;
use crate::Error;
use patchbay_domain::Timestamp;
use sqlx::migrate::Migrator;
use time::OffsetDateTime;

/// The repository's `migrations/`, compiled in.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    // An older process must be able to start beside a newer one, whose migrations it doesn't know.
    migrator.set_ignore_missing(true);
    migrator
}

/// One migration, and whether this database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number.
    pub version: i64,
    /// What it does, from its file's name.
    pub description: String,
    /// When it was applied; nothing when it wasn't.
    pub applied_at: Option<Timestamp>,
}

/// A connector's name and mode, as `patchbay migrate status` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorStatus {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Its mode.
    pub mode: String,
}

impl Db {
    /// Applies what is missing. Several processes may do this at the same time: one does it, the others wait.
    ///
    /// # Errors
    /// When a migration fails, or one that was applied has changed since.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.prepare_roles().await?;
        migrator().run(&self.0).await.map_err(Error::internal)
    }

    /// Takes the newest `steps` migrations back. Loses what they added.
    ///
    /// # Errors
    /// When one can't be taken back.
    pub async fn migrate_down(&self, steps: usize) -> Result<(), Error> {
        let applied: Vec<i64> = self
            .migrations()
            .await?
            .iter()
            .filter(|m| m.applied_at.is_some())
            .map(|m| m.version)
            .collect();
        let keep = applied.len().saturating_sub(steps);
        let target = if keep == 0 { 0 } else { applied[keep - 1] };
        migrator().undo(&self.0, target).await.map_err(Error::internal)
    }

    /// All migrations that this program knows, oldest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn migrations(&self) -> Result<Vec<MigrationStatus>, Error> {
        // Not a checked query: this table is sqlx's, and not there before the first migration.
        let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&self.0)
            .await?;
        let applied: Vec<(i64, OffsetDateTime)> = if exists {
            sqlx::query_as("SELECT version, installed_on FROM _sqlx_migrations WHERE success")
                .fetch_all(&self.0)
                .await?
        } else {
            Vec::new()
        };
        Ok(migrator()
            .iter()
            .filter(|migration| migration.migration_type.is_up_migration())
            .map(|migration| MigrationStatus {
                version: migration.version,
                description: migration.description.to_string(),
                applied_at: applied
                    .iter()
                    .find(|(version, _)| *version == migration.version)
                    .map(|(_, at)| Timestamp::from(*at)),
            })
            .collect())
    }

    /// Every connector's mode; nothing before the migrations that make the table and the column.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn connector_statuses(&self) -> Result<Vec<ConnectorStatus>, Error> {
        let has_mode: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'mcp_connectors' AND column_name = 'mode')",
        )
        .fetch_one(&self.0)
        .await?;
        if !has_mode {
            return Ok(Vec::new());
        }
        let rows = sqlx::query_as!(
            ConnectorStatus,
            "SELECT number, name, mode FROM mcp_connectors ORDER BY number"
        );
        Ok(rows.fetch_all(&self.0).await?)
    }
}
