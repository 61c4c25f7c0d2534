//! Who somebody is: by address and password, and by a code where the account asks for one.
//!
//! An unknown address, a wrong password and a disabled account look and last the same: one look-up, one hash, one answer.

use super::can_be_password;
use crate::{Engine, Error, error::Unauthenticated, random};
use patchbay_domain::user::{Email, UserView};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Somebody who has shown their password, which is what a session begins with. Worth nothing once they have another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proven {
    /// Who that is.
    pub user: UserView,
    pub(crate) password: PasswordMark,
}

/// Which password it was: the hash of its hash.
pub(crate) type PasswordMark = [u8; 32];

impl Proven {
    /// Somebody whose password fits this hash.
    pub(super) fn by(user: UserView, hash: &str) -> Self {
        Self {
            user,
            password: random::token_hash(hash),
        }
    }
}

impl Engine {
    /// The user of this address and password. Where [`UserView::second_factor`] is set, that alone is not enough to sign in.
    ///
    /// # Errors
    /// [`Unauthenticated::BadCredentials`], or a failing database.
    pub async fn authenticate_user(&self, email: &str, password: &SecretString) -> Result<Proven, Error> {
        if !can_be_password(password) {
            return Err(Unauthenticated::BadCredentials.into());
        }
        let found = match Email::parse(email) {
            Ok(email) => self.db().worker().await?.get_user_by_email(email.as_str()).await?,
            // What is no address has no account, which takes as long to find out as for one that is.
            Err(_) => None,
        };
        let hash = found.as_ref().map(|found| found.hash.clone());
        let fits = self.0.passwords.verify(password, hash).await?;
        let Some(found) = found.filter(|found| fits && !found.disabled) else {
            return Err(Unauthenticated::BadCredentials.into());
        };
        let user = self.db().worker().await?.get_user_by_id(found.id).await?;
        let user = user.ok_or(Unauthenticated::BadCredentials)?;
        Ok(Proven::by(user, &found.hash))
    }

    /// The user of this address and password, and of this code where the account asks for one. A recovery code does, too.
    ///
    /// # Errors
    /// [`Unauthenticated::BadCredentials`], [`Unauthenticated::SecondFactorRequired`] and what
    /// [`Self::check_second_factor`] refuses, or a failing database. Whoever doesn't know the password doesn't learn whether
    /// a code is asked for.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &SecretString,
        code: Option<&SecretString>,
    ) -> Result<Proven, Error> {
        let proven = self.authenticate_user(email, password).await?;
        if !proven.user.second_factor {
            return Ok(proven);
        }
        let code = code.filter(|code| !code.expose_secret().trim().is_empty());
        let code = code.ok_or(Unauthenticated::SecondFactorRequired)?;
        self.check_second_factor(proven.user.id, code).await?;
        Ok(proven)
    }
}
