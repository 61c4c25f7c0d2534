//! Deciding on what changed, and going back to what was.

use super::super::{read::connector_ref, words};
use crate::{
    context::{self, Next, Reply},
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
    /// All of them, or those with these keys.
    Accept(Option<Vec<String>>),
    Refuse,
}

impl Verdict {
    fn parse(word: &str, keys: Vec<String>) -> Result<Self, Error> {
        let refused = |reason: &str| FieldError::Refused { reason: reason.into() };
        match word {
            "all" => Ok(Self::Accept(None)),
            "refuse" => Ok(Self::Refuse),
            "some" if keys.is_empty() => {
                Err(FieldErrors::one("accept", refused("Select what you accept, or refuse it all.")).into())
            }
            "some" => Ok(Self::Accept(Some(keys))),
            _ => Err(FieldErrors::one("decision", refused("One of some, all and refuse.")).into()),
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
        let (engine, actor) = context::signed_in()?;
        let connector = connector_ref(&connector_id)?;
        let (verdict, revision) = (Verdict::parse(&decision, accept)?, Some(revision));
        let note = some(note);
        Ok(match verdict {
            Verdict::Accept(accept) => {
                let decision = Decision { revision, accept, note };
                accepted(page, &engine.accept_changes(&actor, connector, decision).await?)
            }
            Verdict::Refuse => {
                let decision = Decision {
                    revision,
                    accept: None,
                    note,
                };
                engine.refuse_changes(&actor, connector, decision).await?;
                Next::to(page).telling(words::REFUSED)
            }
        })
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
        let (engine, actor) = context::signed_in()?;
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
