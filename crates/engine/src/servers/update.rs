//! Changing a server: its name, its configuration, and the sources that it is made from.

use super::{
    CONFIGURATION, SOURCES_MAX, SealedConfiguration, changed_keys, check_server, create::without_connector, hold_all,
    keys, parse_source_id, parse_source_ids, places_of, too_many_sources,
};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    configuration::{Checker, Stored, keep_secrets, masked, secret_places},
    error::NotFound,
    sources::not_edited,
    storage::{Tx, servers::StandingServer},
    uses::Uses,
};
use patchbay_domain::{
    Timestamp,
    field::FieldErrors,
    ids::{ServerId, SourceId},
    server::{ServerName, ServerView, UpdateServer},
};
use serde_json::{Map, Value, json};

/// A change of a server's configuration.
struct Reconfigured {
    sealed: SealedConfiguration,
    changed: Vec<String>,
}

impl Engine {
    /// Changes what is given of a server: all of it or nothing. `seen` is the version that the change was made for, if it
    /// was made for one.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`Error::Edited`], refused fields, [`Error::InvalidSourceId`], [`Error::UnknownSource`], or a
    /// failing database.
    pub async fn update_server(
        &self,
        actor: &Actor,
        id: ServerId,
        update: UpdateServer,
        seen: Option<Timestamp>,
    ) -> Result<ServerView, Error> {
        let mut errors = FieldErrors::default();
        let name = update.name.as_deref().map(ServerName::parse);
        let name = name.and_then(|name| errors.check("name", name));
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, id).await?;
        let source_ids = match &update.source_ids {
            Some(texts) => Some(parse_source_ids(texts, &mut errors)?),
            None => None,
        };
        let sources = hold_all(&mut tx, actor.user, source_ids.as_deref().unwrap_or_default()).await?;
        let standing = hold(&mut tx, id).await?;
        not_edited(seen, standing.updated_at)?;
        let configuration = match update.configuration {
            Some(new) => self.reconfigured(&mut tx, id, &standing, new, &mut errors).await?,
            None => None,
        };
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let name = name.filter(|name| name.as_str() != standing.name);
        let source_ids = source_ids.filter(|ids| *ids != standing.source_ids);
        let (mut before, mut after) = (Map::new(), Map::new());
        if let Some(name) = &name {
            before.insert("name".into(), standing.name.as_str().into());
            after.insert("name".into(), name.as_str().into());
        }
        if let Some(ids) = &source_ids {
            before.insert("source_ids".into(), json!(standing.source_ids));
            after.insert("source_ids".into(), json!(ids));
        }
        if let Some(configuration) = &configuration {
            after.insert(format!("{CONFIGURATION}_changed"), json!(configuration.changed));
        }
        if after.is_empty() {
            return self.show_server(tx, id).await;
        }
        let has_connector = standing.connector_id.is_some();
        tx.bind_sources(id, actor.user, has_connector, &sources.iter().collect::<Vec<_>>())
            .await?;
        tx.update_mcp_server(
            id,
            name.as_ref().map(ServerName::as_str),
            source_ids.as_deref(),
            configuration.as_ref().map(|configuration| &configuration.sealed),
        )
        .await?;
        let name = name.map_or(standing.name, |name| name.as_str().to_owned());
        let entry = updated(id, &name, before.into(), after.into());
        self.commit_view(tx, actor, id, entry).await
    }

    /// Adds a source behind those that a server is made from. One that is there already stays where it is. `seen` is the
    /// version of the server that this was decided for, if somebody says.
    ///
    /// # Errors
    /// [`Error::InvalidSourceId`], [`NotFound::Server`], [`Error::UnknownSource`], [`Error::Edited`], refused fields where the
    /// server has too many, or a failing database.
    pub async fn add_source_to_server(
        &self,
        actor: &Actor,
        server: ServerId,
        source: &str,
        seen: Option<Timestamp>,
    ) -> Result<ServerView, Error> {
        let source = parse_source_id(source)?;
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, server).await?;
        let sources = hold_all(&mut tx, actor.user, &[source]).await?;
        let standing = hold(&mut tx, server).await?;
        not_edited(seen, standing.updated_at)?;
        if standing.source_ids.contains(&source) {
            return self.show_server(tx, server).await;
        }
        if standing.source_ids.len() >= SOURCES_MAX {
            return Err(FieldErrors::one("source_ids", too_many_sources()).into());
        }
        let has_connector = standing.connector_id.is_some();
        tx.bind_sources(server, actor.user, has_connector, &sources.iter().collect::<Vec<_>>())
            .await?;
        tx.add_source_to_server(server, source).await?;
        let after: Vec<SourceId> = standing.source_ids.iter().copied().chain([source]).collect();
        self.commit_sources(tx, actor, server, &standing, &after).await
    }

    /// Takes a source out of those that a server is made from. Its tools keep their names until it comes back. `seen` is as
    /// for [`Self::add_source_to_server`].
    ///
    /// # Errors
    /// [`Error::InvalidSourceId`], [`NotFound::Server`], [`Error::UnknownSource`], [`Error::Edited`], or a failing database.
    pub async fn remove_source_from_server(
        &self,
        actor: &Actor,
        server: ServerId,
        source: &str,
        seen: Option<Timestamp>,
    ) -> Result<ServerView, Error> {
        let source = parse_source_id(source)?;
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, server).await?;
        if !tx.source_belongs_to_user(source, actor.user).await? {
            return Err(Error::UnknownSource(source));
        }
        let standing = hold(&mut tx, server).await?;
        not_edited(seen, standing.updated_at)?;
        if !standing.source_ids.contains(&source) {
            return self.show_server(tx, server).await;
        }
        tx.remove_source_from_server(server, source).await?;
        let after: Vec<SourceId> = standing.source_ids.iter().copied().filter(|id| *id != source).collect();
        self.commit_sources(tx, actor, server, &standing, &after).await
    }

    async fn commit_sources(
        &self,
        tx: Tx,
        actor: &Actor,
        id: ServerId,
        before: &StandingServer,
        after: &[SourceId],
    ) -> Result<ServerView, Error> {
        let (old, new) = (json!({"source_ids": before.source_ids}), json!({ "source_ids": after }));
        self.commit_view(tx, actor, id, updated(id, &before.name, old, new))
            .await
    }

    async fn commit_view(&self, mut tx: Tx, actor: &Actor, id: ServerId, entry: Entry) -> Result<ServerView, Error> {
        let read = self.read_server(&mut tx, id).await?;
        self.commit(tx, &actor.who(), vec![entry]).await?;
        self.server_view(read).await
    }

    /// A new configuration, checked and sealed; nothing where it is the old one or can't be one, which is noted.
    async fn reconfigured(
        &self,
        tx: &mut Tx,
        id: ServerId,
        standing: &StandingServer,
        new: Value,
        errors: &mut FieldErrors,
    ) -> Result<Option<Reconfigured>, Error> {
        let (Some(connector), Some(sealed)) = (standing.connector_id, &standing.sealed_configuration) else {
            if keys(&new).is_empty() && new.is_object() {
                return Ok(None);
            }
            errors.0.extend(without_connector().0);
            return Ok(None);
        };
        let old = self.readable_configuration(id, sealed);
        let uses = Uses::load(tx, &[connector], &[]).await?;
        let schema = uses.by_id(connector).and_then(|used| used.schema.as_ref());
        let places = places_of(standing.secret_places.as_deref())?;
        let shown = old.clone().map(|old| masked(schema, &places, old));
        let stored = old.as_ref().zip(shown.as_ref());
        let stored = stored.map(|(configuration, shown)| Stored { configuration, shown });
        let kept = match keep_secrets(CONFIGURATION, new, stored) {
            Ok(kept) if old.as_ref() == Some(&kept.configuration) => return Ok(None),
            Ok(kept) => kept,
            Err(refused) => {
                errors.0.extend(refused.0);
                return Ok(None);
            }
        };
        if let Err(refused) = Checker::of(schema).check(CONFIGURATION, &kept.configuration) {
            errors.0.extend(refused.0);
            return Ok(None);
        }
        let mut places = secret_places(schema, &kept.configuration);
        places.extend(kept.places);
        places.sort_unstable();
        places.dedup();
        let changed = changed_keys(old.as_ref().unwrap_or(&Value::Null), &kept.configuration);
        Ok(Some(Reconfigured {
            sealed: self.seal_configuration(id, &kept.configuration, &places),
            changed: changed.into_iter().map(str::to_owned).collect(),
        }))
    }
}

/// A server that isn't deleted, of this transaction's user, held until that ends. Sources are held before servers.
async fn hold(tx: &mut Tx, id: ServerId) -> Result<StandingServer, Error> {
    let standing = tx.lock_server(id).await?;
    standing
        .filter(|server| !server.is_deleted)
        .ok_or_else(|| NotFound::Server.into())
}

fn updated(id: ServerId, name: &str, before: Value, after: Value) -> Entry {
    Entry::new("server.update", Subject::server(id, name))
        .before(before)
        .after(after)
}
