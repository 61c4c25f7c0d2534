//! What waits in the session for the next page: sealed, for ten minutes at most, shown once.

use super::{actor, engine, session};
use crate::{error::AppError, outcome::Notice};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use patchbay_domain::{
    Timestamp,
    ids::{ServerId, SourceId, UserId},
    tool::ToolTrial,
};
use patchbay_engine::Error;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use time::Duration;

/// How long most of it waits.
pub(super) const KEPT_FOR: Duration = Duration::minutes(10);
const FLASH: &str = "flash";

/// A form that was sent without scripts, as the next page shows it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormFlash {
    /// Which form of the page it is.
    pub(crate) form: String,
    /// What was typed, but for passwords and connectors' secrets.
    pub(crate) values: BTreeMap<String, String>,
    /// Why it was refused, if it was.
    pub(crate) error: Option<AppError>,
    /// What came of it, where the form is for trying a tool.
    pub(crate) trial: Option<ToolTrial>,
}

/// What waits for the next page, which takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flash {
    /// What to tell.
    pub(crate) notice: Option<Notice>,
    /// The form to show again.
    pub(crate) form: Option<FormFlash>,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    until: Timestamp,
    what: T,
}

/// Keeps a flash for the next page.
pub(super) async fn keep_flash(flash: &Flash) -> Result<(), Error> {
    keep(FLASH, flash).await
}

/// Takes the flash that waits, if one does.
pub(crate) async fn take_flash() -> Result<Flash, Error> {
    Ok(take(FLASH).await?.unwrap_or_default())
}

/// Keeps a server's new token until the server's page shows it.
pub(crate) async fn keep_token(server: ServerId, token: String) -> Result<(), Error> {
    keep(&new_token(server), &token).await
}

/// Takes the new token that waits for this server's page, if one does.
pub(crate) async fn take_token(server: ServerId) -> Result<Option<String>, Error> {
    take(&new_token(server)).await
}

/// Keeps what came of testing a source until the source's page shows it.
pub(crate) async fn keep_test<T: Serialize>(source: SourceId, test: &T) -> Result<(), Error> {
    keep(&source_test(source), test).await
}

/// Takes what came of testing this source, if that waits.
pub(crate) async fn take_test<T: DeserializeOwned>(source: SourceId) -> Result<Option<T>, Error> {
    take(&source_test(source)).await
}

fn source_test(source: SourceId) -> String {
    format!("source_test:{source}")
}

/// Each server's waits under a key of its own, so that another server's page leaves it there.
fn new_token(server: ServerId) -> String {
    format!("new_token:{server}")
}

async fn keep<T: Serialize>(key: &str, what: &T) -> Result<(), Error> {
    keep_for(key, KEPT_FOR, what).await
}

/// Keeps something under a key for this long.
pub(super) async fn keep_for<T: Serialize>(key: &str, time: Duration, what: &T) -> Result<(), Error> {
    seal(key, time, what, actor().map(|actor| actor.user)).await
}

/// Keeps a flash for the next page, which is nobody's.
pub(super) async fn keep_flash_for_nobody(flash: &Flash) -> Result<(), Error> {
    seal(FLASH, KEPT_FOR, flash, None).await
}

/// Keeps something under a key for this long and this person, or for nobody.
pub(super) async fn seal<T: Serialize>(
    key: &str,
    time: Duration,
    what: &T,
    whose: Option<UserId>,
) -> Result<(), Error> {
    let engine = engine();
    let kept = Kept {
        until: (engine.clock().now() + time).into(),
        what,
    };
    let plain = serde_json::to_vec(&kept).map_err(Error::internal)?;
    let sealed = engine.vault().seal(&purpose(key, whose), &plain);
    session()?
        .insert(key, STANDARD_NO_PAD.encode(sealed))
        .await
        .map_err(Error::internal)
}

/// Takes away what waits under a key, if anything does.
pub(super) async fn take<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let session = session()?;
    let Some(text) = session.get::<String>(key).await.map_err(Error::internal)? else {
        return Ok(None);
    };
    // Only now: removing, even nothing, makes the session be written.
    session.remove_value(key).await.map_err(Error::internal)?;
    Ok(open(key, &text))
}

/// What waits under a key, which it goes on doing.
pub(super) async fn look<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let text = session()?.get::<String>(key).await.map_err(Error::internal)?;
    Ok(text.and_then(|text| open(key, &text)))
}

/// What can't be opened any more (ended, sealed by a key that is gone, another person's) is as if it weren't there.
fn open<T: DeserializeOwned>(key: &str, text: &str) -> Option<T> {
    let engine = engine();
    let sealed = STANDARD_NO_PAD.decode(text).unwrap_or_default();
    let purpose = purpose(key, actor().map(|actor| actor.user));
    let plain = engine.vault().open(&purpose, &sealed).ok()?;
    let kept: Kept<T> = serde_json::from_slice(plain.expose_secret()).ok()?;
    (kept.until.0 > engine.clock().now()).then_some(kept.what)
}

/// Bound to the person, not to the session's id, which changes when they sign in.
fn purpose(key: &str, whose: Option<UserId>) -> String {
    match whose {
        Some(user) => format!("{key}:{user}"),
        None => format!("{key}:nobody"),
    }
}
