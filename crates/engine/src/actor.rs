//! Who asks, and what they may do beyond their own things.

use crate::{
    audit::Who,
    error::{Conflict, Denied, Error},
    idempotency::Attempt,
};
use patchbay_domain::{
    audit::Door,
    ids::{SessionId, UserId},
    user::Role,
};
use std::net::IpAddr;

/// Where a request came in, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// By which way.
    pub door: Door,
    /// What its log lines are found by; none for what no request asked for.
    pub request_id: Option<String>,
    /// The caller's network address, if it is known.
    pub address: Option<IpAddr>,
    /// What it must not do twice, if it came with a key for that.
    pub attempt: Option<Attempt>,
}

impl Origin {
    /// What the server does by itself.
    pub const SYSTEM: Self = Self::without_request(Door::System);
    /// What somebody typed on this machine.
    pub const COMMAND_LINE: Self = Self::without_request(Door::CommandLine);

    const fn without_request(door: Door) -> Self {
        Self {
            door,
            request_id: None,
            address: None,
            attempt: None,
        }
    }
}

/// A signed-in person, as of this request. Roles come from the database each time, never from a cookie or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// Their roles.
    pub roles: Vec<Role>,
    /// The session that the request came with.
    pub session: Option<SessionId>,
    /// Where the request came in.
    pub origin: Origin,
}

impl Actor {
    /// Who does something, for the audit log.
    #[must_use]
    pub fn who(&self) -> Who {
        Who {
            user: Some(self.user),
            origin: self.origin.clone(),
        }
    }

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

    /// Whether they keep order among everybody's servers. Superusers do, too.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.is_superuser() || self.roles.contains(&Role::Admin)
    }

    /// Refuses everybody else.
    ///
    /// # Errors
    /// [`Denied::Admin`].
    pub fn require_admin(&self) -> Result<(), Error> {
        if self.is_admin() {
            Ok(())
        } else {
            Err(Denied::Admin.into())
        }
    }

    /// Refuses what superusers do with others' accounts for their own: that takes their password.
    ///
    /// # Errors
    /// [`Conflict::OwnAccount`].
    pub fn require_other(&self, user: UserId) -> Result<(), Error> {
        if self.user == user {
            Err(Conflict::OwnAccount.into())
        } else {
            Ok(())
        }
    }

    /// Refuses programs that came with an API token: such a token leaks more easily than a session, and must not be able to
    /// make itself at home.
    ///
    /// # Errors
    /// [`Denied::SessionNeeded`].
    pub fn require_session(&self) -> Result<SessionId, Error> {
        self.session.ok_or_else(|| Denied::SessionNeeded.into())
    }
}
