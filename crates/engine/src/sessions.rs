//! Who a request comes from: browser sessions, and access tokens that hang on a session's row.

use crate::{
    Actor, Engine, Error,
    api_tokens::API_TOKEN_PREFIX,
    audit::{Entry, Subject, Who},
    error::{NotFound, Unauthenticated},
    jwt,
    paging::{cut, moment, time_cursor},
    storage::sessions::{ADDRESS, DEVICE, PASSWORD, PgSessionStore, RENEWED, ROW, USER},
    users::Proven,
};
use patchbay_domain::{
    Timestamp,
    account::SessionView,
    ids::SessionId,
    page::{Page, PageRequest},
    user::UserView,
};
use secrecy::SecretString;
use serde_json::json;
use time::Duration;
use tower_sessions::{Expiry, Session};
use uuid::Uuid;

/// How long a session lasts after its last change.
pub const SESSION_LIFETIME: Duration = Duration::days(14);

/// The most characters of a browser's own name that are kept.
const DEVICE_MAX: usize = 200;

/// How often it is written down that a session is in use.
const NOTED_EVERY: Duration = Duration::minutes(5);

/// How long a second factor waits for its first code.
const OFFER_LIFETIME: Duration = Duration::days(1);

/// A JWT for `Authorization: Bearer`.
#[derive(Debug)]
pub struct AccessToken {
    /// The token.
    pub token: SecretString,
    /// Seconds until it ends.
    pub expires_in: u32,
}

impl Engine {
    /// Where browser sessions are kept.
    #[must_use]
    pub fn session_store(&self) -> PgSessionStore {
        PgSessionStore::new(self.db().clone(), self.vault().clone(), self.clock().clone())
    }

    /// Signs a user in with this session, whose cookie gets a new value, so that one planted before is worth nothing.
    ///
    /// # Errors
    /// [`Unauthenticated::BadCredentials`] when the account has another password meanwhile, is switched off or gone, or a
    /// session that can't be stored.
    pub async fn begin_session(
        &self,
        who: &Who,
        session: &Session,
        proven: &Proven,
        device: &str,
    ) -> Result<SessionId, Error> {
        let user = proven.user.id;
        let row = SessionId(Uuid::new_v4());
        let previous: Option<SessionId> = session.get(ROW).await.map_err(Error::internal)?;
        let device: String = device.chars().filter(|c| !c.is_control()).take(DEVICE_MAX).collect();
        session.cycle_id().await.map_err(Error::internal)?;
        session.insert(ROW, row).await.map_err(Error::internal)?;
        session.insert(USER, user).await.map_err(Error::internal)?;
        session
            .insert(PASSWORD, proven.password)
            .await
            .map_err(Error::internal)?;
        session.insert(DEVICE, &device).await.map_err(Error::internal)?;
        let address = who.origin.address.map(|address| address.to_string());
        session.insert(ADDRESS, address).await.map_err(Error::internal)?;
        self.renew(session).await?;
        // First, because the session is stored in a transaction of its own: a sign-in that failed at the last step may
        // be in the log, but none that isn't in the log has worked.
        let ended = previous.map(|previous| Entry::new("session.end", Subject::session(previous)));
        let begun = Entry::new("session.create", Subject::session(row)).device(device);
        let entries = ended.into_iter().chain([begun]).collect();
        let mut worker = self.db().worker().await?;
        if worker.password_is(user, &proven.password).await? {
            self.commit_worker(worker, &who.known_as(user), entries).await?;
            session.save().await.map_err(Error::internal)?;
            // It wasn't stored where the password was replaced in between.
            if self.actor_of_row(row).await?.is_some() {
                return Ok(row);
            }
        }
        session.flush().await.map_err(Error::internal)?;
        Err(Unauthenticated::BadCredentials.into())
    }

    /// Gives a session that is in use its whole lifetime again, once half of it is over.
    ///
    /// # Errors
    /// When the session can't be read.
    pub async fn keep_session(&self, session: &Session) -> Result<(), Error> {
        let renewed: Option<Timestamp> = session.get(RENEWED).await.map_err(Error::internal)?;
        if renewed.is_some_and(|at| self.clock().now() - at.0 < SESSION_LIFETIME / 2) {
            return Ok(());
        }
        self.renew(session).await
    }

    /// Begins the lifetime anew, and notes that.
    async fn renew(&self, session: &Session) -> Result<(), Error> {
        let now = Timestamp::from(self.clock().now());
        session.insert(RENEWED, now).await.map_err(Error::internal)?;
        session.set_expiry(Some(Expiry::OnInactivity(SESSION_LIFETIME)));
        Ok(())
    }

    /// Signs out: the session's row goes, and with it the access tokens that hang on it. A session of nobody goes too.
    ///
    /// # Errors
    /// When the session can't be deleted.
    pub async fn end_session(&self, actor: Option<&Actor>, session: &Session) -> Result<(), Error> {
        if let Some(actor) = actor {
            self.end_session_of(actor).await?;
        }
        session.flush().await.map_err(Error::internal)
    }

    /// Signs out whoever came with an access token only: the session's row that it hangs on goes.
    ///
    /// # Errors
    /// When the session can't be deleted.
    pub async fn end_session_of(&self, actor: &Actor) -> Result<(), Error> {
        let Some(session) = actor.session else { return Ok(()) };
        let mut worker = self.db().worker().await?;
        if !worker.delete_session(actor.user, session).await? {
            return Ok(());
        }
        let entry = Entry::new("session.end", Subject::session(session));
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }

    /// Where the actor is signed in, what was used last first.
    ///
    /// # Errors
    /// A cursor that isn't one, or a failing database.
    pub async fn sessions(&self, actor: &Actor, page: &PageRequest) -> Result<Page<SessionView>, Error> {
        let before = moment(page)?;
        let (now, limit) = (self.clock().now(), page.limit());
        let mut worker = self.db().worker().await?;
        let mut items = worker
            .sessions_of(actor.user, actor.session, now, before, limit + 1)
            .await?;
        let next_cursor = cut(&mut items, limit, |last| time_cursor(last.last_used_at.0, last.id.0));
        Ok(Page {
            items,
            total: worker.count_sessions_of(actor.user, now).await?,
            next_cursor,
        })
    }

    /// Signs the actor out somewhere.
    ///
    /// # Errors
    /// [`NotFound::Session`], or a failing database.
    pub async fn revoke_session(&self, actor: &Actor, id: SessionId) -> Result<(), Error> {
        let mut worker = self.db().worker().await?;
        if !worker.delete_session(actor.user, id).await? {
            return Err(NotFound::Session.into());
        }
        let entry = Entry::new("session.end", Subject::session(id));
        self.commit_worker(worker, &actor.who(), vec![entry]).await
    }

    /// Signs the actor out everywhere but here; how many sessions that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_other_sessions(&self, actor: &Actor) -> Result<u64, Error> {
        let mut worker = self.db().worker().await?;
        let ended = worker.delete_sessions_of(actor.user, actor.session).await?;
        if ended > 0 {
            let user = worker
                .get_user_by_id(actor.user)
                .await?
                .ok_or(Unauthenticated::SignedOut)?;
            let entry = Entry::new("session.end", Subject::user(user.id, &user.email))
                .after(json!({ "sessions_ended": ended }));
            self.commit_worker(worker, &actor.who(), vec![entry]).await?;
        }
        Ok(ended)
    }

    /// Who is signed in with this session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn actor_of_session(&self, session: &Session) -> Result<Option<Actor>, Error> {
        match session.get::<SessionId>(ROW).await.map_err(Error::internal)? {
            Some(row) => self.actor_of_row(row).await,
            None => Ok(None),
        }
    }

    async fn actor_of_row(&self, row: SessionId) -> Result<Option<Actor>, Error> {
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let Some(seen) = worker.session_actor(row, now).await? else {
            return Ok(None);
        };
        let unless_since = now - NOTED_EVERY;
        if seen.last_used_at.is_none_or(|at| at <= unless_since) {
            worker.touch_session(row, now, unless_since).await?;
            worker.commit().await?;
        }
        Ok(Some(seen.actor))
    }

    /// An access token for this session.
    ///
    /// # Errors
    /// When it can't be signed.
    pub fn access_token(&self, user: &UserView, session: SessionId) -> Result<AccessToken, Error> {
        let token = jwt::sign(&self.config().jwt_secret, user.id, session, self.clock().now())?;
        Ok(AccessToken {
            token,
            expires_in: jwt::LIFETIME_SECONDS,
        })
    }

    /// Whom a token after `Authorization: Bearer` speaks for: an API token, or an access token, whose session's row is
    /// looked up each time, so that signing out ends it at once.
    ///
    /// # Errors
    /// [`Unauthenticated::BadToken`], or a failing database.
    pub async fn actor_of_bearer(&self, token: &str) -> Result<Actor, Error> {
        if token.starts_with(API_TOKEN_PREFIX) {
            return self.actor_of_api_token(token).await;
        }
        let claims = jwt::verify(&self.config().jwt_secret, token, self.clock().now())?;
        let actor = self.actor_of_row(claims.sid).await?;
        actor
            .filter(|actor| actor.user == claims.sub)
            .ok_or_else(|| Unauthenticated::BadToken.into())
    }

    /// Deletes what has ended: sessions (how many), links, invitations, second factors that were never confirmed. For a task
    /// that runs now and then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_expired_sessions(&self) -> Result<u64, Error> {
        let now = self.clock().now();
        let mut worker = self.db().worker().await?;
        let deleted = worker.delete_expired(now, now - OFFER_LIFETIME).await?;
        worker.commit().await?;
        Ok(deleted)
    }
}
