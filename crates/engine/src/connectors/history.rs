//! What was in force before: every version of a connector's definitions, and the way back to one.

use super::{DefinitionSet, difference, difference::revision, words};
use crate::{
    Actor, Engine, Error,
    audit::Entry,
    error::{Conflict, NotFound},
    paging::{bad_cursor, cut},
    storage::{Tx, connector_versions::NewVersion, connectors::StandingConnector},
};
use patchbay_domain::{
    changes::{VersionDetail, VersionOrigin, VersionView, check_note},
    connector::{ChangesState, ConnectorMode, ConnectorSummary},
    field::FieldErrors,
    ids::{ConnectorRef, UserId},
    page::{Page, PageRequest},
};
use serde_json::json;

/// How many of the versions are kept that came while following and that nobody looked at.
const SYNCED_KEPT: u32 = 50;

/// How a version comes into force.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) kind: VersionOrigin,
    /// What whoever makes it says.
    pub(crate) note: Option<&'a str>,
    /// Nobody, when the server does it by itself.
    pub(crate) by: Option<UserId>,
}

impl Engine {
    /// Every version of a connector's definitions that is kept, newest first.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::Connector`], a cursor that isn't one, or a failing database.
    pub async fn connector_versions(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        page: &PageRequest,
    ) -> Result<Page<VersionView>, Error> {
        actor.require_superuser()?;
        let before = page.cursor.as_deref().map(str::parse).transpose();
        let before = before.map_err(|_| bad_cursor())?;
        let limit = page.limit();
        let mut worker = self.db().worker().await?;
        let id = worker.tx().require_connector(connector).await?.id;
        let mut items = worker.versions(id, before, None, limit + 1).await?;
        Ok(Page {
            next_cursor: cut(&mut items, limit, |last| last.number.to_string()),
            items,
            total: worker.tx().count_versions(id).await?,
        })
    }

    /// One version, and what going back to it would change.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::Connector`], [`NotFound::Version`], or a failing database.
    pub async fn connector_version(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        number: u32,
    ) -> Result<VersionDetail, Error> {
        actor.require_superuser()?;
        let mut worker = self.db().worker().await?;
        let id = worker.tx().require_connector(connector).await?.id;
        let version = worker.versions(id, None, Some(number), 1).await?.pop();
        let version = version.ok_or(NotFound::Version)?;
        let set = worker.tx().version_set(id, number).await?.ok_or(NotFound::Version)?;
        let in_force = worker.tx().definition_set(id).await?;
        let mut changes = difference(&in_force, &set);
        // That is a matter of what the service says today.
        changes.iter_mut().for_each(|change| change.blocked = false);
        Ok(VersionDetail { version, changes })
    }

    /// Goes back to a version, which becomes the newest one. The connector's service says something else then, which
    /// counts as seen and refused until it changes again.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`NotFound::Connector`], [`NotFound::Version`],
    /// [`Conflict::ConnectorFollows`], a note that is too long, or a failing database.
    pub async fn restore_version(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        number: u32,
        note: Option<String>,
    ) -> Result<ConnectorSummary, Error> {
        actor.require_superuser()?;
        let note = check_note(note.as_deref()).map_err(|error| FieldErrors::one("note", error))?;
        let mut tx = self.db().begin_as(actor.user).await?;
        let standing = tx.require_locked(connector).await?;
        let set = tx.version_set(standing.id, number).await?.ok_or(NotFound::Version)?;
        if standing.mode == ConnectorMode::Sync {
            return Err(Conflict::ConnectorFollows { name: standing.name }.into());
        }
        if number == standing.definitions_version {
            return tx.require_connector(connector).await;
        }
        let in_force = tx.definition_set(standing.id).await?;
        let origin = Origin {
            kind: VersionOrigin::Restored,
            note: note.as_deref(),
            by: Some(actor.user),
        };
        let restored = self.put_in_force(&mut tx, &standing, &set, &origin).await?;
        self.refuse_what_is_newer(actor, &mut tx, &standing, (&in_force, &set), number)
            .await?;
        let entry = Entry::new("connector.restore", words::subject(&standing))
            .before(words::definitions(&in_force))
            .after(json!({
                "restored": number,
                "number": restored,
                "definitions": words::definitions(&set),
                "changes": words::changes(&difference(&in_force, &set)),
            }))
            .note(note);
        let restored = tx.require_connector(connector).await?;
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(restored)
    }

    /// Puts definitions in force as a new version; its number.
    pub(super) async fn put_in_force(
        &self,
        tx: &mut Tx,
        standing: &StandingConnector,
        set: &DefinitionSet,
        origin: &Origin<'_>,
    ) -> Result<u32, Error> {
        let number = self.keep_version(tx, standing, set, origin).await?;
        tx.put_definitions(standing.id, set, number, self.clock().now()).await?;
        Ok(number)
    }

    /// Writes a version into the history; its number.
    pub(super) async fn keep_version(
        &self,
        tx: &mut Tx,
        standing: &StandingConnector,
        set: &DefinitionSet,
        origin: &Origin<'_>,
    ) -> Result<u32, Error> {
        // The version in force is always the newest, and the row is locked.
        let number = standing.definitions_version + 1;
        let version = NewVersion {
            number,
            origin: origin.kind,
            set,
            note: origin.note,
            created_by: origin.by,
            created_at: self.clock().now(),
        };
        tx.insert_version(standing.id, &version).await?;
        if origin.kind == VersionOrigin::Synced {
            tx.prune_synced_versions(standing.id, SYNCED_KEPT).await?;
        }
        Ok(number)
    }

    /// Whoever goes back knows what the service says: it isn't news.
    async fn refuse_what_is_newer(
        &self,
        actor: &Actor,
        tx: &mut Tx,
        standing: &StandingConnector,
        (before, restored): (&DefinitionSet, &DefinitionSet),
        number: u32,
    ) -> Result<(), Error> {
        let id = standing.id;
        let service = if before.url == restored.url {
            Some(tx.found_set(id).await?.unwrap_or_else(|| before.clone()))
        } else {
            // Another service may say anything: it is asked as soon as can be.
            tx.make_check_due(id).await?;
            None
        };
        let newer = service.and_then(|service| {
            let changes = difference(restored, &service);
            revision(restored, &service, &changes).map(|revision| (service, revision))
        });
        let Some((service, revision)) = newer else {
            tx.set_connector_changes(id, None).await?;
            return tx.clear_found(id).await;
        };
        let now = self.clock().now();
        tx.set_connector_changes(id, Some((ChangesState::Refused, revision)))
            .await?;
        tx.put_found(id, &service, now).await?;
        let note = format!("Went back to version {number}");
        tx.put_refusal(id, Some(&note), actor.user, now).await
    }
}
