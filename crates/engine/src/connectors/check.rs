//! Asking a connector's service again: what it says now is adopted (sync), or held back (active) until a superuser has
//! looked at it.
//!
//! A check is claimed by numbering it, and counts only if none has begun since and nobody has changed what is in force: so
//! an answer that comes late never wins over a newer one. No transaction is open while a service is asked.

use super::{DefinitionSet, difference, difference::revision, held_back::told, history::Origin, words};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Who},
    error::Conflict,
    storage::{Tx, connector_checks::CheckNumber, connectors::StandingConnector},
    upstream::manifest::Definitions,
};
use futures::{StreamExt, stream};
use patchbay_domain::{
    changes::{DefinitionChange, Synced, VersionOrigin},
    connector::{ChangesState, ConnectorMode},
    ids::{ConnectorId, ConnectorRef},
};
use serde_json::json;
use time::Duration;
use url::Url;

/// How old the last check of an active connector may become.
const CHECK_EVERY: Duration = Duration::minutes(5);
/// How many services are asked at once.
const AT_ONCE: usize = 8;
/// How many checks are claimed at a time. A process that ends leaves that many to wait for the next time.
const CLAIM: u32 = 64;
/// The longest reason for a failure that is kept, in characters.
const ERROR_MAX: usize = 500;

/// What came of a check.
enum Outcome {
    Answered {
        /// Whether something new is in force.
        adopted: bool,
        /// What differed from what was in force.
        changes: Vec<DefinitionChange>,
    },
    /// There was no answer, or none that could be used. That is noted with the connector.
    Failed(Error),
    /// The answer came too late to count.
    Overtaken,
}

impl StandingConnector {
    /// Whether that is exactly what is in force, text by text.
    fn says(&self, set: &DefinitionSet) -> bool {
        self.definitions_sha256.as_deref() == Some(&set.sha256()[..])
            && self.mcp_url == set.mcp_url
            && self.version == set.version
    }
}

impl Engine {
    /// Asks a connector's service now, because somebody wants to know.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], [`Conflict::ConnectorDeactive`],
    /// [`Error::BadConnector`], or a failing database.
    pub async fn sync_connector(&self, actor: &Actor, connector: ConnectorRef) -> Result<Synced, Error> {
        actor.require_superuser()?;
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        if standing.mode == ConnectorMode::Deactive || standing.url.is_empty() {
            return Err(Conflict::ConnectorDeactive { name: standing.name }.into());
        }
        let number = tx.begin_check(standing.id, self.clock().now()).await?;
        tx.commit().await?;
        let outcome = self.check(standing.id, number, &actor.who()).await?;

        let mut tx = self.db().begin_as(actor.user).await?;
        let connector = tx.require_connector(connector).await?;
        let (adopted, changes) = match outcome {
            Outcome::Answered { adopted, changes } => (adopted, changes),
            Outcome::Failed(error) => return Err(error),
            // Somebody was faster: what counts is what came of theirs.
            Outcome::Overtaken => {
                let held = tx.held_back(connector.id).await?;
                (false, held.view(self.config().drift).changes)
            }
        };
        let mut changes = told(changes, self.config().drift);
        if adopted {
            // Nothing that follows blocks a call.
            changes.iter_mut().for_each(|change| change.blocked = false);
        }
        Ok(Synced {
            connector,
            adopted,
            changes,
        })
    }

    /// Checks the active connectors whose last check is some minutes old, here or in another process; how many were
    /// checked.
    ///
    /// # Errors
    /// When the database fails, after all that was claimed has been tried. A service that fails is no error: that is noted
    /// with its connector.
    pub async fn check_due_connectors(&self) -> Result<usize, Error> {
        let mut checked = 0;
        loop {
            let mut worker = self.db().worker().await?;
            let (claimed, any) = worker.claim_due_checks(self.clock().now(), CHECK_EVERY, CLAIM).await?;
            worker.commit().await?;
            if !any {
                return Ok(checked);
            }
            let mut ended = stream::iter(claimed)
                .map(|(id, number)| self.check_by_itself(id, number))
                .buffer_unordered(AT_ONCE);
            // Nobody else makes the others, now that they are claimed.
            let mut failed = None;
            while let Some(ended) = ended.next().await {
                match ended {
                    Ok(_) => checked += 1,
                    Err(error) => {
                        failed.get_or_insert(error);
                    }
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    }

    /// A check that nobody asked for, and whether something new is in force since.
    pub(super) async fn check_by_itself(&self, id: ConnectorId, number: CheckNumber) -> Result<bool, Error> {
        let outcome = self.check(id, number, &Who::system()).await?;
        Ok(matches!(outcome, Outcome::Answered { adopted: true, .. }))
    }

    /// Asks the service and deals with its answer.
    async fn check(&self, id: ConnectorId, number: CheckNumber, who: &Who) -> Result<Outcome, Error> {
        let asked = self
            .db()
            .worker()
            .await?
            .tx()
            .standing_connector(ConnectorRef::Id(id))
            .await?;
        let Some(asked) = asked else {
            return Ok(Outcome::Overtaken);
        };
        let answer = self.ask_again(&asked).await;

        let mut worker = self.db().worker().await?;
        let tx = worker.tx();
        let Some(standing) = tx.lock_connector(ConnectorRef::Id(id)).await? else {
            return Ok(Outcome::Overtaken);
        };
        let moved = standing.mode == ConnectorMode::Deactive
            || standing.definitions_version != asked.definitions_version
            || standing.url != asked.url;
        if moved || tx.is_overtaken(id, number).await? {
            tx.drop_check(id, number).await?;
            worker.commit().await?;
            return Ok(Outcome::Overtaken);
        }
        let failure = answer.as_ref().err().map(failure);
        if tx.end_check(id, number, failure.as_deref()).await? {
            match &failure {
                Some(error) => tracing::warn!(connector = standing.name, error, "a connector can't be checked"),
                None => tracing::info!(connector = standing.name, "a connector can be checked again"),
            }
        }
        let service = match answer {
            Ok(definitions) => DefinitionSet::from(&definitions),
            Err(error) => {
                worker.commit().await?;
                return Ok(Outcome::Failed(error));
            }
        };
        let in_force = if standing.says(&service) {
            service.clone()
        } else {
            tx.definition_set(id).await?
        };
        let (outcome, entries) = if standing.mode == ConnectorMode::Sync {
            self.adopt(tx, &standing, &in_force, &service, who).await?
        } else {
            let (changes, entry) = self.hold_back(tx, &standing, &in_force, &service).await?;
            let adopted = false;
            (Outcome::Answered { adopted, changes }, Vec::from_iter(entry))
        };
        let entries = self.fold(&mut worker, &standing, who, entries).await?;
        self.commit_worker(worker, who, entries).await?;
        Ok(outcome)
    }

    async fn ask_again(&self, asked: &StandingConnector) -> Result<Definitions, Error> {
        let url = Url::parse(&asked.url).map_err(Error::internal)?;
        let mcp_url = known_mcp_url(asked, &url);
        let authorization = self.credential(asked)?;
        let definitions = self.upstream().definitions_again(&url, authorization, &mcp_url);
        Ok(definitions.await?)
    }

    /// Follows the service, but not to where calls, and secrets with them, have never gone: that is held back.
    async fn adopt(
        &self,
        tx: &mut Tx,
        standing: &StandingConnector,
        in_force: &DefinitionSet,
        service: &DefinitionSet,
        who: &Who,
    ) -> Result<(Outcome, Vec<Entry>), Error> {
        let mut next = service.clone();
        if !stays_where_it_is(standing, service) {
            next.mcp_url.clone_from(&in_force.mcp_url);
        }
        let mut changes = difference(in_force, &next);
        let adopted = revision(in_force, &next, &changes).is_some();
        let mut entries = Vec::new();
        if adopted {
            let origin = Origin {
                kind: VersionOrigin::Synced,
                note: None,
                by: who.user,
            };
            let number = self.put_in_force(tx, standing, &next, &origin).await?;
            let entry = Entry::new("connector.sync", words::subject(standing))
                .before(words::definitions(in_force))
                .after(json!({
                    "number": number,
                    "definitions": words::definitions(&next),
                    "changes": words::changes(&changes),
                }));
            entries.push(entry);
        } else {
            next = in_force.clone();
        }
        let (held, entry) = self.hold_back(tx, standing, &next, service).await?;
        if adopted && entry.is_none() && !held.is_empty() {
            // What waits is the same as before, but no longer all that the service said then.
            tx.renew_found(standing.id, service).await?;
        }
        entries.extend(entry);
        changes.extend(held);
        Ok((Outcome::Answered { adopted, changes }, entries))
    }

    /// Keeps a difference for a superuser to look at, unless it is one that was seen; or forgets it when there is none
    /// any more.
    async fn hold_back(
        &self,
        tx: &mut Tx,
        standing: &StandingConnector,
        in_force: &DefinitionSet,
        service: &DefinitionSet,
    ) -> Result<(Vec<DefinitionChange>, Option<Entry>), Error> {
        let changes = difference(in_force, service);
        let entry =
            || Entry::new("connector.sync", words::subject(standing)).before(json!({"changes": standing.changes}));
        let Some(revision) = revision(in_force, service, &changes) else {
            if standing.changes.is_none() {
                return Ok((changes, None));
            }
            tx.set_connector_changes(standing.id, None).await?;
            tx.clear_found(standing.id).await?;
            tracing::info!(
                connector = standing.name,
                "a connector's service says what is in force again"
            );
            return Ok((changes, Some(entry().after(json!({"changes": null})))));
        };
        if standing.changes_sha256.as_deref() == Some(&revision[..]) {
            return Ok((changes, None));
        }
        tx.set_connector_changes(standing.id, Some((ChangesState::Waiting, revision)))
            .await?;
        tx.put_found(standing.id, service, self.clock().now()).await?;
        tracing::warn!(
            connector = standing.name,
            changes = changes.len(),
            "a connector's service says something else than what is in force: a superuser has to look at it"
        );
        let entry = entry().after(json!({
            "changes": ChangesState::Waiting,
            "found": words::definitions(service),
            "waiting": words::changes(&changes),
        }));
        Ok((changes, Some(entry)))
    }
}

/// Where calls go; before that is known, they go to where the definitions come from.
fn known_mcp_url(connector: &StandingConnector, url: &Url) -> Url {
    let known = connector.mcp_url.as_deref().and_then(|url| Url::parse(url).ok());
    known.unwrap_or_else(|| url.clone())
}

/// Whether calls would go to the origin that they go to now.
fn stays_where_it_is(connector: &StandingConnector, service: &DefinitionSet) -> bool {
    let Ok(url) = Url::parse(&connector.url) else {
        return false;
    };
    let next = service.mcp_url.as_deref().map(Url::parse);
    matches!(next, Some(Ok(next)) if next.origin() == known_mcp_url(connector, &url).origin())
}

/// What a page says about a check that failed.
fn failure(error: &Error) -> String {
    let text = match error {
        Error::Internal(_) => "Its secret can't be opened: a key is missing.".to_owned(),
        error => error.to_string(),
    };
    text.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect()
}
