//! Everybody, for superusers.

use super::{count, users, worker::Worker};
use crate::{Error, users::UserFilter};
use patchbay_domain::{
    ids::UserId,
    user::{Role, UserEntry},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A user's row with what belongs to them.
#[derive(Debug)]
struct EntryRow {
    id: Uuid,
    email: String,
    roles: Vec<String>,
    second_factor: bool,
    created_at: OffsetDateTime,
    disabled_at: Option<OffsetDateTime>,
    servers_count: Option<i64>,
    sources_count: Option<i64>,
    last_seen_at: Option<OffsetDateTime>,
}

impl From<EntryRow> for UserEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            servers_count: count(row.servers_count),
            sources_count: count(row.sources_count),
            last_seen_at: row.last_seen_at.map(Into::into),
            user: users::UserRow {
                id: row.id,
                email: row.email,
                roles: row.roles,
                second_factor: row.second_factor,
                created_at: row.created_at,
                disabled_at: row.disabled_at,
            }
            .into(),
        }
    }
}

impl Worker {
    /// One user, or, without an id, a page of those that the filter lets through, newest first.
    async fn user_entries(
        &mut self,
        id: Option<UserId>,
        filter: &UserFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
    ) -> Result<Vec<UserEntry>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query_as!(
            EntryRow,
            r#"SELECT u.id, u.email, u.created_at, u.disabled_at,
                      EXISTS (SELECT FROM second_factors WHERE user_id = u.id AND confirmed_at IS NOT NULL)
                          AS "second_factor!",
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = u.id ORDER BY role) AS "roles!",
                      (SELECT count(*) FROM mcp_servers WHERE user_id = u.id) AS servers_count,
                      (SELECT count(*) FROM sources WHERE user_id = u.id) AS sources_count,
                      (SELECT max(last_used_at) FROM sessions WHERE user_id = u.id) AS last_seen_at
               FROM users u
               WHERE ($1::uuid IS NULL OR u.id = $1)
                 AND ($2::text IS NULL OR u.email ILIKE $2)
                 AND ($3::text IS NULL OR EXISTS (SELECT FROM user_roles WHERE user_id = u.id AND role = $3))
                 AND ($4::boolean IS NULL OR (u.disabled_at IS NOT NULL) = $4)
                 AND ($5::timestamptz IS NULL OR (u.created_at, u.id) < ($5, $6::uuid))
               ORDER BY u.created_at DESC, u.id DESC
               LIMIT $7"#,
            id.map(|id| id.0),
            filter.pattern(),
            filter.role.map(Role::as_str),
            filter.disabled,
            before_at,
            before_id,
            i64::from(limit)
        )
        .fetch_all(self.tx().conn())
        .await?;
        Ok(rows.into_iter().map(UserEntry::from).collect())
    }

    pub(crate) async fn user_entry(&mut self, id: UserId) -> Result<Option<UserEntry>, Error> {
        let found = self.user_entries(Some(id), &UserFilter::default(), None, 1).await?;
        Ok(found.into_iter().next())
    }

    pub(crate) async fn users_page(
        &mut self,
        filter: &UserFilter,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
    ) -> Result<Vec<UserEntry>, Error> {
        self.user_entries(None, filter, before, limit).await
    }

    /// How many users the filter lets through.
    pub(crate) async fn count_users(&mut self, filter: &UserFilter) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM users u
             WHERE ($1::text IS NULL OR u.email ILIKE $1)
               AND ($2::text IS NULL OR EXISTS (SELECT FROM user_roles WHERE user_id = u.id AND role = $2))
               AND ($3::boolean IS NULL OR (u.disabled_at IS NOT NULL) = $3)",
            filter.pattern(),
            filter.role.map(Role::as_str),
            filter.disabled
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }
}
