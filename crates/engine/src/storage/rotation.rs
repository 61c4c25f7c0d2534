//! What is sealed, wherever it stands, for sealing it again with another key.

use super::{count, sessions, worker::Worker};
use crate::{
    Error, connectors::secret_purpose, second_factor, servers::configuration_purpose, sources::metadata_purpose,
};
use uuid::Uuid;

/// A column of something sealed. Answers that are kept under idempotency keys are none: they go within minutes, and without the
/// old key nobody could tell any more which request they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealedColumn {
    ConnectorSecret,
    ServerConfiguration,
    SourceMetadata,
    SecondFactor,
    SessionData,
}

/// What stands in such a column.
#[derive(Debug)]
pub(crate) struct SealedValue {
    pub(crate) id: Uuid,
    pub(crate) purpose: String,
    pub(crate) sealed: Vec<u8>,
}

impl SealedColumn {
    pub(crate) const ALL: [Self; 5] = [
        Self::ConnectorSecret,
        Self::ServerConfiguration,
        Self::SourceMetadata,
        Self::SecondFactor,
        Self::SessionData,
    ];

    /// Its table and name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConnectorSecret => "mcp_connectors.secret",
            Self::ServerConfiguration => "mcp_servers.configuration",
            Self::SourceMetadata => "sources.sealed_metadata",
            Self::SecondFactor => "second_factors.secret",
            Self::SessionData => "sessions.data",
        }
    }
}

impl Worker {
    /// Rows whose value doesn't begin with `prefix`, by id, held from here on. Those that somebody else holds are passed
    /// over, so that nobody ever waits for this transaction while it waits for them.
    pub(crate) async fn sealed_otherwise(
        &mut self,
        column: SealedColumn,
        prefix: &[u8],
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<SealedValue>, Error> {
        let conn = self.tx().conn();
        let values = match column {
            SealedColumn::ConnectorSecret => sqlx::query!(
                r#"SELECT id, secret AS "secret!" FROM mcp_connectors
                   WHERE secret IS NOT NULL AND substring(secret FOR length($1::bytea)) <> $1 AND ($2::uuid IS NULL OR id > $2)
                   ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"#,
                prefix,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|row| SealedValue {
                id: row.id,
                purpose: secret_purpose(row.id.into()),
                sealed: row.secret,
            })
            .collect(),
            SealedColumn::ServerConfiguration => sqlx::query!(
                "SELECT id, configuration AS \"configuration!\" FROM mcp_servers
                 WHERE substring(configuration FOR length($1::bytea)) <> $1 AND ($2::uuid IS NULL OR id > $2)
                 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
                prefix,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|row| SealedValue {
                id: row.id,
                purpose: configuration_purpose(row.id.into()),
                sealed: row.configuration,
            })
            .collect(),
            SealedColumn::SourceMetadata => sqlx::query!(
                "SELECT id, sealed_metadata FROM sources
                 WHERE substring(sealed_metadata FOR length($1::bytea)) <> $1 AND ($2::uuid IS NULL OR id > $2)
                 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
                prefix,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|row| SealedValue {
                id: row.id,
                purpose: metadata_purpose(row.id.into()),
                sealed: row.sealed_metadata,
            })
            .collect(),
            SealedColumn::SecondFactor => sqlx::query!(
                "SELECT user_id, secret FROM second_factors
                 WHERE substring(secret FOR length($1::bytea)) <> $1 AND ($2::uuid IS NULL OR user_id > $2)
                 ORDER BY user_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
                prefix,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|row| SealedValue {
                id: row.user_id,
                purpose: second_factor::purpose(row.user_id.into()),
                sealed: row.secret,
            })
            .collect(),
            SealedColumn::SessionData => sqlx::query!(
                "SELECT id, cookie_hash, data FROM sessions
                 WHERE substring(data FOR length($1::bytea)) <> $1 AND ($2::uuid IS NULL OR id > $2)
                 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED",
                prefix,
                after,
                limit
            )
            .fetch_all(conn)
            .await?
            .into_iter()
            .map(|row| SealedValue {
                id: row.id,
                purpose: sessions::purpose(&row.cookie_hash),
                sealed: row.data,
            })
            .collect(),
        };
        Ok(values)
    }

    /// How many rows have a value that doesn't begin with `prefix`.
    pub(crate) async fn count_sealed_otherwise(&mut self, column: SealedColumn, prefix: &[u8]) -> Result<u64, Error> {
        let conn = self.tx().conn();
        let total = match column {
            SealedColumn::ConnectorSecret => {
                sqlx::query_scalar!(
                    "SELECT count(*) FROM mcp_connectors WHERE secret IS NOT NULL AND substring(secret FOR length($1::bytea)) <> $1",
                    prefix
                )
                .fetch_one(conn)
                .await?
            }
            SealedColumn::ServerConfiguration => {
                sqlx::query_scalar!(
                    "SELECT count(*) FROM mcp_servers WHERE substring(configuration FOR length($1::bytea)) <> $1",
                    prefix
                )
                .fetch_one(conn)
                .await?
            }
            SealedColumn::SourceMetadata => {
                sqlx::query_scalar!(
                    "SELECT count(*) FROM sources WHERE substring(sealed_metadata FOR length($1::bytea)) <> $1",
                    prefix
                )
                .fetch_one(conn)
                .await?
            }
            SealedColumn::SecondFactor => {
                sqlx::query_scalar!(
                    "SELECT count(*) FROM second_factors WHERE substring(secret FOR length($1::bytea)) <> $1",
                    prefix
                )
                .fetch_one(conn)
                .await?
            }
            SealedColumn::SessionData => {
                sqlx::query_scalar!(
                    "SELECT count(*) FROM sessions WHERE substring(data FOR length($1::bytea)) <> $1",
                    prefix
                )
                .fetch_one(conn)
                .await?
            }
        };
        Ok(count(total))
    }

    /// Says that what this transaction changes means the same as before: no time of change moves, no cache hears of it.
    pub(crate) async fn change_forms_only(&mut self) -> Result<(), Error> {
        sqlx::query!("SELECT set_config('patchbay.form_only', 'on', true) AS set")
            .fetch_one(self.tx().conn())
            .await?;
        Ok(())
    }

    /// Replaces a value, unless somebody else was faster; whether it did.
    pub(crate) async fn replace_sealed(
        &mut self,
        column: SealedColumn,
        old: &SealedValue,
        new: &[u8],
    ) -> Result<bool, Error> {
        let conn = self.tx().conn();
        let done = match column {
            SealedColumn::ConnectorSecret => {
                sqlx::query!(
                    "UPDATE mcp_connectors SET secret = $3 WHERE id = $1 AND secret = $2",
                    old.id,
                    old.sealed,
                    new
                )
                .execute(conn)
                .await?
            }
            SealedColumn::ServerConfiguration => {
                sqlx::query!(
                    "UPDATE mcp_servers SET configuration = $3 WHERE id = $1 AND configuration = $2",
                    old.id,
                    old.sealed,
                    new
                )
                .execute(conn)
                .await?
            }
            SealedColumn::SourceMetadata => {
                sqlx::query!(
                    "UPDATE sources SET sealed_metadata = $3 WHERE id = $1 AND sealed_metadata = $2",
                    old.id,
                    old.sealed,
                    new
                )
                .execute(conn)
                .await?
            }
            SealedColumn::SecondFactor => {
                sqlx::query!(
                    "UPDATE second_factors SET secret = $3 WHERE user_id = $1 AND secret = $2",
                    old.id,
                    old.sealed,
                    new
                )
                .execute(conn)
                .await?
            }
            SealedColumn::SessionData => {
                sqlx::query!(
                    "UPDATE sessions SET data = $3 WHERE id = $1 AND data = $2",
                    old.id,
                    old.sealed,
                    new
                )
                .execute(conn)
                .await?
            }
        };
        Ok(done.rows_affected() > 0)
    }
}
