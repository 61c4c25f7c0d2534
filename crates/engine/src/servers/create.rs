//! Making a server: its parts are checked, it gets the first free endpoint, and its first token.

use super::{CONFIGURATION, NewServer, hold_all, keys, parse_source_ids};
use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    configuration::{Checker, check_form, keep_secrets, secret_places},
    connectors::{ConnectorDefinitions, config_params},
    error::{Conflict, NotFound},
    storage::{Tx, worker::Worker},
    tokens::{FIRST_TOKEN_NAME, NewServerToken},
};
use patchbay_domain::{
    connector::ConnectorMode,
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ConnectorRef, ServerId, SourceId},
    server::{CreateServer, CreatedServer, CreatedServerToken, ServerName},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A server that only lacks what the pool and the database give it.
pub(super) struct Draft<'a> {
    pub(super) name: &'a str,
    pub(super) own: Option<Own>,
    pub(super) source_ids: &'a [SourceId],
}

/// What a server is itself made from.
pub(super) struct Own {
    pub(super) connector: ConnectorId,
    pub(super) configuration: Value,
    pub(super) secret_places: Vec<String>,
}

/// A server that was stored, in a transaction that hasn't ended.
pub(super) struct Inserted {
    pub(super) id: ServerId,
    endpoint: String,
    token: CreatedServerToken,
}

impl Engine {
    /// Makes an MCP server from an active connector, from sources, from both or, for now, from nothing: checks the
    /// configuration against the connector's schema, gives it the first free endpoint, and its first token.
    ///
    /// # Errors
    /// Refused fields, [`Error::InvalidSourceId`], [`NotFound::Connector`], [`Conflict::ConnectorNotActive`],
    /// [`Error::UnknownSource`], [`Conflict::ServerLimit`], [`Error::PoolExhausted`], or a failing database. Nothing is
    /// written then.
    pub async fn create_server(&self, actor: &Actor, new: CreateServer) -> Result<CreatedServer, Error> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", ServerName::parse(&new.name));
        let source_ids = parse_source_ids(&new.source_ids, &mut errors)?;
        let configuration = settle(&mut errors, new.configuration, new.connector_id.is_some());

        let mut worker = self.db().worker().await?;
        // Before the connector, as an import does.
        worker.lock_pool().await?;
        let own = match new.connector_id {
            Some(wanted) => {
                let connector = active_connector(worker.tx(), wanted).await?;
                own(&mut errors, &connector, configuration)?
            }
            None => None,
        };
        let (Some(name), true) = (name, errors.is_empty()) else {
            return Err(errors.into());
        };
        let sources = hold_all(worker.tx(), actor.user, &source_ids).await?;
        let draft = Draft {
            name: name.as_str(),
            own,
            source_ids: &source_ids,
        };
        let inserted = self.insert_server(&mut worker, actor, &draft).await?;
        worker
            .tx()
            .bind_sources(
                inserted.id,
                actor.user,
                draft.own.is_some(),
                &sources.iter().collect::<Vec<_>>(),
            )
            .await?;
        self.finish_server(worker, actor, &draft, inserted, None).await
    }

    /// Stores a server, if the actor may have one more and there is an endpoint left. The pool must be locked.
    pub(super) async fn insert_server(
        &self,
        worker: &mut Worker,
        actor: &Actor,
        draft: &Draft<'_>,
    ) -> Result<Inserted, Error> {
        let limit = self.config().servers_per_user;
        if worker.count_all_servers_of(actor.user).await? >= u64::from(limit) {
            return Err(Conflict::ServerLimit(limit).into());
        }
        let endpoint = worker
            .first_free_endpoint(&self.endpoints().candidates())
            .await?
            .ok_or(Error::PoolExhausted)?;
        let id = ServerId(Uuid::new_v4());
        let seal = |own: &Own| self.seal_configuration(id, &own.configuration, &own.secret_places);
        let configuration = draft.own.as_ref().map(seal);
        worker
            .create_mcp_server(&NewServer {
                id,
                user: actor.user,
                name: draft.name,
                endpoint: &endpoint,
                connector: draft.own.as_ref().map(|own| own.connector),
                configuration: configuration.as_ref(),
                source_ids: draft.source_ids,
            })
            .await?;
        let first = NewServerToken {
            name: FIRST_TOKEN_NAME,
            expires_at: None,
        };
        let token = self.add_token(worker.tx(), actor.user, id, &first).await?;
        Ok(Inserted { id, endpoint, token })
    }

    /// Commits a server that was stored, with its rows in the log.
    pub(super) async fn finish_server(
        &self,
        mut worker: Worker,
        actor: &Actor,
        draft: &Draft<'_>,
        inserted: Inserted,
        note: Option<String>,
    ) -> Result<CreatedServer, Error> {
        let id = inserted.id;
        let read = self.read_server(worker.tx(), id).await?;
        let mut after = json!({"endpoint": self.endpoints().url(&inserted.endpoint)});
        if let Some(own) = &draft.own {
            after["connector_id"] = json!(own.connector);
            after[CONFIGURATION] = json!(keys(&own.configuration));
        }
        if !draft.source_ids.is_empty() {
            after["source_ids"] = json!(draft.source_ids);
        }
        let token = inserted.token;
        let entries = vec![
            Entry::new("server.create", Subject::server(id, draft.name))
                .after(after)
                .note(note),
            Entry::new("token.create", Subject::server_token(token.view.id, &token.view.name))
                .after(json!({"server_id": id})),
        ];
        self.commit_worker(worker, &actor.who(), entries).await?;
        Ok(CreatedServer {
            server: self.server_view(read).await?,
            token: token.token,
        })
    }
}

/// A connector that servers can be made from. Neither its mode nor its schema becomes another until the transaction ends.
pub(super) async fn active_connector(tx: &mut Tx, wanted: ConnectorRef) -> Result<ConnectorDefinitions, Error> {
    tx.share_connector(wanted).await?;
    let found = tx.connector_definitions(wanted).await?;
    let connector = found.ok_or(NotFound::Connector(wanted))?;
    if connector.summary.mode == ConnectorMode::Active {
        Ok(connector)
    } else {
        let name = connector.summary.name;
        Err(Conflict::ConnectorNotActive { name }.into())
    }
}

/// A configuration of the right form, in which nothing is masked.
fn settle(errors: &mut FieldErrors, configuration: Value, has_connector: bool) -> Option<Value> {
    let settled = check_form(CONFIGURATION, &configuration).and_then(|()| {
        if has_connector || keys(&configuration).is_empty() {
            keep_secrets(CONFIGURATION, configuration, None).map(|kept| kept.configuration)
        } else {
            Err(without_connector())
        }
    });
    settled.map_err(|refused| errors.0.extend(refused.0)).ok()
}

/// Why a server without a connector takes no configuration.
pub(super) fn without_connector() -> FieldErrors {
    let reason = "Only a server with a connector of its own takes a configuration: sources have theirs.".into();
    FieldErrors::one(CONFIGURATION, FieldError::Refused { reason })
}

fn own(
    errors: &mut FieldErrors,
    connector: &ConnectorDefinitions,
    configuration: Option<Value>,
) -> Result<Option<Own>, Error> {
    let Some(configuration) = configuration else {
        return Ok(None);
    };
    let schema = config_params(connector.config.as_deref())?;
    if let Err(refused) = Checker::of(schema.as_ref()).check(CONFIGURATION, &configuration) {
        errors.0.extend(refused.0);
    }
    Ok(Some(Own {
        connector: connector.summary.id,
        secret_places: secret_places(schema.as_ref(), &configuration),
        configuration,
    }))
}
