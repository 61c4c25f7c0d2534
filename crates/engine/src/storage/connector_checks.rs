//! When connectors' services were last asked for their definitions, and what they say where that differs from what is in
//! force.

use super::{Tx, connectors::SetRow, connectors::raw, worker::Worker};
use crate::{
    Error,
    connectors::{DefinitionSet, HeldBack, count_definitions as count},
};
use patchbay_domain::{
    connector::{ChangesState, CheckView},
    ids::{ConnectorId, UserId},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Which of a connector's checks it is. They are counted because the clocks of two processes never agree; the last to
/// begin is the one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CheckNumber(i64);

/// How far the checks of a connector are that follows its service.
#[derive(Debug)]
pub(crate) struct FollowState {
    pub(crate) checked_at: OffsetDateTime,
    pub(crate) begun: CheckNumber,
    pub(crate) ended: CheckNumber,
}

/// What a service says, in columns that are all empty where that is what is in force.
struct FoundRow {
    url: Option<String>,
    mcp_url: Option<String>,
    version: Option<String>,
    tools: Option<String>,
    templates: Option<String>,
    config: Option<String>,
}

impl FoundRow {
    fn into_set(self) -> Result<Option<DefinitionSet>, Error> {
        let (Some(url), Some(version), Some(tools), Some(templates)) =
            (self.url, self.version, self.tools, self.templates)
        else {
            return Ok(None);
        };
        let (tools, templates) = (raw(tools)?, raw(templates)?);
        Ok(Some(DefinitionSet {
            url,
            mcp_url: self.mcp_url,
            version,
            // Counted here: the database's functions stumble over some names.
            tools_count: count(&tools),
            tools,
            templates_count: count(&templates),
            templates,
            config: self.config.map(raw).transpose()?,
        }))
    }
}

impl Tx {
    pub(crate) async fn check_view(&mut self, id: ConnectorId) -> Result<Option<CheckView>, Error> {
        let row = sqlx::query!(
            "SELECT checked_at, error FROM connector_checks WHERE connector_id = $1 AND checked_at > 'epoch'",
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| CheckView {
            checked_at: row.checked_at.into(),
            error: row.error,
        }))
    }

    /// Notes that the service is being asked, whenever it was asked before.
    pub(crate) async fn begin_check(&mut self, id: ConnectorId, now: OffsetDateTime) -> Result<CheckNumber, Error> {
        let begun = sqlx::query_scalar!(
            "INSERT INTO connector_checks (connector_id, checked_at, begun) VALUES ($1, $2, 1)
             ON CONFLICT (connector_id) DO UPDATE SET checked_at = $2, begun = connector_checks.begun + 1
             RETURNING begun",
            id.0,
            now
        );
        Ok(CheckNumber(begun.fetch_one(self.conn()).await?))
    }

    /// Makes the next check due at once, because what was last heard says nothing about what is in force now.
    pub(crate) async fn make_check_due(&mut self, id: ConnectorId) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks SET checked_at = 'epoch' WHERE connector_id = $1",
            id.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Whether a later check has begun than this one.
    pub(crate) async fn is_overtaken(&mut self, id: ConnectorId, check: CheckNumber) -> Result<bool, Error> {
        let overtaken = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM connector_checks WHERE connector_id = $1 AND begun > $2) AS "overtaken!""#,
            id.0,
            check.0
        );
        Ok(overtaken.fetch_one(self.conn()).await?)
    }

    /// Notes how the check ended that was the last to begin; whether that is news: it failed and the one before hadn't,
    /// or the other way round.
    pub(crate) async fn end_check(
        &mut self,
        id: ConnectorId,
        check: CheckNumber,
        error: Option<&str>,
    ) -> Result<bool, Error> {
        let before = sqlx::query_scalar!(
            "SELECT error FROM connector_checks WHERE connector_id = $1 FOR UPDATE",
            id.0
        )
        .fetch_optional(self.conn())
        .await?
        .flatten();
        sqlx::query!(
            "UPDATE connector_checks SET error = $2, ended = $3 WHERE connector_id = $1",
            id.0,
            error,
            check.0
        )
        .execute(self.conn())
        .await?;
        Ok(before.is_some() != error.is_some())
    }

    /// Notes that nothing comes of a check, so that nobody waits for it.
    pub(crate) async fn drop_check(&mut self, id: ConnectorId, check: CheckNumber) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks SET ended = GREATEST(ended, $2) WHERE connector_id = $1",
            id.0,
            check.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// How far the checks are; nothing for a connector that follows nothing or was never checked.
    pub(crate) async fn follow_state(&mut self, id: ConnectorId) -> Result<Option<FollowState>, Error> {
        let row = sqlx::query!(
            "SELECT checked_at, begun, ended
             FROM connector_checks JOIN mcp_connectors c ON c.id = connector_id
             WHERE connector_id = $1 AND c.mode = 'sync' AND c.url <> ''",
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| FollowState {
            checked_at: row.checked_at,
            begun: CheckNumber(row.begun),
            ended: CheckNumber(row.ended),
        }))
    }

    /// Keeps what the service says, because it isn't what is in force.
    pub(crate) async fn put_found(
        &mut self,
        id: ConnectorId,
        set: &DefinitionSet,
        found_at: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO connector_checks (connector_id, checked_at, found_at, url, mcp_url, version, tools, templates,
                                           config, definitions_sha256)
             VALUES ($1, $2, $2, $3, $4, $5, $6::text::json, $7::text::json, $8::text::json, $9)
             ON CONFLICT (connector_id) DO UPDATE
             SET found_at = $2, url = $3, mcp_url = $4, version = $5, tools = $6::text::json,
                 templates = $7::text::json, config = $8::text::json, definitions_sha256 = $9,
                 note = NULL, decided_by = NULL, decided_at = NULL",
            id.0,
            found_at,
            set.url,
            set.mcp_url,
            set.version,
            set.tools.get(),
            set.templates.get(),
            set.config.as_ref().map(|config| config.get()),
            &set.sha256(),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The same, where what differs is what it was: whoever decided on that has decided.
    pub(crate) async fn renew_found(&mut self, id: ConnectorId, set: &DefinitionSet) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks
             SET url = $2, mcp_url = $3, version = $4, tools = $5::text::json, templates = $6::text::json,
                 config = $7::text::json, definitions_sha256 = $8
             WHERE connector_id = $1",
            id.0,
            set.url,
            set.mcp_url,
            set.version,
            set.tools.get(),
            set.templates.get(),
            set.config.as_ref().map(|config| config.get()),
            &set.sha256(),
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets it: the service says what is in force.
    pub(crate) async fn clear_found(&mut self, id: ConnectorId) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks
             SET found_at = NULL, url = NULL, mcp_url = NULL, version = NULL, tools = NULL, templates = NULL,
                 config = NULL, definitions_sha256 = NULL, note = NULL, decided_by = NULL, decided_at = NULL
             WHERE connector_id = $1",
            id.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps why somebody refused what was found.
    pub(crate) async fn put_refusal(
        &mut self,
        id: ConnectorId,
        note: Option<&str>,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE connector_checks SET note = $2, decided_by = $3, decided_at = $4 WHERE connector_id = $1",
            id.0,
            note,
            user.0,
            now,
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// What the service says, where that isn't what is in force.
    pub(crate) async fn found_set(&mut self, id: ConnectorId) -> Result<Option<DefinitionSet>, Error> {
        let row = sqlx::query_as!(
            FoundRow,
            "SELECT url, mcp_url, version, tools::text AS tools, templates::text AS templates, config::text AS config
             FROM connector_checks WHERE connector_id = $1",
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(FoundRow::into_set).transpose()?.flatten())
    }

    /// All that a page says about what is held back, as of one moment.
    pub(crate) async fn held_back(&mut self, id: ConnectorId) -> Result<HeldBack, Error> {
        let row = sqlx::query!(
            r#"SELECT c.changes, c.url, c.mcp_url, c.version, c.tools::text AS "tools!", c.tools_count,
                      c.templates::text AS "templates!", c.templates_count, c.config::text AS config,
                      NULLIF(k.checked_at, 'epoch') AS checked_at, k.error, k.found_at, k.note, k.url AS found_url,
                      k.mcp_url AS found_mcp_url, k.version AS found_version, k.tools::text AS found_tools,
                      k.templates::text AS found_templates, k.config::text AS found_config
               FROM mcp_connectors c LEFT JOIN connector_checks k ON k.connector_id = c.id
               WHERE c.id = $1"#,
            id.0
        )
        .fetch_one(self.conn())
        .await?;
        let state = row.changes.as_deref().and_then(ChangesState::parse);
        let found = FoundRow {
            url: row.found_url,
            mcp_url: row.found_mcp_url,
            version: row.found_version,
            tools: row.found_tools,
            templates: row.found_templates,
            config: row.found_config,
        };
        let in_force = SetRow {
            url: row.url,
            mcp_url: row.mcp_url,
            version: row.version,
            tools: row.tools,
            tools_count: row.tools_count,
            templates: row.templates,
            templates_count: row.templates_count,
            config: row.config,
        };
        Ok(HeldBack {
            state,
            in_force: in_force.try_into()?,
            found: found.into_set()?,
            found_at: row.found_at,
            checked_at: row.checked_at,
            error: row.error,
            note: row.note,
        })
    }
}

/// Claims: whoever counts a check is the one who makes it, in whatever process.
///
/// A check is due when the last one began some time ago, or as far ahead as nobody's clock should be. Connectors are locked
/// before their checks, as by everybody else, and in one order.
impl Worker {
    /// Claims the check of a connector that follows its service.
    pub(crate) async fn claim_follow(
        &mut self,
        id: ConnectorId,
        now: OffsetDateTime,
        every: Duration,
    ) -> Result<Option<CheckNumber>, Error> {
        let claimed = sqlx::query_scalar!(
            "WITH following AS (
                 SELECT id FROM mcp_connectors WHERE id = $1 AND mode = 'sync' AND url <> '' FOR KEY SHARE
             )
             INSERT INTO connector_checks (connector_id, checked_at, begun) SELECT id, $2, 1 FROM following
             ON CONFLICT (connector_id) DO UPDATE SET checked_at = $2, begun = connector_checks.begun + 1
             WHERE connector_checks.checked_at <= $3 OR connector_checks.checked_at > $4
             RETURNING begun",
            id.0,
            now,
            now - every,
            now + every
        );
        Ok(claimed.fetch_optional(self.tx().conn()).await?.map(CheckNumber))
    }

    /// Claims due checks of active connectors, at most so many: those that are claimed now, and whether there were any to
    /// claim, for others may have been faster. A connector that somebody is just deciding about comes the next time.
    pub(crate) async fn claim_due_checks(
        &mut self,
        now: OffsetDateTime,
        every: Duration,
        limit: u32,
    ) -> Result<(Vec<(ConnectorId, CheckNumber)>, bool), Error> {
        let ids: Vec<Uuid> = sqlx::query_scalar!(
            "SELECT c.id FROM mcp_connectors c LEFT JOIN connector_checks k ON k.connector_id = c.id
             WHERE c.mode = 'active' AND c.url <> ''
               AND (k.checked_at IS NULL OR k.checked_at <= $1 OR k.checked_at > $2)
             ORDER BY k.checked_at NULLS FIRST LIMIT $3
             FOR KEY SHARE OF c SKIP LOCKED",
            now - every,
            now + every,
            i64::from(limit)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let claimed = sqlx::query!(
            "INSERT INTO connector_checks (connector_id, checked_at, begun)
             SELECT id, $2, 1 FROM mcp_connectors WHERE id = ANY($1) ORDER BY id
             ON CONFLICT (connector_id) DO UPDATE SET checked_at = $2, begun = connector_checks.begun + 1
             WHERE connector_checks.checked_at <= $3 OR connector_checks.checked_at > $4
             RETURNING connector_id, begun",
            &ids,
            now,
            now - every,
            now + every
        )
        .fetch_all(self.tx().conn())
        .await?;
        let claimed = claimed.into_iter();
        let claimed = claimed.map(|row| (row.connector_id.into(), CheckNumber(row.begun)));
        Ok((claimed.collect(), !ids.is_empty()))
    }
}
