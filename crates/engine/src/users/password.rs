//! A new password, in place of one that is known.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
};
use patchbay_domain::{field::FieldErrors, user::check_new_password};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

impl Engine {
    /// Gives the actor a new password and ends their other sessions; how many there were. API tokens stay.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], refused fields (`current_password`, `new_password`), or a failing database.
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<u64, Error> {
        let session = actor.require_session()?;
        check_new_password(new.expose_secret()).map_err(|error| FieldErrors::one("new_password", error))?;
        let before = self.require_password(actor, current, "current_password").await?;
        let hash = self.0.passwords.hash(new).await?;
        let mut worker = self.db().worker().await?;
        if !worker.update_user_password(actor.user, &hash, Some(&before)).await? {
            // Somebody else changed it since it was checked.
            return Err(super::wrong_password("current_password").into());
        }
        let user = super::existing(&mut worker, actor.user).await?;
        let ended = worker.delete_sessions_of(actor.user, Some(session)).await?;
        let entry = Entry::new("user.password", Subject::user(user.id, &user.email))
            .after(json!({ "password": "replaced", "sessions_ended": ended }));
        self.commit_worker(worker, &actor.who(), vec![entry]).await?;
        Ok(ended)
    }
}
