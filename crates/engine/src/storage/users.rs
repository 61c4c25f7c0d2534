//! Users as themselves: their own row and roles.

use super::Tx;
use crate::Error;
use patchbay_domain::{
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

impl Tx {
    pub(crate) async fn user(&mut self, id: UserId) -> Result<Option<UserView>, Error> {
        let row = sqlx::query_as!(
            UserRow,
            r#"SELECT id, email, created_at, disabled_at, false AS "second_factor!",
                      ARRAY(SELECT role::text FROM user_roles WHERE user_id = users.id ORDER BY role) AS "roles!"
               FROM users WHERE id = $1"#,
            id.0
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(UserView::from))
    }
}
