//! Who asks, and what they may do beyond their own things.

use crate::error::{Denied, Error};
use patchbay_domain::{
    ids::{SessionId, UserId},
    user::Role,
};

/// A signed-in person, as of this request. Roles come from the database each time, never from a cookie or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// Their roles.
    pub roles: Vec<Role>,
    /// The session that the request came with.
    pub session: Option<SessionId>,
}

impl Actor {
    /// Whether they keep the catalogue.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.roles.contains(&Role::Superuser)
    }

    /// Refuses everybody else.
    ///
    /// # Errors
    /// [`Denied::Superuser`].
    pub fn require_superuser(&self) -> Result<(), Error> {
        if self.is_superuser() {
            Ok(())
        } else {
            Err(Denied::Superuser.into())
        }
    }
}
