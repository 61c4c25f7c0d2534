//! Making, changing and deleting sources.

use super::{METADATA, NewSource, SOURCES_MAX, places_by_schema};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    configuration::{Kept, Stored, keep_secrets},
    error::{Conflict, NotFound},
    servers::{changed_keys, keys, places_of},
    storage::{
        Tx,
        sources::{HeldSource, StoredSource},
    },
    uses::{self, Use, Uses},
};
use patchbay_domain::{
    Timestamp,
    field::{FieldError, FieldErrors},
    ids::{SourceId, UserId},
    source::{CreateSource, ServerBrief, SourceName, SourceType, SourceView, UpdateSource},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

impl Engine {
    /// Makes a source. Where there is a connector of its type that is switched on, its configuration has to be what that
    /// asks for.
    ///
    /// # Errors
    /// Refused fields, [`Conflict::SourceLimit`], or a failing database.
    pub async fn create_source(&self, actor: &Actor, new: CreateSource) -> Result<SourceView, Error> {
        let mut errors = FieldErrors::default();
        let kind = errors.check("type", SourceType::parse(&new.kind));
        let name = parse_name(&mut errors, new.name.as_deref());
        let metadata = settle(&mut errors, new.source_metadata, None);

        let mut tx = self.db().begin_as(actor.user).await?;
        let uses = uses_of(&mut tx, kind.as_ref()).await?;
        let used = kind.as_ref().and_then(|kind| uses.by_name(kind.as_str()));
        check_by(&mut errors, used, metadata.as_ref());
        let (Some(kind), Some(metadata), true) = (kind, metadata, errors.is_empty()) else {
            return Err(errors.into());
        };
        if tx.lock_number_of_sources(actor.user).await? >= u64::from(SOURCES_MAX) {
            return Err(Conflict::SourceLimit(SOURCES_MAX).into());
        }
        let id = SourceId(Uuid::new_v4());
        let places = places_by_schema(used, &metadata.configuration);
        let schema = used.and_then(|used| used.schema.as_ref());
        let row = NewSource {
            id,
            user: actor.user,
            kind: kind.as_str(),
            name: name.as_ref().map(SourceName::as_str),
            metadata: &self.seal_metadata(id, &metadata.configuration, schema, &places),
        };
        tx.create_source(&row).await?;
        let read = self.read_source(&mut tx, id).await?;
        let after = json!({"type": row.kind, "name": row.name, METADATA: keys(&metadata.configuration)});
        let entry = Entry::new("source.create", subject(id, row.kind, row.name)).after(after);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        self.source_view(read).await
    }

    /// Changes what is given of a source: all of it or nothing. `seen` is the version that the change was made for, if it
    /// was made for one. Another type needs a configuration of its own, in which nothing is kept, and makes the source a
    /// new one to its servers.
    ///
    /// # Errors
    /// [`NotFound::Source`], [`Error::Edited`], refused fields, or a failing database.
    pub async fn update_source(
        &self,
        actor: &Actor,
        id: SourceId,
        update: UpdateSource,
        seen: Option<Timestamp>,
    ) -> Result<SourceView, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let stored = tx.lock_source(id).await?.ok_or(NotFound::Source)?;
        not_edited(seen, stored.updated_at)?;
        let mut errors = FieldErrors::default();
        let kind = match update.kind.as_deref() {
            Some(kind) => errors.check("type", SourceType::parse(kind)),
            None => None,
        };
        let kind = kind.map_or_else(|| stored.kind.clone(), |kind| kind.as_str().to_owned());
        let name = match update.name {
            Some(name) => parse_name(&mut errors, name.as_deref()).map(|name| name.as_str().to_owned()),
            None => stored.name.clone(),
        };
        let uses = Uses::load(&mut tx, &[], std::slice::from_ref(&kind)).await?;
        let used = uses.by_name(&kind);
        let old = self.readable_metadata(&stored);
        let is_other_kind = kind != stored.kind;
        let metadata = match update.source_metadata {
            // What was told one service isn't kept for another.
            Some(new) if is_other_kind => settle(&mut errors, new, None),
            Some(new) => {
                let places = places_of(Some(&stored.secret_places))?;
                let shown = old.clone().map(|old| uses::shown(used, &places, old));
                let kept = old.as_ref().zip(shown.as_ref());
                let kept = kept.map(|(configuration, shown)| Stored { configuration, shown });
                settle(&mut errors, new, kept)
            }
            None if is_other_kind => {
                let reason = "Another type needs its whole configuration with it, secrets typed anew.".to_owned();
                errors.add(METADATA, FieldError::Refused { reason });
                None
            }
            None => None,
        };
        let metadata = metadata.filter(|new| is_other_kind || old.as_ref() != Some(&new.configuration));
        check_by(&mut errors, used, metadata.as_ref());
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let Some((mut before, mut after)) = changes(&stored, &kind, name.as_deref(), old.as_ref(), metadata.as_ref())
        else {
            return self.show_source(tx, id).await;
        };
        let sealed = metadata.map(|new| {
            let mut places = places_by_schema(used, &new.configuration);
            places.extend(new.places);
            places.sort_unstable();
            places.dedup();
            self.seal_metadata(
                id,
                &new.configuration,
                used.and_then(|used| used.schema.as_ref()),
                &places,
            )
        });
        tx.update_source(id, &kind, name.as_deref(), sealed.as_ref()).await?;
        if is_other_kind {
            let source = HeldSource { id, kind: kind.clone() };
            rebind(&mut tx, actor.user, &source, &mut before, &mut after).await?;
        }
        let read = self.read_source(&mut tx, id).await?;
        let entry = Entry::new("source.update", subject(id, &kind, name.as_deref()));
        let entry = entry.before(before.into()).after(after.into());
        self.commit(tx, &actor.who(), vec![entry]).await?;
        self.source_view(read).await
    }

    /// Deletes a source; tells which servers it left, by name.
    ///
    /// # Errors
    /// [`NotFound::Source`], [`Error::Edited`], or a failing database.
    pub async fn delete_source(
        &self,
        actor: &Actor,
        id: SourceId,
        seen: Option<Timestamp>,
    ) -> Result<Vec<ServerBrief>, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let stored = tx.lock_source(id).await?.ok_or(NotFound::Source)?;
        not_edited(seen, stored.updated_at)?;
        let servers = tx.servers_using(&[id.0]).await?;
        let servers: Vec<ServerBrief> = servers.into_iter().map(|(_, server)| server).collect();
        tx.delete_source(id).await?;
        let before = json!({
            "type": stored.kind,
            "mcp_servers": servers.iter().map(|server| server.id).collect::<Vec<_>>(),
        });
        let entry = Entry::new("source.delete", subject(id, &stored.kind, stored.name.as_deref())).before(before);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(servers)
    }
}

/// Refuses a change that was made for another version than there is.
pub(crate) fn not_edited(seen: Option<Timestamp>, updated_at: time::OffsetDateTime) -> Result<(), Error> {
    match seen {
        Some(seen) if seen.0 != updated_at => Err(Error::Edited),
        _ => Ok(()),
    }
}

fn subject(id: SourceId, kind: &str, name: Option<&str>) -> Subject {
    Subject::source(id, name.unwrap_or(kind))
}

/// An empty name is none.
fn parse_name(errors: &mut FieldErrors, name: Option<&str>) -> Option<SourceName> {
    let name = name.filter(|name| !name.trim().is_empty())?;
    errors.check("name", SourceName::parse(name))
}

/// A configuration with the secrets that are kept, if its form is right.
fn settle(errors: &mut FieldErrors, new: Value, stored: Option<Stored<'_>>) -> Option<Kept> {
    let kept = keep_secrets(METADATA, new, stored);
    kept.map_err(|refused| errors.0.extend(refused.0)).ok()
}

/// Checks a configuration by the connector of its type, if that is switched on.
fn check_by(errors: &mut FieldErrors, used: Option<&Use>, metadata: Option<&Kept>) {
    if let (Some(used), Some(metadata)) = (used, metadata)
        && !used.is_switched_off()
        && let Err(refused) = used.check(METADATA, &metadata.configuration)
    {
        errors.0.extend(refused.0);
    }
}

async fn uses_of(tx: &mut Tx, kind: Option<&SourceType>) -> Result<Uses, Error> {
    match kind {
        Some(kind) => Uses::load(tx, &[], &[kind.as_str().to_owned()]).await,
        None => Ok(Uses::default()),
    }
}

/// What is another than before, for the log; nothing where all is as it was.
fn changes(
    stored: &StoredSource,
    kind: &str,
    name: Option<&str>,
    old: Option<&Value>,
    metadata: Option<&Kept>,
) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let (mut before, mut after) = (Map::new(), Map::new());
    if stored.kind != kind {
        before.insert("type".into(), stored.kind.as_str().into());
        after.insert("type".into(), kind.into());
    }
    if stored.name.as_deref() != name {
        before.insert("name".into(), json!(stored.name));
        after.insert("name".into(), json!(name));
    }
    if let Some(new) = metadata {
        let changed = changed_keys(old.unwrap_or(&Value::Null), &new.configuration);
        if !changed.is_empty() || old.is_none() {
            after.insert(format!("{METADATA}_changed"), json!(changed));
        }
    }
    let is_resealed = metadata.is_some();
    (is_resealed || !after.is_empty()).then_some((before, after))
}

/// Makes a source of another type a new one to its servers, so that nothing that was said of one connector's tools is
/// taken for another's: each server that has it gives it a new prefix. What became of it is noted for the log.
async fn rebind(
    tx: &mut Tx,
    user: UserId,
    source: &HeldSource,
    before: &mut Map<String, Value>,
    after: &mut Map<String, Value>,
) -> Result<(), Error> {
    let unbound = tx.unbind_source(source.id).await?;
    for server in &unbound.servers {
        let bound = tx.bind_sources(server.id, user, server.has_connector, &[source]).await;
        bound.map_err(of_type)?;
    }
    if unbound.settings > 0 {
        before.insert("tool_settings".into(), unbound.settings.into());
    }
    if !unbound.made.is_empty() {
        before.insert("dynamic_tools".into(), unbound.made.into());
    }
    let ids: Vec<Uuid> = unbound.servers.iter().map(|server| server.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let of_before = unbound.servers.into_iter();
    let of_before = of_before.map(|server| (server.id.to_string(), server.prefix.into()));
    before.insert("prefixes".into(), of_before.collect::<Map<_, _>>().into());
    let given = tx.prefixes(&ids).await?.into_iter();
    let given = given.filter(|given| given.source == source.id.0);
    let given = given.map(|given| (given.server.to_string(), given.prefix.into()));
    after.insert("prefixes".into(), given.collect::<Map<_, _>>().into());
    Ok(())
}

/// What keeps a server from taking the source is wrong with its new type.
fn of_type(error: Error) -> Error {
    match error {
        Error::Invalid(fields) => {
            let fields = fields.0.into_values().map(|error| ("type".to_owned(), error));
            FieldErrors(fields.collect()).into()
        }
        other => other,
    }
}
