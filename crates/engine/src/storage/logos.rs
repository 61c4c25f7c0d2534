//! Connectors' logos.

use super::Tx;
use crate::{Error, connectors::Logo};
use patchbay_domain::ids::ConnectorId;

impl Tx {
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
