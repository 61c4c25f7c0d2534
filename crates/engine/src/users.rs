//! People: the first superuser, sign-up, sign-in, and what an operator does from the command line.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::{Denied, NotFound, Unauthenticated},
    random,
    storage::worker::Worker,
};
use patchbay_domain::{
    field::FieldErrors,
    user::{Email, PASSWORD_MAX, Role, SignUp, UserView, check_new_password},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
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
    ) -> Result<UserView, Error> {
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
            .create_user(email.as_str(), &password_hash, Some(Role::Superuser))
            .await?;
        worker.delete_set_up_tokens().await?;
        let entry = account("user.set_up", &user);
        self.commit_worker(worker, &who.known_as(user.id), vec![entry]).await?;
        Ok(user)
    }

    /// Makes an account for whoever asks, where that is open.
    ///
    /// # Errors
    /// [`Denied::SignUpClosed`], refused fields, a known address, or a failing database.
    pub async fn sign_up(&self, who: &Who, email: &str, password: &SecretString) -> Result<UserView, Error> {
        if self.config().sign_up != SignUp::Open {
            return Err(Denied::SignUpClosed.into());
        }
        let (worker, user) = self.add_user(email, password, None).await?;
        let entry = account("user.sign_up", &user);
        self.commit_worker(worker, &who.known_as(user.id), vec![entry]).await?;
        Ok(user)
    }

    /// The user of this address and password. A wrong password and an unknown address look and last the same.
    ///
    /// # Errors
    /// [`Unauthenticated::BadCredentials`], or a failing database.
    pub async fn sign_in(&self, email: &str, password: &SecretString) -> Result<UserView, Error> {
        // Nothing that long can be a password; hashing it would be somebody else's way to keep us busy.
        if password.expose_secret().len() > 4 * PASSWORD_MAX as usize {
            return Err(Unauthenticated::BadCredentials.into());
        }
        let found = match Email::parse(email) {
            Ok(email) => self.db().worker().await?.credentials(email.as_str()).await?,
            // What is no address has no account, which takes as long to find out as for one that is.
            Err(_) => None,
        };
        let (id, hash) = found.unzip();
        let fits = self.0.passwords.verify(password, hash).await?;
        let Some(id) = id.filter(|_| fits) else {
            return Err(Unauthenticated::BadCredentials.into());
        };
        let user = self.db().worker().await?.tx().user(id).await?;
        user.ok_or_else(|| Unauthenticated::BadCredentials.into())
    }

    /// Makes an account, for whoever runs the server.
    ///
    /// # Errors
    /// Refused fields, a known address, or a failing database.
    pub async fn create_user(
        &self,
        who: &Who,
        email: &str,
        password: &SecretString,
        superuser: bool,
    ) -> Result<UserView, Error> {
        let role = superuser.then_some(Role::Superuser);
        let (worker, user) = self.add_user(email, password, role).await?;
        let entry = account("user.create", &user);
        self.commit_worker(worker, who, vec![entry]).await?;
        Ok(user)
    }

    /// Gives a user a new password and ends their sessions, for whoever runs the server.
    ///
    /// # Errors
    /// Refused fields, an unknown address, or a failing database.
    pub async fn set_password(&self, who: &Who, email: &str, password: &SecretString) -> Result<(), Error> {
        let (email, hash) = self.new_credentials(email, password).await?;
        let mut worker = self.db().worker().await?;
        let (id, _) = worker.credentials(email.as_str()).await?.ok_or(NotFound::User)?;
        let ended = worker.update_user_password(id, &hash).await?;
        let entry = Entry::new("user.password", Subject::user(id, email.as_str()))
            .after(json!({ "password": "replaced", "sessions_ended": ended }));
        self.commit_worker(worker, who, vec![entry]).await
    }

    /// The actor as people see them.
    ///
    /// # Errors
    /// When the database fails, or the account has gone meanwhile.
    pub async fn me(&self, actor: &Actor) -> Result<UserView, Error> {
        let user = self.db().begin_as(actor.user).await?.user(actor.user).await?;
        user.ok_or_else(|| Unauthenticated::SignedOut.into())
    }

    /// A new account, and the transaction that it isn't committed in yet.
    async fn add_user(
        &self,
        email: &str,
        password: &SecretString,
        role: Option<Role>,
    ) -> Result<(Worker, UserView), Error> {
        let (email, hash) = self.new_credentials(email, password).await?;
        let mut worker = self.db().worker().await?;
        let user = worker.create_user(email.as_str(), &hash, role).await?;
        Ok((worker, user))
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
}

/// That there is an account now, and what it may do.
fn account(action: &'static str, user: &UserView) -> Entry {
    let roles: Vec<Value> = user.roles.iter().map(|role| role.as_str().into()).collect();
    Entry::new(action, Subject::user(user.id, &user.email)).after(json!({ "roles": roles }))
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
