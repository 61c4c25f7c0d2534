//! People's own rows: who they are, what they may do, and what their account owns.
//!
//! As the worker: who may see or change whom is the engine's rule, and a password's hash is nothing that a request's own
//! transaction should be able to write.

use super::{count, violated, worker::Worker};
use crate::{Error, error::Conflict, users::PasswordMark};
use patchbay_domain::{
    account::Belongings,
    ids::UserId,
    user::{Role, UserView},
};
use time::OffsetDateTime;

/// A user's row with their roles, without the password's hash.
#[derive(Debug)]
pub(super) struct UserRow {
    pub(super) id: uuid::Uuid,
    pub(super) email: String,
    pub(super) roles: Vec<String>,
    pub(super) second_factor: bool,
    pub(super) created_at: OffsetDateTime,
    pub(super) disabled_at: Option<OffsetDateTime>,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.into(),
            email: row.email,
            roles: roles(&row.roles),
            second_factor: row.second_factor,
            created_at: row.created_at.into(),
            disabled_at: row.disabled_at.map(Into::into),
        }
    }
}

/// The roles of these words. One that this program doesn't know yet gives no rights.
pub(super) fn roles(words: &[String]) -> Vec<Role> {
    words.iter().filter_map(|word| Role::parse(word)).collect()
}

/// What a password is checked against.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) id: UserId,
    pub(crate) hash: String,
    pub(crate) disabled: bool,
}

impl Worker {
    /// A user by id.
    pub(crate) async fn get_user_by_id(&mut self, id: UserId) -> Result<Option<UserView>, Error> {
        let row = sqlx::query_as!(
            UserRow,
            r#"SELECT id, email, created_at, disabled_at,
                      EXISTS (SELECT FROM second_factors WHERE user_id = users.id AND confirmed_at IS NOT NULL)
                          AS "second_factor!",
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = users.id ORDER BY role) AS "roles!"
               FROM users WHERE id = $1"#,
            id.0
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(UserView::from))
    }

    /// What a password for this address is checked against.
    pub(crate) async fn get_user_by_email(&mut self, email: &str) -> Result<Option<Credentials>, Error> {
        let row = sqlx::query!(
            r#"SELECT id, hashed_password, disabled_at IS NOT NULL AS "disabled!" FROM users WHERE lower(email) = lower($1)"#,
            email
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| Credentials {
            id: row.id.into(),
            hash: row.hashed_password,
            disabled: row.disabled,
        }))
    }

    /// The hash that a user's password fits.
    pub(crate) async fn hashed_password(&mut self, id: UserId) -> Result<Option<String>, Error> {
        let hash = sqlx::query_scalar!("SELECT hashed_password FROM users WHERE id = $1", id.0);
        Ok(hash.fetch_optional(self.tx().conn()).await?)
    }

    /// Whether the user is there and this is still their password, which it stays until the transaction ends.
    pub(crate) async fn password_is(&mut self, id: UserId, mark: &PasswordMark) -> Result<bool, Error> {
        let found = sqlx::query_scalar!(
            "SELECT id FROM users WHERE id = $1 AND sha256(convert_to(hashed_password, 'UTF8')) = $2 FOR SHARE",
            id.0,
            mark
        );
        Ok(found.fetch_optional(self.tx().conn()).await?.is_some())
    }

    pub(crate) async fn create_user(&mut self, email: &str, hash: &str, roles: &[Role]) -> Result<UserView, Error> {
        let id = sqlx::query_scalar!(
            "INSERT INTO users (email, hashed_password) VALUES ($1, $2) RETURNING id",
            email,
            hash
        )
        .fetch_one(self.tx().conn())
        .await
        .map_err(|error| match violated(&error) {
            Some("users_email_key") => Conflict::Email.into(),
            _ => Error::from(error),
        })?;
        if !roles.is_empty() {
            self.tx().put_roles(id.into(), roles).await?;
        }
        let user = self.get_user_by_id(id.into()).await?;
        user.ok_or_else(|| Error::internal("a user was gone right after being inserted"))
    }

    /// Sets the password, only where its hash still is `from`, if that is said; whether it was. A link for a lost one
    /// ends with it.
    pub(crate) async fn update_user_password(
        &mut self,
        id: UserId,
        hash: &str,
        from: Option<&str>,
    ) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE users SET hashed_password = $2 WHERE id = $1 AND ($3::text IS NULL OR hashed_password = $3)",
            id.0,
            hash,
            from
        )
        .execute(self.tx().conn())
        .await?;
        self.delete_password_reset(id).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Disables an account, or, without a time, enables it again; whether that changed anything.
    pub(crate) async fn set_disabled(&mut self, id: UserId, at: Option<OffsetDateTime>) -> Result<bool, Error> {
        let done = sqlx::query!(
            "UPDATE users SET disabled_at = $2 WHERE id = $1 AND (disabled_at IS NULL) <> ($2::timestamptz IS NULL)",
            id.0,
            at
        )
        .execute(self.tx().conn())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many superusers there are whose accounts can be used.
    pub(crate) async fn count_enabled_superusers(&mut self) -> Result<u64, Error> {
        let total = sqlx::query_scalar!(
            "SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id
             WHERE r.role = 'superuser' AND u.disabled_at IS NULL"
        );
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    pub(crate) async fn belongings(&mut self, id: UserId, now: OffsetDateTime) -> Result<Belongings, Error> {
        let row = sqlx::query!(
            "SELECT (SELECT count(*) FROM mcp_servers WHERE user_id = $1) AS mcp_servers,
                    (SELECT count(*) FROM mcp_server_tokens
                     WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)) AS mcp_server_tokens,
                    (SELECT count(*) FROM sources WHERE user_id = $1) AS sources,
                    (SELECT count(*) FROM api_tokens
                     WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)) AS api_tokens,
                    (SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2) AS sessions",
            id.0,
            now
        )
        .fetch_one(self.tx().conn())
        .await?;
        Ok(Belongings {
            mcp_servers: count(row.mcp_servers),
            mcp_server_tokens: count(row.mcp_server_tokens),
            sources: count(row.sources),
            api_tokens: count(row.api_tokens),
            sessions: count(row.sessions),
        })
    }

    /// Deletes a user with everything that is theirs, which the foreign keys see to; whether there was one.
    pub(crate) async fn delete_user(&mut self, id: UserId) -> Result<bool, Error> {
        // Sources and then servers first, by id: whoever changes servers or writes down calls locks them in this order, and
        // may then need the user's row.
        sqlx::query!("SELECT id FROM sources WHERE user_id = $1 ORDER BY id FOR UPDATE", id.0)
            .fetch_all(self.tx().conn())
            .await?;
        sqlx::query!(
            "SELECT id FROM mcp_servers WHERE user_id = $1 ORDER BY id FOR UPDATE",
            id.0
        )
        .fetch_all(self.tx().conn())
        .await?;
        let done = sqlx::query!("DELETE FROM users WHERE id = $1", id.0)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
