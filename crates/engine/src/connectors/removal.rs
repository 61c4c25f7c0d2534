//! Taking a connector out of the catalogue, and whom that affects.

use super::words;
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::Conflict,
};
use patchbay_domain::{
    changes::{Affected, DeletedConnector, Impact},
    ids::ConnectorRef,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// How far back the calls go that are counted.
const CALLS_WINDOW: Duration = Duration::hours(24);

impl Engine {
    /// Whom it affects when a connector is switched off, deleted, or loses something.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], or a failing database.
    pub async fn connector_impact(&self, actor: &Actor, connector: ConnectorRef) -> Result<Impact, Error> {
        actor.require_superuser()?;
        let mut worker = self.db().worker().await?;
        let standing = worker.tx().require_connector(connector).await?;
        worker
            .connector_impact(standing.id, &standing.name, self.calls_since())
            .await
    }

    /// Deletes a connector with its history, and, when forced, the servers that are made from it. Servers that use it by a
    /// source hold it up in the same way, and stay, as sources do. Servers that their owners have deleted hold nobody up:
    /// they go along either way.
    ///
    /// # Errors
    /// [`crate::error::Denied::Superuser`], [`crate::error::NotFound::Connector`], [`Conflict::ConnectorInUse`], or a
    /// failing database.
    pub async fn delete_connector(
        &self,
        actor: &Actor,
        connector: ConnectorRef,
        force: bool,
    ) -> Result<DeletedConnector, Error> {
        actor.require_superuser()?;
        let mut worker = self.db().worker().await?;
        // Nobody makes a server from it from here on.
        let standing = worker.tx().require_locked(connector).await?;
        let impact = worker
            .connector_impact(standing.id, &standing.name, self.calls_since())
            .await?;
        if impact.using() > 0 && !force {
            return Err(Conflict::ConnectorInUse {
                name: standing.name,
                servers: impact.using(),
            }
            .into());
        }
        let (sources_left, servers_left) = (impact.sources, impact.servers_with_sources.total);
        let took_along = Impact {
            servers_with_sources: Affected::default(),
            sources: 0,
            dynamic_tools: worker.count_tools_of_servers_of(standing.id).await?,
            ..impact
        };
        let in_force = worker.tx().definition_set(standing.id).await?;
        let servers = worker.delete_servers_of(standing.id).await?;
        worker.tx().delete_connector(standing.id).await?;
        let entry = Entry::new("connector.delete", words::subject(&standing)).before(json!({
            "mode": standing.mode,
            "description": standing.description,
            "has_secret": standing.sealed_secret.is_some(),
            "number": standing.definitions_version,
            "definitions": words::definitions(&in_force),
            "servers": took_along.servers.total,
            "deleted_servers": took_along.deleted_servers,
            "dynamic_tools": took_along.dynamic_tools,
            "sources_left": sources_left,
            "servers_left": servers_left,
        }));
        let of_servers = servers.iter().map(|(id, name)| {
            let entry = Entry::new("server.delete", Subject::server(*id, name));
            entry.note(Some(format!("Its connector '{}' was deleted", standing.name)))
        });
        let entries = of_servers.chain([entry]).collect();
        self.commit_worker(worker, &actor.who(), entries).await?;
        Ok(DeletedConnector {
            name: standing.name,
            mode: standing.mode,
            took_along,
            sources_left,
            servers_left,
        })
    }

    fn calls_since(&self) -> OffsetDateTime {
        self.clock().now() - CALLS_WINDOW
    }
}
