//! The catalogue's rows.

use super::{Tx, violated};
use crate::{
    Error,
    connectors::{ConnectorDefinitions, Logo},
    error::Conflict,
    upstream::manifest::Definitions,
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
            tools_count: row.tools_count.unsigned_abs(),
            templates_count: row.templates_count.unsigned_abs(),
            definitions_version: row.definitions_version.unsigned_abs(),
            changes: row.changes.as_deref().and_then(ChangesState::parse),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
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
            "INSERT INTO mcp_connectors (id, name, description, mode, secret) VALUES ($1, $2, $3, 'deactive', $4)",
            new.id.0,
            new.name,
            new.description,
            new.sealed_secret,
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

    pub(crate) async fn connector_secret(&mut self, id: ConnectorId) -> Result<Option<Vec<u8>>, Error> {
        let secret = sqlx::query_scalar!("SELECT secret FROM mcp_connectors WHERE id = $1", id.0);
        Ok(secret.fetch_optional(self.conn()).await?.flatten())
    }

    /// Pins these definitions and makes the connector active.
    pub(crate) async fn activate_connector(
        &mut self,
        id: ConnectorId,
        definitions: &Definitions,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE mcp_connectors
             SET mode = 'active', url = $2, mcp_url = $3, version = $4, description = COALESCE($5, description),
                 tools = $6::text::json, tools_count = $7, templates = $8::text::json, templates_count = $9,
                 config = $10::text::json, definitions_sha256 = $11, definitions_fetched_at = $12
             WHERE id = $1",
            id.0,
            definitions.url.as_str(),
            definitions.mcp_url.as_str(),
            definitions.version,
            definitions.description,
            definitions.tools.get(),
            i32::try_from(definitions.tools_count).unwrap_or(i32::MAX),
            definitions.templates.get(),
            i32::try_from(definitions.templates_count).unwrap_or(i32::MAX),
            definitions.config.as_ref().map(|config| config.get()),
            &definitions.sha256(),
            now,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn put_logo(&mut self, id: ConnectorId, logo: Option<&Logo>) -> Result<(), Error> {
        let Some(logo) = logo else {
            sqlx::query!("DELETE FROM connector_logos WHERE connector_id = $1", id.0)
                .execute(self.conn())
                .await?;
            return Ok(());
        };
        sqlx::query!(
            "INSERT INTO connector_logos (connector_id, content_type, content, sha256) VALUES ($1, $2, $3, $4)
             ON CONFLICT (connector_id) DO UPDATE
             SET content_type = EXCLUDED.content_type, content = EXCLUDED.content, sha256 = EXCLUDED.sha256",
            id.0,
            logo.content_type,
            logo.bytes,
            hex::decode(&logo.sha256).map_err(Error::internal)?,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn logo(&mut self, id: ConnectorId) -> Result<Option<Logo>, Error> {
        let row = sqlx::query!(
            "SELECT content_type, content, sha256 FROM connector_logos WHERE connector_id = $1",
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| Logo {
            content_type: row.content_type,
            bytes: row.content,
            sha256: hex::encode(row.sha256),
        }))
    }
}

/// JSON text from a `json` column, which PostgreSQL has checked and left as it was.
pub(super) fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(Error::internal)
}
