//! Users' sources.
//!
//! Rows are locked in one order everywhere, so that nobody waits in a circle: the pool, connectors, sources by id, servers
//! by id, and what is a part of a server.

use super::{Tx, connectors, count, violated};
use crate::{
    Error,
    error::NotFound,
    sources::{NewSource, SOURCES_MAX, SealedMetadata, SourceBrief, SourceFilter},
};
use patchbay_domain::{
    connector::ConnectorMode,
    ids::{ServerId, SourceId, UserId},
    source::{BindingState, ServerBrief},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// The first half of the key of a user's lock; the second is the user.
const SOURCES_LOCK: i32 = 0x7061_7463;

/// A source as stored.
#[derive(Debug)]
pub(crate) struct StoredSource {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
    pub(crate) sealed_metadata: Vec<u8>,
    /// JSON pointers, as JSON.
    pub(crate) secret_places: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

/// A source that a server is being made from.
#[derive(Debug)]
pub(crate) struct HeldSource {
    pub(crate) id: SourceId,
    pub(crate) kind: String,
}

impl Tx {
    /// How many sources a user has. Until the transaction ends nobody else adds one.
    pub(crate) async fn lock_number_of_sources(&mut self, user: UserId) -> Result<u64, Error> {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock($1, hashtext($2)) AS locked",
            SOURCES_LOCK,
            user.to_string()
        )
        .fetch_one(self.conn())
        .await?;
        let total = sqlx::query_scalar!("SELECT count(*) FROM sources WHERE user_id = $1", user.0);
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    pub(crate) async fn create_source(&mut self, new: &NewSource<'_>) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO sources (id, user_id, type, name, source_metadata, sealed_metadata, secret_places)
             VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7::text::json)",
            new.id.0,
            new.user.0,
            new.kind,
            new.name,
            new.metadata.shown,
            new.metadata.sealed,
            new.metadata.secret_places,
        )
        .execute(self.conn())
        .await
        .map_err(|error| match violated(&error) {
            // The account was deleted since somebody asked in its name.
            Some("sources_user_fkey") => NotFound::User.into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// A page of the user's sources, newest first.
    pub(crate) async fn get_user_sources(
        &mut self,
        filter: &SourceFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
    ) -> Result<Vec<StoredSource>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query_as!(
            StoredSource,
            r#"SELECT id, type AS kind, name, sealed_metadata, secret_places::text AS "secret_places!", created_at, updated_at
               FROM sources
               WHERE ($1::text IS NULL OR strpos(lower(concat_ws(E'\n', name, type)), lower($1)) > 0)
                 AND ($2::text IS NULL OR type = $2)
                 AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
                 AND ($6::uuid IS NULL OR user_id = $6)
               ORDER BY created_at DESC, id DESC LIMIT $5"#,
            filter.needle(),
            filter.kind,
            before_at,
            before_id,
            i64::from(limit),
            self.owner(),
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    pub(crate) async fn count_user_sources(&mut self, filter: &SourceFilter) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            r"SELECT count(*) FROM sources
              WHERE ($1::text IS NULL OR strpos(lower(concat_ws(E'\n', name, type)), lower($1)) > 0)
                AND ($2::text IS NULL OR type = $2)
                AND ($3::uuid IS NULL OR user_id = $3)",
            filter.needle(),
            filter.kind,
            self.owner(),
        );
        Ok(count(total.fetch_one(self.conn()).await?))
    }

    /// All of the user's sources, newest first, without their configurations.
    pub(crate) async fn source_briefs(&mut self) -> Result<Vec<SourceBrief>, Error> {
        let rows = sqlx::query!(
            r#"SELECT s.id, s.type AS kind, s.name, c.mode AS "mode?"
               FROM sources s LEFT JOIN mcp_connectors c ON c.name = s.type
               WHERE ($1::uuid IS NULL OR s.user_id = $1)
               ORDER BY s.created_at DESC, s.id DESC LIMIT $2"#,
            self.owner(),
            i64::from(SOURCES_MAX),
        )
        .fetch_all(self.conn())
        .await?;
        let briefs = rows.into_iter().map(|row| SourceBrief {
            id: row.id.into(),
            kind: row.kind,
            name: row.name,
            idle: match row.mode.as_deref().map(connectors::mode) {
                None => Some(BindingState::NoConnector),
                Some(ConnectorMode::Deactive) => Some(BindingState::SwitchedOff),
                Some(ConnectorMode::Active | ConnectorMode::Sync) => None,
            },
        });
        Ok(briefs.collect())
    }

    /// Those of these sources that there are, in no order.
    pub(crate) async fn sources_by_id(&mut self, ids: &[Uuid]) -> Result<Vec<StoredSource>, Error> {
        let rows = sqlx::query_as!(
            StoredSource,
            r#"SELECT id, type AS kind, name, sealed_metadata, secret_places::text AS "secret_places!", created_at, updated_at
               FROM sources WHERE id = ANY($1) AND ($2::uuid IS NULL OR user_id = $2)"#,
            ids,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows)
    }

    pub(crate) async fn get_source_by_id(&mut self, id: SourceId) -> Result<Option<StoredSource>, Error> {
        Ok(self.sources_by_id(&[id.0]).await?.pop())
    }

    /// One of the user's sources, held until the transaction ends: whoever changes it changes it alone.
    pub(crate) async fn lock_source(&mut self, id: SourceId) -> Result<Option<StoredSource>, Error> {
        sqlx::query!(
            "SELECT id FROM sources WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR UPDATE",
            id.0,
            self.owner()
        )
        .fetch_optional(self.conn())
        .await?;
        self.get_source_by_id(id).await
    }

    /// Changes the parts that are given. A name can be taken away.
    pub(crate) async fn update_source(
        &mut self,
        id: SourceId,
        kind: &str,
        name: Option<&str>,
        metadata: Option<&SealedMetadata>,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE sources SET type = $2, name = $3,
                    source_metadata = COALESCE($4::text::jsonb, source_metadata),
                    sealed_metadata = COALESCE($5, sealed_metadata),
                    secret_places = COALESCE($6::text::json, secret_places)
             WHERE id = $1 AND ($7::uuid IS NULL OR user_id = $7)",
            id.0,
            kind,
            name,
            metadata.map(|metadata| metadata.shown.as_str()),
            metadata.map(|metadata| metadata.sealed.as_slice()),
            metadata.map(|metadata| metadata.secret_places.as_str()),
            self.owner(),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Deletes a source that is held. A trigger takes it out of the servers that are made from it, which are held from
    /// here on, in their order.
    pub(crate) async fn delete_source(&mut self, id: SourceId) -> Result<(), Error> {
        sqlx::query!(
            "SELECT id FROM mcp_servers WHERE source_ids @> ARRAY[$1::uuid] AND ($2::uuid IS NULL OR user_id = $2)
             ORDER BY id FOR NO KEY UPDATE",
            id.0,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM sources WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
            id.0,
            self.owner()
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Those of these sources that are the user's, by id. None of them is deleted until the transaction ends.
    pub(crate) async fn hold_sources(&mut self, user: UserId, ids: &[SourceId]) -> Result<Vec<HeldSource>, Error> {
        let rows = sqlx::query!(
            "SELECT id, type AS kind FROM sources WHERE user_id = $1 AND id = ANY($2) ORDER BY id FOR KEY SHARE",
            user.0,
            &ids.iter().map(|id| id.0).collect::<Vec<_>>()
        )
        .fetch_all(self.conn())
        .await?;
        let held = rows.into_iter().map(|row| HeldSource {
            id: row.id.into(),
            kind: row.kind,
        });
        Ok(held.collect())
    }

    /// Whether a source is there and the user's; it stays so until the transaction ends.
    pub(crate) async fn source_belongs_to_user(&mut self, id: SourceId, user: UserId) -> Result<bool, Error> {
        Ok(!self.hold_sources(user, &[id]).await?.is_empty())
    }

    /// The servers that are made from these sources, each with the source, by name; deleted servers aren't among them.
    pub(crate) async fn servers_using(&mut self, sources: &[Uuid]) -> Result<Vec<(Uuid, ServerBrief)>, Error> {
        let rows = sqlx::query!(
            r#"SELECT u.source_id AS "source_id!", s.id, s.name
               FROM mcp_servers s CROSS JOIN LATERAL unnest(s.source_ids) AS u (source_id)
               WHERE s.deleted_at IS NULL AND s.source_ids && $1 AND u.source_id = ANY($1)
                 AND ($2::uuid IS NULL OR s.user_id = $2)
               ORDER BY lower(s.name), s.id"#,
            sources,
            self.owner()
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let server = ServerBrief {
                    id: ServerId(row.id),
                    name: row.name,
                };
                (row.source_id, server)
            })
            .collect())
    }
}
