//! The catalogue's rows.

use super::{Tx, violated};
use crate::{
    Error,
    connectors::{ConnectorDefinitions, DefinitionSet},
    error::Conflict,
};
use patchbay_domain::{
    connector::{ChangesState, ConnectorKind, ConnectorMode, ConnectorSummary},
    ids::{ConnectorId, ConnectorRef},
};
use serde_json::value::RawValue;
use time::OffsetDateTime;

/// A connector to be registered, checked and sealed.
#[derive(Debug)]
pub(crate) struct NewConnector<'a> {
    pub(crate) id: ConnectorId,
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    pub(crate) secret_header: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct SummaryRow {
    pub(super) id: uuid::Uuid,
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) url: String,
    pub(super) version: String,
    pub(super) mode: String,
    pub(super) has_secret: bool,
    pub(super) secret_header: Option<String>,
    pub(super) logo_sha256: Option<Vec<u8>>,
    pub(super) tools_count: i32,
    pub(super) templates_count: i32,
    pub(super) definitions_version: i32,
    pub(super) changes: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl From<SummaryRow> for ConnectorSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id.into(),
            connector_id: row.number,
            kind: ConnectorKind::Catalog,
            logo_url: logo_url(row.number, row.logo_sha256.as_deref()),
            name: row.name,
            description: row.description,
            url: row.url,
            version: row.version,
            mode: mode(&row.mode),
            has_secret: row.has_secret,
            secret_header: row.secret_header,
            tools_count: row.tools_count.unsigned_abs(),
            templates_count: row.templates_count.unsigned_abs(),
            definitions_version: row.definitions_version.unsigned_abs(),
            changes: row.changes.as_deref().and_then(ChangesState::parse),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// What a decision about a connector needs to know, but for its definitions, which may be megabytes.
#[derive(Debug)]
pub(crate) struct StandingConnector {
    pub(crate) id: ConnectorId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) mode: ConnectorMode,
    /// Empty before the first activation.
    pub(crate) url: String,
    pub(crate) mcp_url: Option<String>,
    pub(crate) version: String,
    pub(crate) sealed_secret: Option<Vec<u8>>,
    pub(crate) secret_header: Option<String>,
    /// Nothing before definitions were had for the first time.
    pub(crate) definitions_sha256: Option<Vec<u8>>,
    pub(crate) definitions_version: u32,
    pub(crate) changes: Option<ChangesState>,
    pub(crate) changes_sha256: Option<Vec<u8>>,
}

#[derive(Debug)]
struct StandingRow {
    id: uuid::Uuid,
    name: String,
    description: String,
    mode: String,
    url: String,
    mcp_url: Option<String>,
    version: String,
    secret: Option<Vec<u8>>,
    secret_header: Option<String>,
    definitions_sha256: Option<Vec<u8>>,
    definitions_version: i32,
    changes: Option<String>,
    changes_sha256: Option<Vec<u8>>,
}

impl From<StandingRow> for StandingConnector {
    fn from(row: StandingRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            description: row.description,
            mode: mode(&row.mode),
            url: row.url,
            mcp_url: row.mcp_url,
            version: row.version,
            sealed_secret: row.secret,
            secret_header: row.secret_header,
            definitions_sha256: row.definitions_sha256,
            definitions_version: row.definitions_version.unsigned_abs(),
            changes: row.changes.as_deref().and_then(ChangesState::parse),
            changes_sha256: row.changes_sha256,
        }
    }
}

/// Definitions as three tables have them.
#[derive(Debug)]
pub(super) struct SetRow {
    pub(super) url: String,
    pub(super) mcp_url: Option<String>,
    pub(super) version: String,
    pub(super) tools: String,
    pub(super) tools_count: i32,
    pub(super) templates: String,
    pub(super) templates_count: i32,
    pub(super) config: Option<String>,
}

impl TryFrom<SetRow> for DefinitionSet {
    type Error = Error;

    fn try_from(row: SetRow) -> Result<Self, Error> {
        Ok(Self {
            url: row.url,
            mcp_url: row.mcp_url,
            version: row.version,
            tools: raw(row.tools)?,
            tools_count: row.tools_count.unsigned_abs(),
            templates: raw(row.templates)?,
            templates_count: row.templates_count.unsigned_abs(),
            config: row.config.map(raw).transpose()?,
        })
    }
}

/// A number for an integer column.
pub(super) fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The column's CHECK allows the three words only; an unknown one would be a newer program's, and is never called.
pub(super) fn mode(word: &str) -> ConnectorMode {
    ConnectorMode::parse(word).unwrap_or(ConnectorMode::Deactive)
}

/// Where a logo is served. The hash makes a new logo a new URL, so that browsers may keep the old one.
pub(super) fn logo_url(number: i64, sha256: Option<&[u8]>) -> Option<String> {
    let hash = sha256?.get(..4)?;
    Some(format!("/api/connectors/{number}/logo?v={}", hex::encode(hash)))
}

/// How a connector is looked up, as two parameters of which one is NULL.
fn keys(connector: ConnectorRef) -> (Option<i64>, Option<uuid::Uuid>) {
    match connector {
        ConnectorRef::Number(number) => (Some(number), None),
        ConnectorRef::Id(id) => (None, Some(id.0)),
    }
}

impl Tx {
    pub(crate) async fn insert_connector(&mut self, new: &NewConnector<'_>) -> Result<ConnectorSummary, Error> {
        sqlx::query!(
            "INSERT INTO mcp_connectors (id, name, description, mode, secret, secret_header)
             VALUES ($1, $2, $3, 'deactive', $4, $5)",
            new.id.0,
            new.name,
            new.description,
            new.sealed_secret,
            new.secret_header,
        )
        .execute(self.conn())
        .await
        .map_err(|error| match violated(&error) {
            Some("mcp_connectors_name_key") => Conflict::ConnectorName(new.name.to_owned()).into(),
            _ => Error::from(error),
        })?;
        let inserted = self.connector(ConnectorRef::Id(new.id)).await?;
        inserted.ok_or_else(|| Error::internal("a connector was gone right after it was inserted"))
    }

    pub(crate) async fn connector(&mut self, connector: ConnectorRef) -> Result<Option<ConnectorSummary>, Error> {
        let (number, id) = keys(connector);
        let row = sqlx::query_as!(
            SummaryRow,
            r#"SELECT id, number, name, description, url, version, mode, secret IS NOT NULL AS "has_secret!",
                      secret_header,
                      (SELECT sha256 FROM connector_logos WHERE connector_id = mcp_connectors.id) AS logo_sha256,
                      tools_count, templates_count, definitions_version, changes, created_at, updated_at
               FROM mcp_connectors WHERE number = $1 OR id = $2"#,
            number,
            id
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(ConnectorSummary::from))
    }

    pub(crate) async fn connector_definitions(
        &mut self,
        connector: ConnectorRef,
    ) -> Result<Option<ConnectorDefinitions>, Error> {
        let Some(summary) = self.connector(connector).await? else {
            return Ok(None);
        };
        let row = sqlx::query!(
            r#"SELECT tools::text AS "tools!", templates::text AS "templates!", config::text AS config
               FROM mcp_connectors WHERE id = $1"#,
            summary.id.0
        )
        .fetch_one(self.conn())
        .await?;
        Ok(Some(ConnectorDefinitions {
            summary,
            tools: raw(row.tools)?,
            templates: raw(row.templates)?,
            config: row.config.map(raw).transpose()?,
        }))
    }

    /// A connector as it stands, held until the transaction ends: whoever decides something about it decides alone.
    pub(crate) async fn lock_connector(&mut self, connector: ConnectorRef) -> Result<Option<StandingConnector>, Error> {
        let (number, id) = keys(connector);
        sqlx::query!(
            "SELECT id FROM mcp_connectors WHERE number = $1 OR id = $2 FOR UPDATE",
            number,
            id
        )
        .fetch_optional(self.conn())
        .await?;
        self.standing_connector(connector).await
    }

    /// The same without holding it.
    pub(crate) async fn standing_connector(
        &mut self,
        connector: ConnectorRef,
    ) -> Result<Option<StandingConnector>, Error> {
        let (number, id) = keys(connector);
        let row = sqlx::query_as!(
            StandingRow,
            "SELECT id, name, description, mode, url, mcp_url, version, secret, secret_header, definitions_sha256,
                    definitions_version, changes, changes_sha256
             FROM mcp_connectors WHERE number = $1 OR id = $2",
            number,
            id
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(StandingConnector::from))
    }

    /// Keeps a connector as it is until the transaction ends; several may.
    pub(crate) async fn share_connector(&mut self, connector: ConnectorRef) -> Result<(), Error> {
        let (number, id) = keys(connector);
        sqlx::query!(
            "SELECT id FROM mcp_connectors WHERE number = $1 OR id = $2 FOR SHARE",
            number,
            id
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(())
    }

    /// What is in force.
    pub(crate) async fn definition_set(&mut self, id: ConnectorId) -> Result<DefinitionSet, Error> {
        let row = sqlx::query_as!(
            SetRow,
            r#"SELECT url, mcp_url, version, tools::text AS "tools!", tools_count, templates::text AS "templates!",
                      templates_count, config::text AS config
               FROM mcp_connectors WHERE id = $1"#,
            id.0
        )
        .fetch_one(self.conn())
        .await?;
        row.try_into()
    }

    /// Puts definitions in force, as the version of this number.
    pub(crate) async fn put_definitions(
        &mut self,
        id: ConnectorId,
        set: &DefinitionSet,
        number: u32,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors
             SET url = $2, mcp_url = $3, version = $4, tools = $5::text::json, tools_count = $6,
                 templates = $7::text::json, templates_count = $8, config = $9::text::json, definitions_sha256 = $10,
                 definitions_version = $11, definitions_fetched_at = $12
             WHERE id = $1",
            id.0,
            set.url,
            set.mcp_url,
            set.version,
            set.tools.get(),
            signed(set.tools_count),
            set.templates.get(),
            signed(set.templates_count),
            set.config.as_ref().map(|config| config.get()),
            &set.sha256(),
            signed(number),
            now,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn set_connector_mode(&mut self, id: ConnectorId, mode: ConnectorMode) -> Result<(), Error> {
        sqlx::query!("UPDATE mcp_connectors SET mode = $2 WHERE id = $1", id.0, mode.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    pub(crate) async fn set_connector_secret_header(
        &mut self,
        id: ConnectorId,
        header: Option<&str>,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors SET secret_header = $2 WHERE id = $1",
            id.0,
            header
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn set_connector_description(&mut self, id: ConnectorId, description: &str) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors SET description = $2 WHERE id = $1",
            id.0,
            description
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn set_connector_secret(&mut self, id: ConnectorId, sealed: Option<&[u8]>) -> Result<(), Error> {
        sqlx::query!("UPDATE mcp_connectors SET secret = $2 WHERE id = $1", id.0, sealed)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Says which version is in force, where the definitions themselves stay.
    pub(crate) async fn set_definitions_version(&mut self, id: ConnectorId, number: u32) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors SET definitions_version = $2 WHERE id = $1",
            id.0,
            signed(number)
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Says whether the connector's service says something else than what is in force, and names the difference.
    pub(crate) async fn set_connector_changes(
        &mut self,
        id: ConnectorId,
        changes: Option<(ChangesState, [u8; 32])>,
    ) -> Result<(), Error> {
        let (state, revision) = changes.unzip();
        sqlx::query!(
            "UPDATE mcp_connectors SET changes = $2, changes_sha256 = $3 WHERE id = $1",
            id.0,
            state.map(ChangesState::as_str),
            revision.as_ref().map(|revision| &revision[..]),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Its versions, checks and logo go along; its servers must have gone before.
    pub(crate) async fn delete_connector(&mut self, id: ConnectorId) -> Result<(), Error> {
        sqlx::query!("DELETE FROM mcp_connectors WHERE id = $1", id.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

/// JSON text from a `json` column, which PostgreSQL has checked and left as it was.
pub(super) fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(Error::internal)
}
