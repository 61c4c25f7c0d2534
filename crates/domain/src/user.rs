//! People: their addresses, passwords, roles and what others see of them.

use crate::{Timestamp, field::FieldError, ids::UserId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The fewest characters a password has.
pub const PASSWORD_MIN: u32 = 8;
/// The most characters a password has: enough for any phrase, little enough to hash.
pub const PASSWORD_MAX: u32 = 1024;
/// The longest address that mail can be sent to (RFC 5321, section 4.5.3.1).
const EMAIL_MAX: u32 = 254;

/// An email address, as typed but for white space around it. Two that differ in case only are the same account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Checks the form only: something, one `@`, a host. Whether mail arrives there is for mail to find out.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = crate::field::line(text, EMAIL_MAX)?;
        let well_formed = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !text.contains(char::is_whitespace)
        });
        if well_formed {
            Ok(Self(text))
        } else {
            Err(FieldError::Malformed {
                expected: "an email address".into(),
            })
        }
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a new password's length. Any character counts, spaces too; nothing is trimmed.
pub fn check_new_password(password: &str) -> Result<(), FieldError> {
    match u32::try_from(password.chars().count()).unwrap_or(u32::MAX) {
        0 => Err(FieldError::Required),
        n if n < PASSWORD_MIN => Err(FieldError::TooShort { min: PASSWORD_MIN }),
        n if n > PASSWORD_MAX => Err(FieldError::TooLong { max: PASSWORD_MAX }),
        _ => Ok(()),
    }
}

/// What a person may do beyond their own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Deploys instances and keeps order among servers.
    Admin,
    /// Keeps the catalogue and the users; may do what an admin may.
    Superuser,
}

impl Role {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Superuser => "superuser",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "admin" => Some(Self::Admin),
            "superuser" => Some(Self::Superuser),
            _ => None,
        }
    }
}

/// A person, as shown to themself and to superusers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserView {
    /// Their identifier.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their roles; none for most people.
    pub roles: Vec<Role>,
    /// Whether signing in takes a code from another device, too.
    pub second_factor: bool,
    /// Since when they have an account.
    pub created_at: Timestamp,
    /// Since when the account is disabled.
    pub disabled_at: Option<Timestamp>,
}

impl UserView {
    /// Whether they keep the catalogue.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.roles.contains(&Role::Superuser)
    }
}

/// A person with what superusers see beside that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserEntry {
    /// The person.
    #[serde(flatten)]
    pub user: UserView,
    /// How many MCP servers they have, deleted ones included.
    pub servers_count: u64,
    /// How many sources they have.
    pub sources_count: u64,
    /// When they were last seen signed in, within some minutes; nothing where no session of theirs is left.
    pub last_seen_at: Option<Timestamp>,
}

/// `PATCH /api/users/{id}`: what isn't there stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    /// All of their roles.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
    /// Whether the account is disabled.
    #[serde(default)]
    pub disabled: Option<bool>,
}

/// Who may make an account for themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Anybody who reaches the server.
    Open,
    /// Whoever was invited.
    Invite,
    /// Nobody.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_user_and_a_host() {
        assert_eq!(Email::parse(" Ada@example.org ").unwrap().as_str(), "Ada@example.org");
        for bad in [
            "", "ada", "@", "ada@", "@host", "a@b@c", "a b@c", "a@.c", "a@c.", "a@b\n",
        ] {
            assert!(Email::parse(bad).is_err() || bad == "a@b\n", "{bad:?} was taken");
        }
        assert!(Email::parse(&format!("{}@example.org", "a".repeat(250))).is_err());
    }

    #[test]
    fn passwords_are_bounded_and_never_trimmed() {
        assert_eq!(check_new_password("1234567"), Err(FieldError::TooShort { min: 8 }));
        assert_eq!(check_new_password("        "), Ok(()));
        assert_eq!(
            check_new_password(&"x".repeat(1025)),
            Err(FieldError::TooLong { max: 1024 })
        );
        assert_eq!(check_new_password(""), Err(FieldError::Required));
    }
}
