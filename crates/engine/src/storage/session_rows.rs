//! Sessions as rows with an owner: whom one speaks for, and lists of them. What a session carries is
//! [`super::sessions`]' matter.
//!
//! As the worker: a session is looked up before anybody is known to be signed in, and superusers end others'.

use super::{count, users, worker::Worker};
use crate::{Actor, Error, actor::Origin, paging::Moment};
use patchbay_domain::{
    account::SessionView,
    ids::{SessionId, UserId},
};
use time::OffsetDateTime;

/// Who is signed in, and when that was last written down.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) actor: Actor,
    pub(crate) last_used_at: Option<OffsetDateTime>,
}

impl Worker {
    /// Who is signed in with this session's row, if it hasn't ended and the account can be used.
    pub(crate) async fn session_actor(&mut self, id: SessionId, now: OffsetDateTime) -> Result<Option<Seen>, Error> {
        let row = sqlx::query!(
            r#"SELECT u.id AS user_id, s.last_used_at,
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = u.id) AS "roles!: Vec<String>"
               FROM sessions s JOIN users u ON u.id = s.user_id
               WHERE s.id = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL"#,
            id.0,
            now
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| Seen {
            actor: Actor {
                user: row.user_id.into(),
                roles: users::roles(&row.roles),
                session: Some(id),
                origin: Origin::SYSTEM,
            },
            last_used_at: Some(row.last_used_at),
        }))
    }

    /// Notes that a session is in use, unless somebody noted that meanwhile.
    pub(crate) async fn touch_session(
        &mut self,
        id: SessionId,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at <= $3",
            id.0,
            now,
            unless_since
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// A page of this user's sessions that haven't ended, those used last first.
    pub(crate) async fn sessions_of(
        &mut self,
        user: UserId,
        current: Option<SessionId>,
        now: OffsetDateTime,
        before: Option<Moment>,
        limit: u32,
    ) -> Result<Vec<SessionView>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query!(
            "SELECT id, device, address, created_at, last_used_at, expires_at FROM sessions
             WHERE user_id = $1 AND expires_at > $2
               AND ($3::timestamptz IS NULL OR (last_used_at, id) < ($3, $4::uuid))
             ORDER BY last_used_at DESC, id DESC LIMIT $5",
            user.0,
            now,
            before_at,
            before_id,
            i64::from(limit)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let views = rows.into_iter().map(|row| SessionView {
            id: row.id.into(),
            device: row.device.unwrap_or_default(),
            address: row.address,
            current: current == Some(row.id.into()),
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.into(),
            expires_at: row.expires_at.into(),
        });
        Ok(views.collect())
    }

    /// How many of this user's sessions haven't ended.
    pub(crate) async fn count_sessions_of(&mut self, user: UserId, now: OffsetDateTime) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2",
            user.0,
            now
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    /// Ends one session of this user; whether it was there.
    pub(crate) async fn delete_session(&mut self, user: UserId, id: SessionId) -> Result<bool, Error> {
        let done = sqlx::query!("DELETE FROM sessions WHERE id = $1 AND user_id = $2", id.0, user.0)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Ends all sessions of this user but one; how many there were.
    pub(crate) async fn delete_sessions_of(&mut self, user: UserId, but: Option<SessionId>) -> Result<u64, Error> {
        let done = sqlx::query!(
            "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2",
            user.0,
            but.map(|id| id.0)
        )
        .execute(self.tx().conn())
        .await?;
        Ok(done.rows_affected())
    }

    /// Deletes sessions, links and invitations that have ended, and second factors that nobody ever confirmed; how
    /// many sessions.
    pub(crate) async fn delete_expired(
        &mut self,
        now: OffsetDateTime,
        unconfirmed_since: OffsetDateTime,
    ) -> Result<u64, Error> {
        let done = sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", now)
            .execute(self.tx().conn())
            .await?;
        sqlx::query!("DELETE FROM set_up_tokens WHERE expires_at <= $1", now)
            .execute(self.tx().conn())
            .await?;
        sqlx::query!("DELETE FROM invitations WHERE expires_at <= $1", now)
            .execute(self.tx().conn())
            .await?;
        sqlx::query!("DELETE FROM password_resets WHERE expires_at <= $1", now)
            .execute(self.tx().conn())
            .await?;
        sqlx::query!(
            "DELETE FROM second_factors WHERE confirmed_at IS NULL AND created_at <= $1",
            unconfirmed_since
        )
        .execute(self.tx().conn())
        .await?;
        Ok(done.rows_affected())
    }
}
