//! Keeping a connector: its mode, its description and secret, its definitions as of now, and its end.

use super::{
    super::{read::connector_ref, words},
    superuser,
};
use crate::{
    context::{Next, Reply},
    error::AppError,
    outcome::Done,
    paths,
};
use leptos::prelude::*;
use patchbay_domain::{
    connector::{ChangesState, ConnectorMode, UpdateConnector},
    field::{FieldError, FieldErrors},
};
use patchbay_engine::Error;

/// The name of the form that confirms another mode.
pub(in crate::connectors) const SET_MODE: &str = "set-mode";
/// The name of the form that edits a connector.
pub(in crate::connectors) const UPDATE: &str = "edit-connector";
/// The name of the form that asks a connector's service.
pub(in crate::connectors) const SYNC: &str = "sync";
/// The name of the form that deletes a connector.
pub(in crate::connectors) const DELETE: &str = "delete-connector";

/// Lets a connector have another mode.
#[server(prefix = "/fn", endpoint = "connectors/mode")]
pub(crate) async fn set_mode(connector_id: String, mode: String) -> Result<Done, AppError> {
    let page = format!("/connectors/{connector_id}");
    let reply = Reply::new(SET_MODE, format!("{page}?become={mode}"));
    let result = async {
        let (engine, actor) = superuser()?;
        let connector = connector_ref(&connector_id)?;
        let expected = || "one of deactive, sync and active".to_owned();
        let mode = ConnectorMode::parse(&mode);
        let mode = mode.ok_or_else(|| FieldErrors::one("mode", FieldError::Malformed { expected: expected() }))?;
        let connector = engine.set_connector_mode(&actor, connector, mode).await?;
        Ok(Next::to(page).telling(words::has_mode(&connector)))
    };
    reply.finish(result.await).await
}

/// What becomes of a connector's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecretChange {
    Keep,
    Replace,
    Remove,
}

impl SecretChange {
    fn parse(word: &str) -> Self {
        match word {
            "replace" => Self::Replace,
            "remove" => Self::Remove,
            _ => Self::Keep,
        }
    }

    /// What the update says: an empty secret removes the one from before, so none may be typed by mistake.
    fn secret(self, typed: String) -> Result<Option<String>, Error> {
        match self {
            Self::Keep => Ok(None),
            Self::Remove => Ok(Some(String::new())),
            Self::Replace if typed.is_empty() => Err(FieldErrors::one("secret", FieldError::Required).into()),
            Self::Replace => Ok(Some(typed)),
        }
    }
}

/// Another description, and another secret or none.
#[server(prefix = "/fn", endpoint = "connectors/update")]
pub(crate) async fn update(
    connector_id: String,
    description: String,
    #[server(default)] secret_change: String,
    #[server(default)] secret: String,
    #[server(default)] secret_header: String,
) -> Result<Done, AppError> {
    let page = format!("/connectors/{connector_id}");
    let reply = Reply::new(UPDATE, format!("{page}?edit=1")).keep("description", &description);
    let reply = reply
        .keep("secret_change", &secret_change)
        .keep("secret_header", &secret_header);
    let result = async {
        let (engine, actor) = superuser()?;
        let update = UpdateConnector {
            description: Some(description),
            secret: SecretChange::parse(&secret_change).secret(secret)?,
            secret_header: Some(secret_header),
            ..UpdateConnector::default()
        };
        let connector = engine
            .update_connector(&actor, connector_ref(&connector_id)?, update)
            .await?;
        Ok(Next::to(page).telling(format!("Connector '{}' saved.", connector.name)))
    };
    reply.finish(result.await).await
}

/// Asks a connector's service for its definitions now. `from` is the page of the form.
#[server(prefix = "/fn", endpoint = "connectors/sync")]
pub(crate) async fn sync(connector_id: String, #[server(default)] from: String) -> Result<Done, AppError> {
    let page = format!("/connectors/{connector_id}");
    let from = paths::local(&from).map_or(page.clone(), |from| paths::without_query(from).to_owned());
    let reply = Reply::new(SYNC, &from);
    let result = async {
        let (engine, actor) = superuser()?;
        let synced = engine.sync_connector(&actor, connector_ref(&connector_id)?).await?;
        let is_waiting = synced.connector.changes == Some(ChangesState::Waiting);
        let next = if is_waiting {
            format!("{page}/changes")
        } else {
            from.clone()
        };
        Ok(Next::to(next).telling(words::synced(&synced)))
    };
    reply.finish(result.await).await
}

/// Deletes a connector. `confirm` repeats its name, and lets its servers go too.
#[server(prefix = "/fn", endpoint = "connectors/delete")]
pub(crate) async fn delete(connector_id: String, #[server(default)] confirm: String) -> Result<Done, AppError> {
    let reply = Reply::new(DELETE, format!("/connectors/{connector_id}?delete=1")).keep("confirm", &confirm);
    let result = async {
        let (engine, actor) = superuser()?;
        let connector = connector_ref(&connector_id)?;
        let name = engine.connector(&actor, connector).await?.summary.name;
        let is_confirmed = confirm.trim() == name;
        if !(confirm.is_empty() || is_confirmed) {
            let reason = format!("This is not its name: {name}");
            return Err(FieldErrors::one("confirm", FieldError::Refused { reason }).into());
        }
        let deleted = engine.delete_connector(&actor, connector, is_confirmed).await?;
        let next = Next::to("/connectors").telling(format!("Connector '{}' deleted.", deleted.name));
        Ok(next.warning(words::took_along(&deleted)))
    };
    reply.finish(result.await).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_removed_only_when_that_was_asked_for() {
        let secret = |word: &str, typed: &str| SecretChange::parse(word).secret(typed.to_owned());
        assert_eq!(secret("", "x").unwrap(), None);
        assert_eq!(secret("keep", "x").unwrap(), None);
        assert_eq!(secret("remove", "x").unwrap().as_deref(), Some(""));
        assert_eq!(secret("replace", "x").unwrap().as_deref(), Some("x"));
        assert!(secret("replace", "").is_err());
    }
}
