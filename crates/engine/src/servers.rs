//! Users' MCP servers: made from an active connector, given an endpoint, and read by their owner.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    configuration::{self, Checker},
    connectors::{config_params, parse_time_cursor, time_cursor},
    endpoint::Endpoints,
    error::{Conflict, NotFound},
    storage::{Tx, servers::StoredServer},
    tokens::FIRST_TOKEN_NAME,
};
use patchbay_domain::{
    connector::ConnectorMode,
    field::{FieldError, FieldErrors},
    ids::{ConnectorId, ServerId, UserId},
    page::{Page, PageRequest},
    server::{CreateServer, CreatedServer, ServerName, ServerView},
    usage::UsageView,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json, value::RawValue};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How far back the calls go that a server's view counts.
const USAGE_WINDOW: Duration = Duration::hours(24);
/// The largest configuration, as JSON text.
pub(crate) const CONFIGURATION_MAX_BYTES: usize = 64 * 1024;

/// A server to be stored: checked, sealed, with its endpoint.
#[derive(Debug)]
pub(crate) struct NewServer<'a> {
    pub(crate) id: ServerId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) connector: ConnectorId,
    pub(crate) configuration: &'a SealedConfiguration,
}

/// A configuration as it is stored.
#[derive(Debug)]
pub(crate) struct SealedConfiguration {
    pub(crate) sealed: Vec<u8>,
    /// JSON pointers, as JSON, to what is secret in it, for whoever shows it when the connector's schema is another. Only the
    /// values are sealed: a schema is public, and so are the keys that it describes.
    pub(crate) secret_places: String,
}

/// The places that were noted when a configuration was sealed.
pub(crate) fn places_of(noted: Option<&str>) -> Result<Vec<String>, Error> {
    noted.map_or_else(
        || Ok(Vec::new()),
        |noted| serde_json::from_str(noted).map_err(Error::internal),
    )
}

/// What a person sees first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Their MCP servers.
    pub servers: u64,
    /// Connectors that servers can be made from.
    pub connectors_active: u64,
    /// Connectors that a superuser has yet to activate.
    pub connectors_waiting: u64,
    /// Their calls in the last 24 hours.
    pub usage: UsageView,
}

impl Engine {
    /// Makes an MCP server from an active connector: checks the configuration against the connector's schema, gives
    /// it the first free endpoint, and its first token.
    ///
    /// # Errors
    /// Refused fields, [`NotFound::Connector`], [`Conflict::ConnectorNotActive`], [`Conflict::ServerLimit`],
    /// [`Error::PoolExhausted`], or a failing database. Nothing is written then.
    pub async fn create_server(&self, actor: &Actor, new: CreateServer) -> Result<CreatedServer, Error> {
        let wanted = new
            .connector_id
            .ok_or_else(|| FieldErrors::one("connector_id", FieldError::Required))?;
        if !new.source_ids.is_empty() {
            let reason = "Servers can't be made from sources yet.".into();
            return Err(FieldErrors::one("source_ids", FieldError::Refused { reason }).into());
        }
        let mut worker = self.db().worker().await?;
        // Before the connector, as an import does.
        worker.lock_pool().await?;
        // Neither its mode nor its schema becomes another while the server is being made.
        worker.tx().share_connector(wanted).await?;
        let connector = worker
            .tx()
            .connector_definitions(wanted)
            .await?
            .ok_or(NotFound::Connector(wanted))?;
        if connector.summary.mode != ConnectorMode::Active {
            return Err(Conflict::ConnectorNotActive {
                name: connector.summary.name,
            }
            .into());
        }
        let schema = config_params(connector.config.as_deref())?;
        let name = check(&new, schema.as_ref())?;
        let id = ServerId(Uuid::new_v4());
        let places = configuration::secret_places(schema.as_ref(), &new.configuration);
        let configuration = self.seal_configuration(id, &new.configuration, &places);
        let endpoints = self.endpoints();

        let limit = self.config().servers_per_user;
        if worker.count_all_servers_of(actor.user).await? >= u64::from(limit) {
            return Err(Conflict::ServerLimit(limit).into());
        }
        let endpoint = worker
            .first_free_endpoint(&endpoints.candidates())
            .await?
            .ok_or(Error::PoolExhausted)?;
        worker
            .create_mcp_server(&NewServer {
                id,
                user: actor.user,
                name: name.as_str(),
                endpoint: &endpoint,
                connector: connector.summary.id,
                configuration: &configuration,
            })
            .await?;
        let token = self.add_token(worker.tx(), actor.user, id, FIRST_TOKEN_NAME).await?;
        let server = self.require_server(worker.tx(), id).await?;
        let after = json!({
            "endpoint": server.endpoint,
            "connector_id": connector.summary.id,
            "configuration": keys(&new.configuration),
        });
        let entries = vec![
            Entry::new("server.create", Subject::server(id, name.as_str())).after(after),
            Entry::new("token.create", Subject::server_token(token.view.id, &token.view.name))
                .after(json!({"server_id": id})),
        ];
        self.commit_worker(worker, &actor.who(), entries).await?;
        Ok(CreatedServer {
            server,
            token: token.token,
        })
    }

    /// The actor's servers, newest first.
    ///
    /// # Errors
    /// A cursor that isn't one, or a failing database.
    pub async fn servers(&self, actor: &Actor, page: &PageRequest) -> Result<Page<ServerView>, Error> {
        let before = page.cursor.as_deref().map(parse_time_cursor).transpose()?;
        let limit = page.limit();
        let mut tx = self.db().begin_as(actor.user).await?;
        let mut items = tx.servers(before, limit + 1, self.usage_since()).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let items: Vec<_> = items.into_iter().map(|stored| self.server_view(stored)).collect();
        let next_cursor = items.last().filter(|_| more);
        let next_cursor = next_cursor.map(|last| time_cursor(last.created_at.0, last.id.0));
        Ok(Page {
            items,
            total: tx.count_servers().await?,
            next_cursor,
        })
    }

    /// One of the actor's servers.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server(&self, actor: &Actor, id: ServerId) -> Result<ServerView, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        self.require_server(&mut tx, id).await
    }

    /// Deletes a server: it stops answering at once and keeps its endpoint.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn delete_server(&self, actor: &Actor, id: ServerId) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let server = self.require_server(&mut tx, id).await?;
        if !tx.delete_mcp_server(id, self.clock().now()).await? {
            return Err(NotFound::Server.into());
        }
        let before =
            json!({"endpoint": server.endpoint, "connector_id": server.connector.map(|connector| connector.id)});
        let entry = Entry::new("server.delete", Subject::server(id, &server.name)).before(before);
        self.commit(tx, &actor.who(), vec![entry]).await
    }

    /// What a person sees first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn overview(&self, actor: &Actor) -> Result<Overview, Error> {
        let of_mode = |mode| crate::connectors::ConnectorFilter {
            mode: Some(mode),
            ..Default::default()
        };
        let mut tx = self.db().begin_as(actor.user).await?;
        Ok(Overview {
            servers: tx.count_servers().await?,
            connectors_active: tx.count_connectors(&of_mode(ConnectorMode::Active)).await?,
            connectors_waiting: tx.count_connectors(&of_mode(ConnectorMode::Deactive)).await?,
            usage: tx.usage(self.usage_since()).await?,
        })
    }

    /// A server of this transaction's user.
    pub(crate) async fn require_server(&self, tx: &mut Tx, id: ServerId) -> Result<ServerView, Error> {
        let stored = tx.server(id, self.usage_since()).await?.ok_or(NotFound::Server)?;
        Ok(self.server_view(stored))
    }

    fn server_view(&self, stored: StoredServer) -> ServerView {
        let configuration = self.shown_configuration(&stored).unwrap_or_else(|error| {
            // A lost key must not take the page along on which its owner would put things right.
            tracing::error!(%error, source = ?std::error::Error::source(&error), "a configuration can't be opened");
            Value::Null
        });
        let endpoint = self.endpoints().url(&stored.endpoint);
        stored.into_view(endpoint, configuration)
    }

    /// Seals a configuration, with what is secret in it by its JSON pointers.
    pub(crate) fn seal_configuration(
        &self,
        id: ServerId,
        configuration: &Value,
        secret_places: &[String],
    ) -> SealedConfiguration {
        let text = configuration.to_string();
        SealedConfiguration {
            sealed: self.vault().seal(&configuration_purpose(id), text.as_bytes()),
            secret_places: json!(secret_places).to_string(),
        }
    }

    /// A configuration with its secrets masked: those of its connector's schema of today, and those of the day it was sealed.
    fn shown_configuration(&self, stored: &StoredServer) -> Result<Value, Error> {
        let purpose = configuration_purpose(stored.id.into());
        let opened = self
            .vault()
            .open(&purpose, &stored.sealed_configuration)
            .map_err(Error::internal)?;
        let configuration = serde_json::from_slice(opened.expose_secret()).map_err(Error::internal)?;
        let config = stored
            .config
            .as_deref()
            .map(serde_json::from_str::<&RawValue>)
            .transpose()
            .map_err(Error::internal)?;
        let places = places_of(stored.secret_places.as_deref())?;
        Ok(configuration::masked(
            config_params(config)?.as_ref(),
            &places,
            configuration,
        ))
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints::new(self.config())
    }

    fn usage_since(&self) -> OffsetDateTime {
        self.clock().now() - USAGE_WINDOW
    }
}

/// What of a configuration may be told to others than its owner: which parts it has.
pub(crate) fn keys(configuration: &Value) -> Vec<&str> {
    let members = configuration.as_object();
    members
        .into_iter()
        .flat_map(|members| members.keys())
        .map(String::as_str)
        .collect()
}

/// What binds a server's sealed configuration to its row.
pub(crate) fn configuration_purpose(id: ServerId) -> String {
    format!("mcp_servers.configuration:{id}")
}

/// The checked name, if the configuration is right, too.
fn check(new: &CreateServer, schema: Option<&Value>) -> Result<ServerName, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", ServerName::parse(&new.name));
    if new.configuration.to_string().len() > CONFIGURATION_MAX_BYTES {
        errors.add(
            "configuration",
            FieldError::Refused {
                reason: "At most 64 KiB as JSON.".into(),
            },
        );
    } else if let Err(refused) = Checker::of(schema).check(&new.configuration) {
        errors.0.extend(refused.0);
    }
    match name {
        Some(name) if errors.is_empty() => Ok(name),
        _ => Err(errors.into()),
    }
}
