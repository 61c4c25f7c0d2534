//! What a connector's service says that nobody has accepted yet: looking at it, accepting it or some of it, refusing it.

use super::{
    DefinitionSet, DriftPolicy, difference,
    difference::{merge, revision},
    history::Origin,
    words,
};
use crate::{Actor, Engine, Error, audit::Entry, error::Conflict};
use patchbay_domain::{
    changes::{ChangesView, Decision, DefinitionChange, VersionOrigin, check_note},
    connector::ChangesState,
    field::{FieldError, FieldErrors},
    ids::ConnectorRef,
};
use serde_json::json;
use std::collections::HashSet;
use time::OffsetDateTime;

/// What is in force and what the service says instead, as of one moment.
#[derive(Debug)]
pub(crate) struct HeldBack {
    pub(crate) state: Option<ChangesState>,
    pub(crate) in_force: DefinitionSet,
    /// What the service says, where that is something else.
    pub(crate) found: Option<DefinitionSet>,
    pub(crate) found_at: Option<OffsetDateTime>,
    pub(crate) checked_at: Option<OffsetDateTime>,
    pub(crate) error: Option<String>,
    pub(crate) note: Option<String>,
}

/// A difference that can be decided on.
struct Open {
    state: ChangesState,
    found: DefinitionSet,
    changes: Vec<DefinitionChange>,
    revision: [u8; 32],
}

impl HeldBack {
    fn open(&self) -> Option<Open> {
        let (state, found) = (self.state?, self.found.clone()?);
        let changes = difference(&self.in_force, &found);
        let revision = revision(&self.in_force, &found, &changes)?;
        Some(Open {
            state,
            found,
            changes,
            revision,
        })
    }

    pub(super) fn view(self, policy: DriftPolicy) -> ChangesView {
        let open = self.open();
        let in_force = self.in_force.version;
        let checked_at = self.checked_at.map(Into::into);
        let Some(open) = open else {
            return ChangesView {
                state: None,
                revision: String::new(),
                found_at: None,
                checked_at,
                error: self.error,
                note: None,
                version: (in_force.clone(), in_force),
                changes: Vec::new(),
            };
        };
        ChangesView {
            state: Some(open.state),
            revision: hex::encode(open.revision),
            found_at: self.found_at.map(Into::into),
            checked_at,
            error: self.error,
            note: self.note,
            version: (in_force, open.found.version),
            changes: told(open.changes, policy),
        }
    }
}

/// The changes that are held back, with what the policy makes of calls meanwhile. A refusal lets none through: whoever
/// refuses another meaning doesn't want it called under the old words.
pub(super) fn told(mut changes: Vec<DefinitionChange>, policy: DriftPolicy) -> Vec<DefinitionChange> {
    let blocks = policy == DriftPolicy::Block;
    changes.iter_mut().for_each(|change| change.blocked &= blocks);
    changes
}

impl Engine {
    /// What a connector's service says that isn't in force.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], or a failing database.
    pub async fn connector_changes(&self, actor: &Actor, connector: ConnectorRef) -> Result<ChangesView, Error> {
        actor.require_superuser()?;
        let mut tx = self.db().begin_as(actor.user).await?;
        let id = tx.require_connector(connector).await?.id;
        Ok(tx.held_back(id).await?.view(self.config().drift))
    }

    /// Puts in force what the service says, all of it or the parts that are named; the rest goes on waiting. What is left.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], [`Conflict::NoChanges`],
    /// [`Conflict::ChangesMoved`], refused fields, or a failing database.
    pub async fn accept_changes(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        decision: Decision,
    ) -> Result<ChangesView, Error> {
        actor.require_superuser()?;
        let note = check_note(decision.note.as_deref()).map_err(|error| FieldErrors::one("note", error))?;
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        let held = tx.held_back(standing.id).await?;
        let open = held.open().ok_or(Conflict::NoChanges)?;
        is_what_was_looked_at(&decision, &open)?;
        let accepted = chosen(decision.accept.as_deref(), &open.changes)?;
        let next = if accepted.len() == open.changes.len() {
            open.found.clone()
        } else {
            merge(&held.in_force, &open.found, &accepted)
        };
        let origin = Origin {
            kind: VersionOrigin::Accepted,
            note: note.as_deref(),
            by: Some(actor.user),
        };
        let number = self.put_in_force(&mut tx, &standing, &next, &origin).await?;
        let left = difference(&next, &open.found);
        match revision(&next, &open.found, &left) {
            Some(revision) => {
                tx.set_connector_changes(standing.id, Some((open.state, revision)))
                    .await?;
            }
            None => {
                tx.set_connector_changes(standing.id, None).await?;
                tx.clear_found(standing.id).await?;
            }
        }
        let entry = Entry::new("connector.accept", words::subject(&standing))
            .before(words::definitions(&held.in_force))
            .after(json!({
                "number": number,
                "definitions": words::definitions(&next),
                "changes": words::changes(&difference(&held.in_force, &next)),
                "left": left.len(),
            }))
            .note(note);
        let left = tx.held_back(standing.id).await?.view(self.config().drift);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(left)
    }

    /// Keeps what is in force, until the service says something else again. The same changes, refused.
    ///
    /// # Errors
    /// As [`Self::accept_changes`].
    pub async fn refuse_changes(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        decision: Decision,
    ) -> Result<ChangesView, Error> {
        actor.require_superuser()?;
        let mut errors = FieldErrors::default();
        let note = errors.check("note", check_note(decision.note.as_deref()));
        if decision.accept.is_some() {
            let reason = "A refusal is for all of them: accept these first, and refuse the rest.".into();
            errors.add("accept", FieldError::Refused { reason });
        }
        let (Some(note), true) = (note, errors.is_empty()) else {
            return Err(errors.into());
        };
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        let open = tx.held_back(standing.id).await?.open().ok_or(Conflict::NoChanges)?;
        is_what_was_looked_at(&decision, &open)?;
        let refused = (ChangesState::Refused, open.revision);
        tx.set_connector_changes(standing.id, Some(refused)).await?;
        tx.put_refusal(standing.id, note.as_deref(), actor.user, self.clock().now())
            .await?;
        let entry = Entry::new("connector.refuse", words::subject(&standing))
            .before(json!({"changes": open.state}))
            .after(json!({"changes": ChangesState::Refused, "refused": words::changes(&open.changes)}))
            .note(note);
        let refused = tx.held_back(standing.id).await?.view(self.config().drift);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(refused)
    }
}

/// Nobody decides on what they haven't seen.
fn is_what_was_looked_at(decision: &Decision, open: &Open) -> Result<(), Conflict> {
    match &decision.revision {
        Some(revision) if *revision != hex::encode(open.revision) => Err(Conflict::ChangesMoved),
        _ => Ok(()),
    }
}

/// The keys that are accepted: those that are named, or all.
fn chosen<'a>(named: Option<&'a [String]>, changes: &'a [DefinitionChange]) -> Result<HashSet<&'a str>, FieldErrors> {
    let all: HashSet<_> = changes.iter().map(|change| change.key.as_str()).collect();
    let Some(named) = named else { return Ok(all) };
    let named: HashSet<_> = named.iter().map(String::as_str).collect();
    if named.is_empty() && !all.is_empty() {
        return Err(FieldErrors::one("accept", FieldError::Required));
    }
    if let Some(unknown) = named.difference(&all).next() {
        let reason = format!("'{unknown}' is not among the changes.");
        return Err(FieldErrors::one("accept", FieldError::Refused { reason }));
    }
    Ok(named)
}
