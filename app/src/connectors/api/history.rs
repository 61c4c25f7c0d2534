//! Deciding on what changed, and going back to what was.

use super::{
    super::{read::connector_ref, words},
    superuser,
};
use crate::{
    context::{Next, Reply},
    error::AppError,
    outcome::Done,
};
use leptos::prelude::*;
use patchbay_domain::{
    changes::{ChangesView, Decision},
    field::{FieldError, FieldErrors},
};
use patchbay_engine::{Error, error::NotFound};

/// The name of the form that decides on changes.
pub(in crate::connectors) const DECIDE: &str = "decide";
/// The name of the form that goes back to a version.
pub(in crate::connectors) const RESTORE: &str = "restore";

/// What somebody makes of the changes that wait.
enum Verdict {
    Accept(Decision),
    Refuse(Decision),
}

impl Verdict {
    /// By the button that was pressed: all of it, what was selected, or nothing.
    fn parse(button: &str, revision: String, selected: Vec<String>, note: String) -> Result<Self, Error> {
        let refused = |field, reason: &str| {
            let reason = reason.to_owned();
            Error::from(FieldErrors::one(field, FieldError::Refused { reason }))
        };
        let decision = Decision {
            revision: Some(revision),
            accept: None,
            note: some(note),
        };
        match button {
            "all" => Ok(Self::Accept(decision)),
            "refuse" => Ok(Self::Refuse(decision)),
            "some" if selected.is_empty() => Err(refused("accept", "Select what you accept, or refuse it all.")),
            "some" => Ok(Self::Accept(Decision {
                accept: Some(selected),
                ..decision
            })),
            _ => Err(refused("decision", "One of all, some and refuse.")),
        }
    }
}

/// Accepts changes, all or some, or refuses them. `revision` is the difference that was looked at.
#[server(prefix = "/fn", endpoint = "connectors/decide")]
pub(crate) async fn decide(
    connector_id: String,
    revision: String,
    decision: String,
    #[server(default)] accept: Vec<String>,
    #[server(default)] note: String,
) -> Result<Done, AppError> {
    let page = format!("/connectors/{connector_id}");
    let reply = Reply::new(DECIDE, format!("{page}/changes#decision")).keep("note", &note);
    let reply = reply.keep("accept", &accept.join("\n"));
    let result = async {
        let (engine, actor) = superuser()?;
        let connector = connector_ref(&connector_id)?;
        match Verdict::parse(&decision, revision, accept, note)? {
            Verdict::Accept(decision) => {
                let left = engine.accept_changes(&actor, connector, decision).await?;
                Ok(accepted(page, &left))
            }
            Verdict::Refuse(decision) => {
                engine.refuse_changes(&actor, connector, decision).await?;
                Ok(Next::to(page).telling(words::REFUSED))
            }
        }
    };
    reply.finish(result.await).await
}

/// Back to the changes while some wait.
fn accepted(page: String, left: &ChangesView) -> Next {
    if left.state.is_none() {
        Next::to(page).telling(words::ACCEPTED)
    } else {
        Next::to(page + "/changes").telling(words::accepted_some(left.changes.len()))
    }
}

/// Puts an earlier version into force again.
#[server(prefix = "/fn", endpoint = "connectors/restore")]
pub(crate) async fn restore(
    connector_id: String,
    number: String,
    #[server(default)] note: String,
) -> Result<Done, AppError> {
    let page = format!("/connectors/{connector_id}");
    let reply = Reply::new(RESTORE, format!("{page}/versions/{number}#restore")).keep("note", &note);
    let result = async {
        let (engine, actor) = superuser()?;
        let version: u32 = number.parse().map_err(|_| NotFound::Version)?;
        let connector = connector_ref(&connector_id)?;
        engine.restore_version(&actor, connector, version, some(note)).await?;
        Ok(Next::to(page).telling(format!("Went back to version {version}.")))
    };
    reply.finish(result.await).await
}

fn some(note: String) -> Option<String> {
    Some(note).filter(|note| !note.trim().is_empty())
}
