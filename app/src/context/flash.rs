//! What waits in the session for the next page: sealed, for ten minutes at most, shown once.

use super::{actor, engine, session};
use crate::outcome::Flash;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use patchbay_domain::{Timestamp, ids::ServerId};
use patchbay_engine::Error;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;

const KEPT_FOR: Duration = Duration::minutes(10);
const FLASH: &str = "flash";
const TOKEN: &str = "new_token";

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    until: Timestamp,
    what: T,
}

#[derive(Serialize, Deserialize)]
struct NewToken {
    server: ServerId,
    token: String,
}

/// Keeps a flash for the next page.
pub(super) async fn keep_flash(flash: &Flash) -> Result<(), Error> {
    keep(FLASH, flash).await
}

/// Takes the flash that waits, if one does.
pub async fn take_flash() -> Result<Flash, Error> {
    Ok(take(FLASH).await?.unwrap_or_default())
}

/// Keeps a server's new token until the server's page shows it.
pub async fn keep_token(server: ServerId, token: String) -> Result<(), Error> {
    keep(TOKEN, &NewToken { server, token }).await
}

/// Takes the new token that waits for this server's page, if one does.
pub async fn take_token(server: ServerId) -> Result<Option<String>, Error> {
    let new: Option<NewToken> = take(TOKEN).await?;
    Ok(new.filter(|new| new.server == server).map(|new| new.token))
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
