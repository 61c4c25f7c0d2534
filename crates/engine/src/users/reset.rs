//! Links for lost passwords: a superuser makes one, whoever has it sets the password, once.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::Denied,
    random,
};
use patchbay_domain::{account::CreatedResetLink, field::FieldErrors, ids::UserId, user::check_new_password};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use time::Duration;

/// How long a link is good for.
const RESET_LIFETIME: Duration = Duration::hours(24);

impl Engine {
    /// A link with which somebody who lost their password sets a new one, once, within a day. The answer is its only sight,
    /// and an older one of that user ends.
    ///
    /// # Errors
    /// [`Denied::Superuser`], [`Denied::SessionNeeded`], [`crate::error::Conflict::OwnAccount`],
    /// [`crate::error::NotFound::User`], or a failing database.
    pub async fn create_reset_link(&self, actor: &Actor, user: UserId) -> Result<CreatedResetLink, Error> {
        actor.require_superuser()?;
        actor.require_session()?;
        actor.require_other(user)?;
        self.make_reset_link(&actor.who(), user).await
    }

    pub(super) async fn make_reset_link(&self, who: &Who, id: UserId) -> Result<CreatedResetLink, Error> {
        let now = self.clock().now();
        let expires_at = now + RESET_LIFETIME;
        let token = random::token("");
        let hash = random::token_hash(token.expose_secret());
        let mut worker = self.db().worker().await?;
        let user = super::existing(&mut worker, id).await?;
        worker.put_password_reset(id, &hash, who.user, now, expires_at).await?;
        let expires_at = expires_at.into();
        let entry = Entry::new("user.reset_link", Subject::user(id, &user.email))
            .after(json!({ "expires_at": patchbay_domain::Timestamp::to_string(&expires_at) }));
        self.commit_worker(worker, who, vec![entry]).await?;
        Ok(CreatedResetLink {
            user_id: id,
            link: self.page_with_token("reset-password", token.expose_secret()),
            token: token.expose_secret().to_owned(),
            expires_at,
        })
    }

    /// Sets the password of whom the link was made for and ends all of their sessions. The second factor stays on.
    ///
    /// # Errors
    /// [`Denied::BadResetLink`], a refused `password`, which leaves the link as it was, or a failing database.
    pub async fn reset_password(&self, who: &Who, token: &SecretString, password: &SecretString) -> Result<(), Error> {
        let token = random::token_hash(token.expose_secret().trim());
        // Before the password is hashed, which is work that only a valid link should cause.
        let found = self
            .db()
            .worker()
            .await?
            .password_reset(&token, self.clock().now())
            .await?;
        let id = found.ok_or(Denied::BadResetLink)?;
        check_new_password(password.expose_secret()).map_err(|error| FieldErrors::one("password", error))?;
        let hash = self.0.passwords.hash(password).await?;
        let mut worker = self.db().worker().await?;
        if !worker.take_password_reset(&token).await? {
            return Err(Denied::BadResetLink.into());
        }
        let user = super::existing(&mut worker, id).await?;
        worker.update_user_password(id, &hash, None).await?;
        let ended = worker.delete_sessions_of(id, None).await?;
        let entry = Entry::new("user.reset_password", Subject::user(id, &user.email))
            .after(json!({ "password": "replaced", "sessions_ended": ended }));
        self.commit_worker(worker, &who.known_as(id), vec![entry]).await
    }

    /// The address of a page that takes a token, which stands behind the `#`, where it reaches no log.
    pub(crate) fn page_with_token(&self, page: &str, token: &str) -> String {
        let base = self.config().public_url.as_str().trim_end_matches('/');
        format!("{base}/{page}#token={token}")
    }
}
