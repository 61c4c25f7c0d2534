//! A second factor for signing in: a code from an authenticator, or one of ten that stand in for it.
//!
//! No code is taken twice, also not by two requests at once: its row is locked while one is tried. Wrong ones are counted
//! there too, so that no number of processes, sessions or addresses makes guessing six digits any faster.

mod recovery;
mod totp;

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject, Who},
    error::{Conflict, Unauthenticated},
    random,
    storage::{second_factors::StoredFactor, worker::Worker},
};
use patchbay_domain::{
    account::{RecoveryCodes, SecondFactorOffer},
    field::{FieldError, FieldErrors},
    ids::UserId,
    user::UserView,
};
use qrcode::{QrCode, render::svg};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// How many wrong codes there may be at once.
const WRONG_AT_ONCE: i32 = 10;
/// How long until one more may be wrong.
const WRONG_AGAIN: Duration = Duration::minutes(1);
/// How wide and high the picture is at least.
const PICTURE: u32 = 224;

impl Engine {
    /// A second factor for the actor's account, not in force until [`Self::confirm_second_factor`]. An offer before it ends.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], a refused `password`, [`Conflict::SecondFactorOn`], or a failing database.
    pub async fn offer_second_factor(
        &self,
        actor: &Actor,
        password: &SecretString,
    ) -> Result<SecondFactorOffer, Error> {
        actor.require_session()?;
        self.require_password(actor, password, "password").await?;
        let secret = SecretSlice::from(random::bytes::<{ totp::SECRET_BYTES }>().to_vec());
        let sealed = self.vault().seal(&purpose(actor.user), secret.expose_secret());
        let mut worker = self.db().worker().await?;
        let email = self.email_of(&mut worker, actor).await?;
        let now = self.clock().now();
        if !worker.offer_second_factor(actor.user, &sealed, now).await? {
            return Err(Conflict::SecondFactorOn.into());
        }
        worker.commit().await?;
        let uri = totp::uri(secret.expose_secret(), &self.issuer(), &email);
        Ok(SecondFactorOffer {
            secret: totp::base32(secret.expose_secret()),
            qr_svg: picture(&uri)?,
            uri,
        })
    }

    /// Puts the offered second factor in force with its first code. The recovery codes' only sight.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], a refused `code`, [`Conflict::SecondFactorOn`], [`Conflict::NoSecondFactor`]
    /// where none was offered, or a failing database.
    pub async fn confirm_second_factor(&self, actor: &Actor, code: &SecretString) -> Result<RecoveryCodes, Error> {
        actor.require_session()?;
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let offered = worker.lock_second_factor(actor.user).await?;
        let offered = offered.ok_or(Conflict::NoSecondFactor)?;
        if offered.confirmed {
            return Err(Conflict::SecondFactorOn.into());
        }
        let secret = self.secret_of(actor.user, &offered)?;
        let Some(step) = totp::matching_step(secret.expose_secret(), &typed(code), now) else {
            let reason = Unauthenticated::BadCode.to_string();
            return Err(FieldErrors::one("code", FieldError::Refused { reason }).into());
        };
        worker.confirm_second_factor(actor.user, now).await?;
        worker.take_step(actor.user, step).await?;
        self.give_recovery_codes(worker, actor, "second_factor.enable").await
    }

    /// Takes the actor's second factor away.
    ///
    /// # Errors
    /// [`crate::error::Denied::SessionNeeded`], a refused `password`, [`Conflict::NoSecondFactor`], or a failing database.
    pub async fn remove_second_factor(&self, actor: &Actor, password: &SecretString) -> Result<(), Error> {
        actor.require_session()?;
        self.require_password(actor, password, "password").await?;
        self.take_second_factor(&actor.who(), actor.user, "second_factor.disable")
            .await
    }

    /// New recovery codes in place of those that are left. The answer is their only sight.
    ///
    /// # Errors
    /// As [`Self::remove_second_factor`].
    pub async fn renew_recovery_codes(&self, actor: &Actor, password: &SecretString) -> Result<RecoveryCodes, Error> {
        actor.require_session()?;
        self.require_password(actor, password, "password").await?;
        let mut worker = self.db().worker().await?;
        let factor = worker.lock_second_factor(actor.user).await?;
        if !factor.is_some_and(|factor| factor.confirmed) {
            return Err(Conflict::NoSecondFactor.into());
        }
        self.give_recovery_codes(worker, actor, "second_factor.recovery_codes")
            .await
    }

    /// Takes somebody's second factor away, who lost the device and the recovery codes.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::Denied::SessionNeeded`], [`Conflict::OwnAccount`],
    /// [`crate::error::NotFound::User`], [`Conflict::NoSecondFactor`], or a failing database.
    pub async fn reset_second_factor(&self, actor: &Actor, user: UserId) -> Result<(), Error> {
        actor.require_superuser()?;
        actor.require_session()?;
        actor.require_other(user)?;
        self.take_second_factor(&actor.who(), user, "second_factor.reset").await
    }

    /// Whether this is a code of the user's, who gave their password before; it is used up by that.
    ///
    /// # Errors
    /// [`Unauthenticated::BadCode`], [`Error::RateLimited`] after too many wrong ones from an authenticator, or a failing
    /// database.
    pub async fn check_second_factor(&self, user: UserId, code: &SecretString) -> Result<UserView, Error> {
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let factor = worker.lock_second_factor(user).await?;
        // Where it was taken away since the password was asked for, that is asked for again.
        let factor = factor
            .filter(|factor| factor.confirmed)
            .ok_or(Unauthenticated::BadCode)?;
        let code = typed(code);
        // There is nothing to guess in a recovery code: it is tried however many others were wrong.
        let can_be_guessed = code.len() == totp::DIGITS;
        let wrong_until = factor.wrong_until.unwrap_or(now).max(now) + WRONG_AGAIN;
        if let Ok(retry_after) = std::time::Duration::try_from(wrong_until - now - WRONG_AGAIN * WRONG_AT_ONCE)
            && can_be_guessed
            && !retry_after.is_zero()
        {
            return Err(Error::RateLimited { retry_after });
        }
        let is_right = self.take_code(&mut worker, user, &factor, &code, now).await?;
        if can_be_guessed && !is_right {
            worker.note_wrong_code(user, wrong_until).await?;
        }
        let found = worker.get_user_by_id(user).await?;
        worker.commit().await?;
        let found = found.filter(|user| is_right && user.disabled_at.is_none());
        found.ok_or_else(|| Unauthenticated::BadCode.into())
    }

    /// Uses a code up; whether it was one.
    async fn take_code(
        &self,
        worker: &mut Worker,
        user: UserId,
        factor: &StoredFactor,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<bool, Error> {
        if code.len() != totp::DIGITS {
            return worker.take_recovery_code(user, &recovery::hash(code)).await;
        }
        let secret = self.secret_of(user, factor)?;
        let step = totp::matching_step(secret.expose_secret(), code, now);
        match step.filter(|step| factor.last_step.is_none_or(|last| *step > last)) {
            Some(step) => worker.take_step(user, step).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes a second factor away, for whoever may.
    pub(crate) async fn take_second_factor(&self, who: &Who, id: UserId, action: &'static str) -> Result<(), Error> {
        let mut worker = self.db().worker().await?;
        let user = worker.get_user_by_id(id).await?.ok_or(crate::error::NotFound::User)?;
        if !worker.delete_second_factor(id).await? {
            return Err(Conflict::NoSecondFactor.into());
        }
        let entry = Entry::new(action, Subject::user(id, &user.email));
        self.commit_worker(worker, who, vec![entry]).await
    }

    async fn give_recovery_codes(
        &self,
        mut worker: Worker,
        actor: &Actor,
        action: &'static str,
    ) -> Result<RecoveryCodes, Error> {
        let (codes, hashes) = recovery::codes();
        worker.put_recovery_codes(actor.user, &hashes).await?;
        let email = self.email_of(&mut worker, actor).await?;
        let entry =
            Entry::new(action, Subject::user(actor.user, &email)).after(json!({ "recovery_codes": hashes.len() }));
        self.commit_worker(worker, &actor.who(), vec![entry]).await?;
        Ok(codes)
    }

    async fn email_of(&self, worker: &mut Worker, actor: &Actor) -> Result<String, Error> {
        let user = worker.get_user_by_id(actor.user).await?;
        Ok(user.ok_or(Unauthenticated::SignedOut)?.email)
    }

    fn secret_of(&self, user: UserId, factor: &StoredFactor) -> Result<SecretSlice<u8>, Error> {
        self.vault()
            .open(&purpose(user), &factor.sealed_secret)
            .map_err(Error::internal)
    }

    /// What an authenticator calls this server. People may have accounts on several.
    fn issuer(&self) -> String {
        match self.config().public_url.host_str() {
            Some(host) => format!("Patchbay {host}"),
            None => "Patchbay".to_owned(),
        }
    }
}

/// What a user's secret is sealed for.
pub(crate) fn purpose(user: UserId) -> String {
    format!("second_factors.secret:{user}")
}

/// What somebody typed, without what people put between characters.
fn typed(code: &SecretString) -> String {
    let is_between = |c: char| c.is_whitespace() || c == '-';
    code.expose_secret().chars().filter(|c| !is_between(*c)).collect()
}

fn picture(uri: &str) -> Result<String, Error> {
    let code = QrCode::new(uri).map_err(Error::internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(PICTURE, PICTURE).build();
    // It stands inside a page, where an XML declaration has no place.
    match picture.split_once("?>") {
        Some((_, picture)) => Ok(picture.to_owned()),
        None => Ok(picture),
    }
}
