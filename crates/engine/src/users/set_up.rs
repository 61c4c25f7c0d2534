//! The first superuser, with a link that the log shows.

use super::{Proven, account};
use crate::{Engine, Error, audit::Who, error::Denied, random, storage::worker::Worker};
use patchbay_domain::user::Role;
use secrecy::{ExposeSecret, SecretString};
use time::Duration;

/// How long a set-up link is good for.
const SET_UP_LIFETIME: Duration = Duration::hours(1);

impl Engine {
    /// Whether there is no superuser yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn needs_set_up(&self) -> Result<bool, Error> {
        Ok(!self.db().worker().await?.has_superuser().await?)
    }

    /// A token that makes the first superuser, once, within an hour. Nothing when there is a superuser already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issue_set_up_token(&self) -> Result<Option<SecretString>, Error> {
        let mut worker = self.db().worker().await?;
        if worker.has_superuser().await? {
            return Ok(None);
        }
        let token = random::token("");
        let hash = random::token_hash(token.expose_secret());
        worker
            .insert_set_up_token(&hash, self.clock().now() + SET_UP_LIFETIME)
            .await?;
        worker.commit().await?;
        Ok(Some(token))
    }

    /// Makes the first superuser with a token from [`Self::issue_set_up_token`], and ends all such tokens.
    ///
    /// # Errors
    /// [`Denied::SetUpDone`], [`Denied::BadSetUpToken`], refused fields, or a failing database. A refused field
    /// leaves the token as it was.
    pub async fn set_up(
        &self,
        who: &Who,
        token: &SecretString,
        email: &str,
        password: &SecretString,
    ) -> Result<Proven, Error> {
        let hash = random::token_hash(token.expose_secret());
        {
            // Before the password is hashed, which is work that only a valid token should cause.
            let mut worker = self.db().worker().await?;
            check_set_up(&mut worker, &hash, self.clock().now()).await?;
        }
        let (email, password_hash) = self.new_credentials(email, password).await?;
        let mut worker = self.db().worker().await?;
        worker.lock_set_up().await?;
        check_set_up(&mut worker, &hash, self.clock().now()).await?;
        let user = worker
            .create_user(email.as_str(), &password_hash, &[Role::Superuser])
            .await?;
        worker.delete_set_up_tokens().await?;
        let entry = account("user.set_up", &user);
        self.commit_worker(worker, &who.known_as(user.id), vec![entry]).await?;
        Ok(Proven::by(user, &password_hash))
    }
}

async fn check_set_up(worker: &mut Worker, hash: &[u8; 32], now: time::OffsetDateTime) -> Result<(), Error> {
    if worker.has_superuser().await? {
        return Err(Denied::SetUpDone.into());
    }
    if !worker.has_set_up_token(hash, now).await? {
        return Err(Denied::BadSetUpToken.into());
    }
    Ok(())
}
