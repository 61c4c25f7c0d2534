//! What waits in the session for the next page: sealed, for ten minutes at most, shown once.

use super::{actor, engine, session};
use crate::{error::AppError, outcome::Notice};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use patchbay_domain::{Timestamp, ids::ServerId, tool::ToolTrial};
use patchbay_engine::Error;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use time::Duration;

const KEPT_FOR: Duration = Duration::minutes(10);
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

/// Each server's waits under a key of its own, so that another server's page leaves it there.
fn new_token(server: ServerId) -> String {
    format!("new_token:{server}")
}

async fn keep<T: Serialize>(key: &str, what: &T) -> Result<(), Error> {
    let engine = engine();
    let kept = Kept {
        until: (engine.clock().now() + KEPT_FOR).into(),
        what,
    };
    let plain = serde_json::to_vec(&kept).map_err(Error::internal)?;
    let sealed = engine.vault().seal(&purpose(key), &plain);
    session()?
        .insert(key, STANDARD_NO_PAD.encode(sealed))
        .await
        .map_err(Error::internal)
}

/// What can't be opened any more (ended, sealed by a key that is gone, another person's) is as if it weren't there.
async fn take<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let (engine, session) = (engine(), session()?);
    let Some(text) = session.get::<String>(key).await.map_err(Error::internal)? else {
        return Ok(None);
    };
    // Only now: removing, even nothing, makes the session be written.
    session.remove_value(key).await.map_err(Error::internal)?;
    let sealed = STANDARD_NO_PAD.decode(text).unwrap_or_default();
    let Ok(plain) = engine.vault().open(&purpose(key), &sealed) else {
        return Ok(None);
    };
    let kept: Option<Kept<T>> = serde_json::from_slice(plain.expose_secret()).ok();
    Ok(kept
        .filter(|kept| kept.until.0 > engine.clock().now())
        .map(|kept| kept.what))
}

/// Bound to the person, not to the session's id, which changes when they sign in.
fn purpose(key: &str) -> String {
    match actor() {
        Some(actor) => format!("{key}:{}", actor.user),
        None => format!("{key}:nobody"),
    }
}
