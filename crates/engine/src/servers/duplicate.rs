//! Making a server from another one.

use super::{
    check_server,
    create::{Draft, Own, active_connector},
    places_of,
};
use crate::{Actor, Engine, Error, error::NotFound, storage::servers::StandingServer};
use patchbay_domain::{
    field::FieldErrors,
    ids::{ConnectorId, ConnectorRef, ServerId, SourceId},
    server::{CreatedServer, NAME_MAX, ServerName},
};

/// What stands behind the name of a copy that nobody named.
const COPY: &str = " (copy)";

impl Engine {
    /// Makes a server that is like another one of the actor's: its configuration, its sources and what their tools are
    /// called, its dynamic tools, and how its tools are offered. It has an endpoint and a token of its own.
    ///
    /// # Errors
    /// [`NotFound::Server`], a refused name, [`crate::error::Conflict::ConnectorNotActive`],
    /// [`crate::error::Conflict::ServerLimit`], [`Error::PoolExhausted`], or a failing database.
    pub async fn duplicate_server(
        &self,
        actor: &Actor,
        id: ServerId,
        name: Option<&str>,
    ) -> Result<CreatedServer, Error> {
        let name = name.filter(|name| !name.trim().is_empty()).map(ServerName::parse);
        let name = name.transpose();
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, id).await?;
        let name = name.map_err(|error| FieldErrors::one("name", error))?;
        // What it is itself made from never becomes another.
        let connector = tx.connector_of(id).await?;

        let mut worker = tx.into_worker().await?;
        worker.lock_pool().await?;
        if let Some(connector) = connector {
            active_connector(worker.tx(), ConnectorRef::Id(connector)).await?;
        }
        let ever = worker.tx().sources_ever_on(id).await?;
        let held = worker.tx().hold_sources(actor.user, &ever).await?;
        let standing = worker.tx().lock_server(id).await?;
        let standing = standing.filter(|server| !server.is_deleted).ok_or(NotFound::Server)?;
        // One that came since has to wait for the next copy.
        let is_held = |id: &SourceId| held.iter().any(|source| source.id == *id);
        let source_ids: Vec<SourceId> = standing.source_ids.iter().copied().filter(is_held).collect();
        let draft = Draft {
            name: &name.map_or_else(|| copied(&standing.name), |name| name.as_str().to_owned()),
            own: self.own_of(id, connector, &standing)?,
            source_ids: &source_ids,
        };
        let inserted = self.insert_server(&mut worker, actor, &draft).await?;
        worker.tx().copy_tools(id, inserted.id, &held).await?;
        let note = format!("Duplicated from '{}' ({id})", standing.name);
        self.finish_server(worker, actor, &draft, inserted, Some(note)).await
    }

    fn own_of(
        &self,
        id: ServerId,
        connector: Option<ConnectorId>,
        standing: &StandingServer,
    ) -> Result<Option<Own>, Error> {
        let (Some(connector), Some(sealed)) = (connector, &standing.sealed_configuration) else {
            return Ok(None);
        };
        Ok(Some(Own {
            connector,
            configuration: self.open_configuration(id, sealed)?,
            secret_places: places_of(standing.secret_places.as_deref())?,
        }))
    }
}

fn copied(name: &str) -> String {
    let kept = NAME_MAX as usize - COPY.chars().count();
    let name: String = name.chars().take(kept).collect();
    format!("{}{COPY}", name.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_called_so_and_its_name_is_one() {
        assert_eq!(copied("Mine"), "Mine (copy)");
        let long = copied(&"é".repeat(255));
        assert!(ServerName::parse(&long).is_ok() && long.ends_with("é (copy)"));
    }
}
