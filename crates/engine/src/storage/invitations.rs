//! Invitations, and links for lost passwords. As the worker: whoever follows one isn't signed in.

use super::{count, users, violated, worker::Worker};
use crate::{
    Error,
    error::{NotFound, Unauthenticated},
};
use patchbay_domain::{
    account::InvitationView,
    ids::{InvitationId, UserId},
    user::Role,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// An invitation to be stored: its link's hash, never the link.
#[derive(Debug)]
pub(crate) struct NewInvitation<'a> {
    pub(crate) id: InvitationId,
    pub(crate) hash: [u8; 32],
    pub(crate) email: Option<&'a str>,
    pub(crate) roles: &'a [Role],
    pub(crate) created_by: Option<UserId>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
}

/// What an invitation is good for.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) id: InvitationId,
    pub(crate) email: Option<String>,
    pub(crate) roles: Vec<Role>,
}

impl Worker {
    /// A page of the invitations that can still be used, newest first.
    pub(crate) async fn invitations(
        &mut self,
        now: OffsetDateTime,
        before: Option<(OffsetDateTime, Uuid)>,
        limit: u32,
    ) -> Result<Vec<InvitationView>, Error> {
        let (before_at, before_id) = before.unzip();
        let rows = sqlx::query!(
            r#"SELECT i.id, i.email, i.roles::text[] AS "roles!", u.email AS "created_by?", i.created_at, i.expires_at
               FROM invitations i LEFT JOIN users u ON u.id = i.created_by
               WHERE i.expires_at > $1 AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3::uuid))
               ORDER BY i.created_at DESC, i.id DESC LIMIT $4"#,
            now,
            before_at,
            before_id,
            i64::from(limit)
        )
        .fetch_all(self.tx().conn())
        .await?;
        let views = rows.into_iter().map(|row| InvitationView {
            id: row.id.into(),
            email: row.email,
            roles: users::roles(&row.roles),
            created_by: row.created_by,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
        });
        Ok(views.collect())
    }

    pub(crate) async fn count_invitations(&mut self, now: OffsetDateTime) -> Result<u64, Error> {
        let total = sqlx::query_scalar!("SELECT count(*) FROM invitations WHERE expires_at > $1", now);
        Ok(count(total.fetch_one(self.tx().conn()).await?))
    }

    pub(crate) async fn insert_invitation(&mut self, new: &NewInvitation<'_>) -> Result<(), Error> {
        let roles: Vec<String> = new.roles.iter().map(|role| role.as_str().to_owned()).collect();
        sqlx::query!(
            "INSERT INTO invitations (id, token_hash, email, roles, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4::text[], $5, $6, $7)",
            new.id.0,
            &new.hash,
            new.email,
            &roles,
            new.created_by.map(|id| id.0),
            new.created_at,
            new.expires_at
        )
        .execute(self.tx().conn())
        .await?;
        Ok(())
    }

    /// What the invitation with this link's hash is good for, if it can still be used.
    pub(crate) async fn invitation(&mut self, hash: &[u8; 32], now: OffsetDateTime) -> Result<Option<Invited>, Error> {
        let row = sqlx::query!(
            r#"SELECT id, email, roles::text[] AS "roles!" FROM invitations WHERE token_hash = $1 AND expires_at > $2"#,
            hash,
            now
        )
        .fetch_optional(self.tx().conn())
        .await?;
        Ok(row.map(|row| Invited {
            id: row.id.into(),
            email: row.email,
            roles: users::roles(&row.roles),
        }))
    }

    /// Revokes an invitation, or uses it up; whether it was there.
    pub(crate) async fn delete_invitation(&mut self, id: InvitationId) -> Result<bool, Error> {
        let done = sqlx::query!("DELETE FROM invitations WHERE id = $1", id.0)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Revokes the invitations that this person made; which ones.
    pub(crate) async fn delete_invitations_by(&mut self, by: UserId) -> Result<Vec<InvitationId>, Error> {
        let ids = sqlx::query_scalar!("DELETE FROM invitations WHERE created_by = $1 RETURNING id", by.0);
        let ids = ids.fetch_all(self.tx().conn()).await?;
        Ok(ids.into_iter().map(InvitationId).collect())
    }

    /// Revokes the invitations that are bound to this address; which ones.
    pub(crate) async fn delete_invitations_to(&mut self, email: &str) -> Result<Vec<InvitationId>, Error> {
        let ids = sqlx::query_scalar!(
            "DELETE FROM invitations WHERE lower(email) = lower($1) RETURNING id",
            email
        );
        let ids = ids.fetch_all(self.tx().conn()).await?;
        Ok(ids.into_iter().map(InvitationId).collect())
    }

    /// Stores a link for a lost password, in place of an older one of that user.
    pub(crate) async fn put_password_reset(
        &mut self,
        user: UserId,
        hash: &[u8; 32],
        by: Option<UserId>,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<(), Error> {
        sqlx::query!(
            "INSERT INTO password_resets (user_id, token_hash, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE
             SET token_hash = EXCLUDED.token_hash, created_by = EXCLUDED.created_by, created_at = EXCLUDED.created_at,
                 expires_at = EXCLUDED.expires_at",
            user.0,
            hash,
            by.map(|id| id.0),
            now,
            expires_at
        )
        .execute(self.tx().conn())
        .await
        .map_err(|error| match violated(&error) {
            // One of the accounts was deleted since it was looked at.
            Some("password_resets_user_fkey") => NotFound::User.into(),
            Some("password_resets_creator_fkey") => Unauthenticated::SignedOut.into(),
            _ => Error::from(error),
        })?;
        Ok(())
    }

    /// Whose password the link with this hash sets, if it can still be used.
    pub(crate) async fn password_reset(
        &mut self,
        hash: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Option<UserId>, Error> {
        let user = sqlx::query_scalar!(
            "SELECT user_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2",
            hash,
            now
        );
        Ok(user.fetch_optional(self.tx().conn()).await?.map(UserId))
    }

    /// Uses a link up; whether it was there.
    pub(crate) async fn take_password_reset(&mut self, hash: &[u8; 32]) -> Result<bool, Error> {
        let done = sqlx::query!("DELETE FROM password_resets WHERE token_hash = $1", hash)
            .execute(self.tx().conn())
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes the links worthless that this person made.
    pub(crate) async fn delete_password_resets_by(&mut self, by: UserId) -> Result<(), Error> {
        sqlx::query!("DELETE FROM password_resets WHERE created_by = $1", by.0)
            .execute(self.tx().conn())
            .await?;
        Ok(())
    }

    /// Makes a user's link worthless, if there is one.
    pub(crate) async fn delete_password_reset(&mut self, user: UserId) -> Result<(), Error> {
        sqlx::query!("DELETE FROM password_resets WHERE user_id = $1", user.0)
            .execute(self.tx().conn())
            .await?;
        Ok(())
    }
}
