//! Everybody, for superusers: found, given roles, disabled and enabled.

use super::{existing, words};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::{Conflict, NotFound},
    paging::{check_search, containing, cut, moment, time_cursor},
    storage::worker::Worker,
};
use patchbay_domain::{
    ids::UserId,
    page::{Page, PageRequest},
    user::{Role, UpdateUser, UserEntry, UserView},
};
use serde_json::json;

/// Which users a list shows.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of an address, whatever its case.
    pub q: Option<String>,
    /// Only those who have this role.
    pub role: Option<Role>,
    /// Only those who are disabled, or only those who are not.
    pub disabled: Option<bool>,
}

impl UserFilter {
    /// What is searched for, as a pattern for `ILIKE`; nothing when that is everything.
    pub(crate) fn pattern(&self) -> Option<String> {
        let q = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
        q.map(containing)
    }
}

impl Engine {
    /// Everybody whom the filter lets through, newest first.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], a cursor that isn't one, a search for what no text holds, or a failing database.
    pub async fn users(
        &self,
        actor: &Actor,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Page<UserEntry>, Error> {
        actor.require_superuser()?;
        self.users_for_operator(filter, page).await
    }

    /// As [`Self::users`], for whoever runs the server.
    ///
    /// # Errors
    /// As there, but for the role.
    pub async fn users_for_operator(&self, filter: &UserFilter, page: &PageRequest) -> Result<Page<UserEntry>, Error> {
        check_search("q", filter.q.as_deref())?;
        let before = moment(page)?;
        let limit = page.limit();
        let mut worker = self.db().worker().await?;
        let mut items = worker.users_page(filter, before, limit + 1).await?;
        let next_cursor = cut(&mut items, limit, |last| {
            time_cursor(last.user.created_at.0, last.user.id.0)
        });
        Ok(Page {
            items,
            total: worker.count_users(filter).await?,
            next_cursor,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::User`], or a failing database.
    pub async fn user(&self, actor: &Actor, id: UserId) -> Result<UserEntry, Error> {
        actor.require_superuser()?;
        let found = self.db().worker().await?.user_entry(id).await?;
        found.ok_or_else(|| NotFound::User.into())
    }

    /// Gives a user these roles and no others, disables their account, or enables it again; what isn't said stays. Disabling
    /// it ends its sessions.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::Denied::SessionNeeded`] where roles are given, [`NotFound::User`],
    /// [`Conflict::LastSuperuser`], or a failing database.
    pub async fn update_user(&self, actor: &Actor, id: UserId, update: UpdateUser) -> Result<UserEntry, Error> {
        actor.require_superuser()?;
        if update.roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
            actor.require_session()?;
        }
        self.change_user(&actor.who(), id, update).await
    }

    pub(super) async fn change_user(&self, who: &Who, id: UserId, update: UpdateUser) -> Result<UserEntry, Error> {
        let mut worker = self.db().worker().await?;
        worker.lock_superusers().await?;
        let before = existing(&mut worker, id).await?;
        let mut entries = Vec::new();
        if let Some(roles) = update.roles {
            entries.extend(change_roles(&mut worker, &before, roles).await?);
        }
        if let Some(disabled) = update.disabled {
            let at = disabled.then(|| self.clock().now());
            if worker.set_disabled(id, at).await? {
                entries.push(if disabled {
                    let ended = worker.delete_sessions_of(id, None).await?;
                    Entry::new("user.disable", Subject::user(id, &before.email))
                        .after(json!({ "sessions_ended": ended }))
                } else {
                    Entry::new("user.enable", Subject::user(id, &before.email))
                });
            }
        }
        let after = existing(&mut worker, id).await?;
        entries.extend(keep_somebody_in_charge(&mut worker, &before, Some(&after)).await?);
        let entry = worker.user_entry(id).await?.ok_or(NotFound::User)?;
        self.commit_worker(worker, who, entries).await?;
        Ok(entry)
    }
}

async fn change_roles(worker: &mut Worker, before: &UserView, mut roles: Vec<Role>) -> Result<Option<Entry>, Error> {
    roles.sort_unstable();
    roles.dedup();
    if roles == before.roles {
        return Ok(None);
    }
    worker.tx().put_roles(before.id, &roles).await?;
    let entry = Entry::new("user.update", Subject::user(before.id, &before.email))
        .before(json!({ "roles": words(&before.roles) }))
        .after(json!({ "roles": words(&roles) }));
    Ok(Some(entry))
}

/// Whoever stops being somebody in charge takes the ways in along that they made for others; refused where nobody would be
/// left. Asked after the change, so that a change that another transaction made meanwhile counts.
pub(crate) async fn keep_somebody_in_charge(
    worker: &mut Worker,
    before: &UserView,
    after: Option<&UserView>,
) -> Result<Vec<Entry>, Error> {
    let in_charge = |user: &UserView| user.is_superuser() && user.disabled_at.is_none();
    if !in_charge(before) || after.is_some_and(in_charge) {
        return Ok(Vec::new());
    }
    if worker.count_enabled_superusers().await? == 0 {
        return Err(Conflict::LastSuperuser.into());
    }
    revoke_ways_in(worker, before.id).await
}

/// Revokes what lets others in that somebody made: links for lost passwords, and open invitations.
pub(super) async fn revoke_ways_in(worker: &mut Worker, by: UserId) -> Result<Vec<Entry>, Error> {
    worker.delete_password_resets_by(by).await?;
    let revoked = worker.delete_invitations_by(by).await?;
    let entries = revoked.into_iter();
    Ok(entries
        .map(|id| Entry::new("invitation.revoke", Subject::invitation(id)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_a_text_with_something_in_it() {
        let filter = |q: &str| UserFilter {
            q: Some(q.into()),
            ..UserFilter::default()
        };
        assert_eq!(filter(" 50%_\\ ").pattern().as_deref(), Some("%50\\%\\_\\\\%"));
        assert_eq!(filter("  ").pattern(), None);
    }
}
