//! People: accounts from sign-up to deletion, and what superusers do with them, one file a matter.
//!
//! What belongs to an account beside the person has a file of its own next door: sessions, the second factor, API tokens,
//! invitations. A password is only ever checked by [`sign_in`] and by [`Engine::require_password`], and each check costs one
//! hash, whatever comes of it.

mod deletion;
mod manage;
mod operator;
mod password;
mod reset;
mod set_up;
mod sign_in;
mod sign_up;

pub use manage::UserFilter;
pub(crate) use manage::keep_somebody_in_charge;
pub(crate) use sign_in::PasswordMark;
pub use sign_in::Proven;

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::Unauthenticated,
    storage::worker::Worker,
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    ids::UserId,
    user::{Email, PASSWORD_MAX, Role, UserView, check_new_password},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

impl Engine {
    /// The actor as people see them.
    ///
    /// # Errors
    /// When the database fails, or the account has gone meanwhile.
    pub async fn me(&self, actor: &Actor) -> Result<UserView, Error> {
        let user = self.db().worker().await?.get_user_by_id(actor.user).await?;
        user.ok_or_else(|| Unauthenticated::SignedOut.into())
    }

    /// How many passwords were hashed since the start, to be stored or to be checked. Each takes a core for a while, and
    /// nothing else here does.
    #[must_use]
    pub fn passwords_hashed(&self) -> u64 {
        self.0.passwords.done()
    }

    /// A checked address, and the hash of a checked password.
    async fn new_credentials(&self, email: &str, password: &SecretString) -> Result<(Email, String), Error> {
        let mut errors = FieldErrors::default();
        let email = errors.check("email", Email::parse(email));
        errors.check("password", check_new_password(password.expose_secret()));
        let email = match email {
            Some(email) if errors.is_empty() => email,
            _ => return Err(errors.into()),
        };
        Ok((email, self.0.passwords.hash(password).await?))
    }

    /// The hash that the actor's password fits, for a change that takes more than being signed in.
    ///
    /// # Errors
    /// A refused `field`, when it is another password.
    pub(crate) async fn require_password(
        &self,
        actor: &Actor,
        password: &SecretString,
        field: &str,
    ) -> Result<String, Error> {
        if !can_be_password(password) {
            return Err(wrong_password(field).into());
        }
        let hash = self.db().worker().await?.hashed_password(actor.user).await?;
        if !self.0.passwords.verify(password, hash.clone()).await? {
            return Err(wrong_password(field).into());
        }
        hash.ok_or_else(|| Unauthenticated::SignedOut.into())
    }
}

/// Nothing that long can be a password; hashing it would be somebody else's way to keep us busy.
fn can_be_password(password: &SecretString) -> bool {
    password.expose_secret().len() <= 4 * PASSWORD_MAX as usize
}

fn wrong_password(field: &str) -> FieldErrors {
    let reason = "This is not your password.".to_owned();
    FieldErrors::one(field, FieldError::Refused { reason })
}

/// The roles as the audit log has them.
fn words(roles: &[Role]) -> Value {
    roles.iter().map(|role| role.as_str()).collect()
}

/// That there is an account now, and what it may do.
fn account(action: &'static str, user: &UserView) -> Entry {
    Entry::new(action, Subject::user(user.id, &user.email)).after(json!({ "roles": words(&user.roles) }))
}

/// A user who must be there.
async fn existing(worker: &mut Worker, id: UserId) -> Result<UserView, Error> {
    let user = worker.get_user_by_id(id).await?;
    user.ok_or_else(|| crate::error::NotFound::User.into())
}
