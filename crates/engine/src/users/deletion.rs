//! The end of an account: with everything that is its own, and with the audit log's words for who that was.

use super::{
    existing,
    manage::{keep_somebody_in_charge, revoke_ways_in},
};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::NotFound,
};
use patchbay_domain::{account::Belongings, ids::UserId};
use secrecy::SecretString;
use serde_json::json;

impl Engine {
    /// What an account owns, which goes when it goes: the actor's own, or anybody's for a superuser.
    ///
    /// # Errors
    /// [`NotFound::User`], or a failing database.
    pub async fn belongings(&self, actor: &Actor, id: UserId) -> Result<Belongings, Error> {
        if actor.user != id && !actor.is_superuser() {
            return Err(NotFound::User.into());
        }
        let mut worker = self.db().worker().await?;
        existing(&mut worker, id).await?;
        worker.belongings(id, self.clock().now()).await
    }

    /// Deletes a user with everything that they own; what that was. The audit log keeps its rows, and forgets whom they name.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::Conflict::OwnAccount`], [`NotFound::User`],
    /// [`crate::error::Conflict::LastSuperuser`], or a failing database.
    pub async fn delete_user(&self, actor: &Actor, id: UserId) -> Result<Belongings, Error> {
        actor.require_superuser()?;
        actor.require_other(id)?;
        self.remove_user(&actor.who(), id).await
    }

    /// Deletes the actor's own account, as [`Self::delete_user`] does.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], a refused `password`, [`crate::error::Conflict::LastSuperuser`], or a failing
    /// database.
    pub async fn delete_account(&self, actor: &Actor, password: &SecretString) -> Result<Belongings, Error> {
        actor.require_session()?;
        self.require_password(actor, password, "password").await?;
        self.remove_user(&actor.who(), actor.user).await
    }

    pub(super) async fn remove_user(&self, who: &Who, id: UserId) -> Result<Belongings, Error> {
        let mut worker = self.db().worker().await?;
        worker.lock_superusers().await?;
        let before = existing(&mut worker, id).await?;
        let belongings = worker.belongings(id, self.clock().now()).await?;
        // While it is still known whose they are.
        let mut entries = revoke_ways_in(&mut worker, id).await?;
        if !worker.delete_user(id).await? {
            return Err(NotFound::User.into());
        }
        entries.extend(keep_somebody_in_charge(&mut worker, &before, None).await?);
        // An open invitation would tell of them, and make them an account again.
        let open = worker.delete_invitations_to(&before.email).await?;
        entries.extend(
            open.into_iter()
                .map(|id| Entry::new("invitation.revoke", Subject::invitation(id))),
        );
        worker.erase_identities(id).await?;
        let entry = Entry::new("user.delete", Subject::erased_user(id)).after(json!({
            "mcp_servers": belongings.mcp_servers,
            "mcp_server_tokens": belongings.mcp_server_tokens,
            "sources": belongings.sources,
            "api_tokens": belongings.api_tokens,
            "sessions": belongings.sessions,
        }));
        entries.push(entry);
        self.commit_worker(worker, who, entries).await?;
        Ok(belongings)
    }
}
