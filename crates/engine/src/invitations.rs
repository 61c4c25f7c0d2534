//! Links that make one account each, for where not everybody may make one.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::{Conflict, NotFound},
    paging::{cut, moment, time_cursor},
    random,
    storage::invitations::NewInvitation,
};
use patchbay_domain::{
    account::{CreateInvitation, CreatedInvitation, InvitationView},
    field::{FieldError, FieldErrors},
    ids::InvitationId,
    page::{Page, PageRequest},
    user::Email,
};
use secrecy::ExposeSecret;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

/// How long an invitation is good for.
const LIFETIME: Duration = Duration::days(7);

/// How many can be open at once.
const INVITATIONS_MAX: u32 = 1000;

impl Engine {
    /// The invitations that can still be used, newest first.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], a cursor that isn't one, or a failing database.
    pub async fn invitations(&self, actor: &Actor, page: &PageRequest) -> Result<Page<InvitationView>, Error> {
        actor.require_superuser()?;
        let before = moment(page)?;
        let now = self.clock().now();
        let limit = page.limit();
        let mut worker = self.db().worker().await?;
        let mut items = worker.invitations(now, before, limit + 1).await?;
        let next_cursor = cut(&mut items, limit, |last| time_cursor(last.created_at.0, last.id.0));
        Ok(Page {
            items,
            total: worker.count_invitations(now).await?,
            next_cursor,
        })
    }

    /// One more invitation, good for a week. The answer is the only sight of its link.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::Denied::SessionNeeded`] for one that gives roles, a refused
    /// `email`, [`Conflict::InvitationLimit`], or a failing database.
    pub async fn create_invitation(&self, actor: &Actor, new: CreateInvitation) -> Result<CreatedInvitation, Error> {
        actor.require_superuser()?;
        if !new.roles.is_empty() {
            actor.require_session()?;
        }
        self.invite(&actor.who(), new).await
    }

    /// As [`Self::create_invitation`], for whoever runs the server.
    ///
    /// # Errors
    /// As there, but for who may.
    pub async fn invite(&self, who: &Who, new: CreateInvitation) -> Result<CreatedInvitation, Error> {
        let CreateInvitation { email, mut roles } = new;
        roles.sort_unstable();
        roles.dedup();
        let email = email.filter(|email| !email.trim().is_empty());
        let email = email.map(|email| Email::parse(&email)).transpose();
        let email = email.map_err(|error| FieldErrors::one("email", error))?;
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        if let Some(email) = &email
            && worker.get_user_by_email(email.as_str()).await?.is_some()
        {
            return Err(FieldErrors::one("email", FieldError::Taken).into());
        }
        worker.lock_invitations().await?;
        if worker.count_invitations(now).await? >= u64::from(INVITATIONS_MAX) {
            return Err(Conflict::InvitationLimit(INVITATIONS_MAX).into());
        }
        let token = random::token("");
        let row = NewInvitation {
            id: InvitationId(Uuid::new_v4()),
            hash: random::token_hash(token.expose_secret()),
            email: email.as_ref().map(Email::as_str),
            roles: &roles,
            created_by: who.user,
            created_at: now,
            expires_at: now + LIFETIME,
        };
        worker.insert_invitation(&row).await?;
        let created_by = match who.user {
            Some(user) => worker.get_user_by_id(user).await?.map(|user| user.email),
            None => None,
        };
        let view = InvitationView {
            id: row.id,
            email: row.email.map(str::to_owned),
            roles: roles.clone(),
            created_by,
            created_at: now.into(),
            expires_at: row.expires_at.into(),
        };
        // Not for whom: they have no account yet, so that nothing would ever erase it.
        let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        let entry = Entry::new("invitation.create", Subject::invitation(view.id))
            .after(json!({ "roles": words, "for_one_address": view.email.is_some() }));
        self.commit_worker(worker, who, vec![entry]).await?;
        Ok(CreatedInvitation {
            view,
            link: self.page_with_token("sign-up", token.expose_secret()),
            token: token.expose_secret().to_owned(),
        })
    }

    /// Makes an invitation's link worthless.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::Invitation`], or a failing database.
    pub async fn revoke_invitation(&self, actor: &Actor, id: InvitationId) -> Result<(), Error> {
        actor.require_superuser()?;
        let mut worker = self.db().worker().await?;
        if !worker.delete_invitation(id).await? {
            return Err(NotFound::Invitation.into());
        }
        let entry = Entry::new("invitation.revoke", Subject::invitation(id));
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }
}
