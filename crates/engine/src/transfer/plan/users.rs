//! What becomes of users.

use super::{Kind, Member, Planner};
use crate::transfer::export::user_entry;
use patchbay_domain::{ids::UserId, user::Role};

/// What to write of a user.
#[derive(Debug)]
pub(in crate::transfer) struct UserStep {
    /// Nothing for a new one.
    pub(in crate::transfer) id: Option<UserId>,
    pub(in crate::transfer) email: String,
    pub(in crate::transfer) before: Option<Vec<Role>>,
    pub(in crate::transfer) roles: Vec<Role>,
}

impl UserStep {
    /// Whether somebody may do more afterwards than before.
    pub(in crate::transfer) fn gives_roles(&self) -> bool {
        let before = self.before.as_deref().unwrap_or_default();
        self.roles.iter().any(|role| !before.contains(role))
    }
}

impl Planner<'_> {
    pub(super) fn users(&mut self) -> Vec<UserStep> {
        let mut steps = Vec::new();
        let mut demoted = Vec::new();
        // Those that the document only names as owners stay what they are.
        let named: Vec<String> = self
            .document
            .users
            .iter()
            .map(|user| user.email.to_lowercase())
            .collect();
        let mut superusers = self.stored.other_superusers;
        for (email, user) in &self.stored.users {
            superusers += u64::from(user.roles.contains(&Role::Superuser) && !self.emails.contains(email));
        }
        for (index, (entry, email)) in self.document.users.iter().zip(&named).enumerate() {
            let stored = self.stored.users.get(email);
            let before = stored.and_then(|stored| user_entry(stored).roles);
            let roles = entry.roles.clone().or_else(|| before.clone()).unwrap_or_default();
            let is_superuser = roles.contains(&Role::Superuser);
            superusers += u64::from(is_superuser);
            if !is_superuser && before.as_ref().is_some_and(|before| before.contains(&Role::Superuser)) {
                demoted.push(format!("users[{index}].roles"));
            }
            let mut members = Vec::new();
            if before.as_ref() != Some(&roles) {
                let words = words(&roles);
                members.push(Member::new(
                    "roles",
                    before.as_deref().map(self::words).as_deref(),
                    Some(&words),
                ));
            }
            if self.note(Kind::User, entry.email.clone(), stored.is_none(), members) {
                steps.push(UserStep {
                    id: stored.map(|stored| stored.id),
                    email: entry.email.clone(),
                    before,
                    roles,
                });
            }
        }
        if superusers == 0 {
            for path in demoted {
                self.problems.add(&path, "Nobody would be superuser any more.");
            }
        }
        steps
    }
}

fn words(roles: &[Role]) -> String {
    if roles.is_empty() {
        return "none".to_owned();
    }
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}
