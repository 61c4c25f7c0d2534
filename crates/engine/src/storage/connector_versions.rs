//! The history of connectors' definitions.

use super::{Tx, connectors::SetRow, connectors::signed, count, worker::Worker};
use crate::{Error, connectors::DefinitionSet};
use patchbay_domain::{
    changes::{VersionOrigin, VersionView},
    ids::{ConnectorId, UserId},
};
use time::OffsetDateTime;

/// A version to be kept.
#[derive(Debug)]
pub(crate) struct NewVersion<'a> {
    pub(crate) number: u32,
    pub(crate) origin: VersionOrigin,
    pub(crate) set: &'a DefinitionSet,
    pub(crate) note: Option<&'a str>,
    pub(crate) created_by: Option<UserId>,
    pub(crate) created_at: OffsetDateTime,
}

#[derive(Debug)]
struct VersionRow {
    number: i32,
    origin: String,
    version: String,
    url: String,
    tools_count: i32,
    templates_count: i32,
    note: Option<String>,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    current: bool,
}

impl From<VersionRow> for VersionView {
    fn from(row: VersionRow) -> Self {
        Self {
            number: row.number.unsigned_abs(),
            // The column's CHECK allows the six words only.
            origin: VersionOrigin::parse(&row.origin).unwrap_or(VersionOrigin::Imported),
            version: row.version,
            url: row.url,
            tools_count: row.tools_count.unsigned_abs(),
            templates_count: row.templates_count.unsigned_abs(),
            note: row.note,
            created_by: row.created_by,
            created_at: row.created_at.into(),
            current: row.current,
        }
    }
}

impl Tx {
    pub(crate) async fn insert_version(&mut self, id: ConnectorId, new: &NewVersion<'_>) -> Result<(), Error> {
        let set = new.set;
        sqlx::query!(
            "INSERT INTO connector_versions (connector_id, number, origin, url, mcp_url, version, tools, tools_count,
                                             templates, templates_count, config, definitions_sha256, note, created_by,
                                             created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json, $8, $9::text::json, $10, $11::text::json, $12, $13, $14, $15)",
            id.0,
            signed(new.number),
            new.origin.as_str(),
            set.url,
            set.mcp_url,
            set.version,
            set.tools.get(),
            signed(set.tools_count),
            set.templates.get(),
            signed(set.templates_count),
            set.config.as_ref().map(|config| config.get()),
            &set.sha256(),
            new.note,
            new.created_by.map(|user| user.0),
            new.created_at,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets all but the newest of the versions that nobody looked at.
    pub(crate) async fn prune_synced_versions(&mut self, id: ConnectorId, keep: u32) -> Result<(), Error> {
        sqlx::query!(
            "DELETE FROM connector_versions WHERE connector_id = $1 AND origin = 'synced' AND number <= (
                 SELECT number FROM connector_versions WHERE connector_id = $1 AND origin = 'synced'
                 ORDER BY number DESC OFFSET $2 LIMIT 1
             )",
            id.0,
            i64::from(keep),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn version_set(&mut self, id: ConnectorId, number: u32) -> Result<Option<DefinitionSet>, Error> {
        let row = sqlx::query_as!(
            SetRow,
            r#"SELECT url, mcp_url, version, tools::text AS "tools!", tools_count, templates::text AS "templates!",
                      templates_count, config::text AS config
               FROM connector_versions WHERE connector_id = $1 AND number = $2"#,
            id.0,
            signed(number),
        )
        .fetch_optional(self.conn())
        .await?;
        row.map(DefinitionSet::try_from).transpose()
    }

    pub(crate) async fn count_versions(&mut self, id: ConnectorId) -> Result<u64, Error> {
        let total = sqlx::query_scalar!("SELECT count(*) FROM connector_versions WHERE connector_id = $1", id.0);
        Ok(count(total.fetch_one(self.conn()).await?))
    }
}

/// As the worker, because whoever made a version is another user.
impl Worker {
    /// Newest first, from below `before` on; or only the one of that number.
    pub(crate) async fn versions(
        &mut self,
        id: ConnectorId,
        before: Option<u32>,
        only: Option<u32>,
        limit: u32,
    ) -> Result<Vec<VersionView>, Error> {
        let rows = sqlx::query_as!(
            VersionRow,
            r#"SELECT v.number, v.origin, v.version, v.url, v.tools_count, v.templates_count, v.note,
                      u.email AS "created_by?", v.created_at, v.number = c.definitions_version AS "current!"
               FROM connector_versions v
               JOIN mcp_connectors c ON c.id = v.connector_id
               LEFT JOIN users u ON u.id = v.created_by
               WHERE v.connector_id = $1 AND ($2::integer IS NULL OR v.number < $2) AND ($3::integer IS NULL OR v.number = $3)
               ORDER BY v.number DESC LIMIT $4"#,
            id.0,
            before.map(signed),
            only.map(signed),
            i64::from(limit),
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(rows.into_iter().map(VersionView::from).collect())
    }
}
