//! What whoever runs the server does from the command line, without an account: accounts are named by their address.

use super::account;
use crate::{
    Engine, Error,
    audit::{Entry, Subject, Who},
    error::NotFound,
};
use patchbay_domain::{
    account::{Belongings, CreatedResetLink},
    ids::UserId,
    user::{Email, Role, UpdateUser, UserEntry, UserView},
};
use secrecy::SecretString;
use serde_json::json;

impl Engine {
    /// Makes an account.
    ///
    /// # Errors
    /// Refused fields, a known address, or a failing database.
    pub async fn create_user(
        &self,
        who: &Who,
        email: &str,
        password: &SecretString,
        superuser: bool,
    ) -> Result<UserView, Error> {
        let (email, hash) = self.new_credentials(email, password).await?;
        let roles: &[Role] = if superuser { &[Role::Superuser] } else { &[] };
        let mut worker = self.db().worker().await?;
        let user = worker.create_user(email.as_str(), &hash, roles).await?;
        let entry = account("user.create", &user);
        self.commit_worker(worker, who, vec![entry]).await?;
        Ok(user)
    }

    /// Gives a user a new password and ends their sessions.
    ///
    /// # Errors
    /// Refused fields, an unknown address, or a failing database.
    pub async fn set_password(&self, who: &Who, email: &str, password: &SecretString) -> Result<(), Error> {
        let (email, hash) = self.new_credentials(email, password).await?;
        let mut worker = self.db().worker().await?;
        let found = worker.get_user_by_email(email.as_str()).await?;
        let id = found.ok_or(NotFound::User)?.id;
        if !worker.update_user_password(id, &hash, None).await? {
            return Err(NotFound::User.into());
        }
        let ended = worker.delete_sessions_of(id, None).await?;
        let entry = Entry::new("user.password", Subject::user(id, email.as_str()))
            .after(json!({ "password": "replaced", "sessions_ended": ended }));
        self.commit_worker(worker, who, vec![entry]).await
    }

    /// Disables an account, or enables it again, as [`Self::update_user`] does.
    ///
    /// # Errors
    /// An unknown address, [`crate::error::Conflict::LastSuperuser`], or a failing database.
    pub async fn set_user_disabled(&self, who: &Who, email: &str, disabled: bool) -> Result<UserEntry, Error> {
        let update = UpdateUser {
            roles: None,
            disabled: Some(disabled),
        };
        let id = self.user_named(email).await?;
        self.change_user(who, id, update).await
    }

    /// Takes a user's second factor away.
    ///
    /// # Errors
    /// An unknown address, [`crate::error::Conflict::NoSecondFactor`], or a failing database.
    pub async fn reset_second_factor_of(&self, who: &Who, email: &str) -> Result<(), Error> {
        let id = self.user_named(email).await?;
        self.take_second_factor(who, id, "second_factor.reset").await
    }

    /// A link for a lost password, as [`Self::create_reset_link`] makes it.
    ///
    /// # Errors
    /// An unknown address, or a failing database.
    pub async fn create_reset_link_for(&self, who: &Who, email: &str) -> Result<CreatedResetLink, Error> {
        let id = self.user_named(email).await?;
        self.make_reset_link(who, id).await
    }

    /// Deletes a user with everything that they own, as [`Self::delete_user`] does.
    ///
    /// # Errors
    /// An unknown address, [`crate::error::Conflict::LastSuperuser`], or a failing database.
    pub async fn delete_user_named(&self, who: &Who, email: &str) -> Result<Belongings, Error> {
        let id = self.user_named(email).await?;
        self.remove_user(who, id).await
    }

    async fn user_named(&self, email: &str) -> Result<UserId, Error> {
        let email = Email::parse(email).map_err(|_| NotFound::User)?;
        let found = self.db().worker().await?.get_user_by_email(email.as_str()).await?;
        Ok(found.ok_or(NotFound::User)?.id)
    }
}
