//! A server's tools as its owner sees them: those of its connector and its sources, and those that the owner made from
//! templates, each with what becomes of it. How they are put together stands in [`assembly`], which the gateway uses too.

pub(crate) mod assembly;
mod change;
mod made;
pub(crate) mod offer;

use crate::{
    Actor, DriftPolicy, Engine, Error,
    aside::aside,
    connectors::tool_views,
    error::NotFound,
    storage::{
        Tx,
        tools::{StoredBinding, StoredOffer},
    },
    templates::{self, Template},
};
use assembly::{Assembly, Fate, Tool};
use futures::future::join_all;
use offer::Offer;
use patchbay_domain::{
    ids::{ConnectorId, ServerId},
    tool::{ServerTemplate, ServerTool, ToolStatus, ToolView},
};
use serde_json::{Value, value::RawValue};
use std::{collections::VecDeque, time::Duration};
use tokio::time::timeout;

pub use change::DESCRIPTIONS_MAX_BYTES;

/// How many connectors' definitions are held while a server's tools are put together.
const OFFERS_HELD: usize = 3;
/// How long a list waits for a service that is to be followed.
const FOLLOW_TIME: Duration = Duration::from_secs(10);

impl Engine {
    /// The tools of a server, in the order in which its clients get them; also those that they aren't offered, with why.
    /// Services that the server's connectors follow are asked first, all at once.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server_tools(&self, actor: &Actor, id: ServerId) -> Result<Vec<ServerTool>, Error> {
        let mut tx = self.followed(actor, id).await?;
        let tools = self.assemble(&mut tx, id).await?;
        aside(|| views(&tools))
    }

    /// The templates that a server's tools can be made from: its own connector's and its sources'.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server_templates(&self, actor: &Actor, id: ServerId) -> Result<Vec<ServerTemplate>, Error> {
        let mut tx = self.followed(actor, id).await?;
        let mut found = Vec::new();
        for binding in tx.server_bindings(id).await? {
            let Some(connector) = binding.connector else { continue };
            let offer = tx.connector_offer(connector, true, false).await?;
            let Some(raw) = offer.and_then(|offer| offer.templates) else {
                continue;
            };
            found.extend(templates::read(&raw)?.iter().map(|template| ServerTemplate {
                template: Template::view(template),
                source_id: binding.source,
            }));
        }
        Ok(found)
    }

    /// Follows a connector in sync mode before its tools are listed; whether they changed. A service that doesn't answer
    /// in time is no reason not to list what it said the last time.
    pub async fn follow_for_list(&self, connector: ConnectorId) -> bool {
        match timeout(FOLLOW_TIME, self.follow_connector(connector)).await {
            Ok(Ok(changed)) => changed,
            Ok(Err(error)) => {
                tracing::warn!(%connector, error = &error as &dyn std::error::Error, "a connector can't be followed");
                false
            }
            // What was begun goes on, and the next list has it.
            Err(_) => false,
        }
    }

    /// A transaction that finds the server's tools as its services have them by now.
    async fn followed(&self, actor: &Actor, id: ServerId) -> Result<Tx, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let followed = tx.followed_connectors(id).await?.ok_or(NotFound::Server)?;
        if followed.is_empty() {
            return Ok(tx);
        }
        // No transaction is open while we wait for somebody else's services.
        drop(tx);
        join_all(followed.into_iter().map(|connector| self.follow_for_list(connector))).await;
        self.db().begin_as(actor.user).await
    }

    /// Puts a server's tools together from what is stored.
    pub(crate) async fn assemble(&self, tx: &mut Tx, id: ServerId) -> Result<Vec<Tool>, Error> {
        let bindings = tx.server_bindings(id).await?;
        self.assemble_from(tx, id, &bindings, None).await
    }

    /// The same for clients: without the definitions of what they don't see. Shows each binding's connector to whoever
    /// needs more of it than its tools.
    pub(crate) async fn assemble_for_clients(
        &self,
        tx: &mut Tx,
        id: ServerId,
        show: &mut Show<'_>,
    ) -> Result<Vec<Tool>, Error> {
        let bindings = tx.server_bindings(id).await?;
        self.assemble_from(tx, id, &bindings, Some(show)).await
    }

    async fn assemble_from(
        &self,
        tx: &mut Tx,
        id: ServerId,
        bindings: &[StoredBinding],
        mut show: Option<&mut Show<'_>>,
    ) -> Result<Vec<Tool>, Error> {
        let with_upstream = self.config().drift == DriftPolicy::Block;
        let mut assembly = Assembly::new(
            tx.tool_settings(id).await?,
            tx.given_prefixes(id).await?,
            tx.dynamic_tools(id).await?,
        );
        if show.is_some() {
            assembly = assembly.for_clients();
        }
        let mut held = Held::default();
        for (index, binding) in bindings.iter().enumerate() {
            let offer = match binding.connector {
                Some(connector) => {
                    let with_templates = assembly.makes_from(binding.source);
                    held.offer(tx, connector, with_templates, with_upstream).await?
                }
                None => None,
            };
            aside(|| assembly.add(index, binding, offer));
            if let Some(show) = &mut show {
                show(binding, offer.map(|offer| &offer.stored));
            }
        }
        Ok(aside(|| assembly.finish(bindings)))
    }
}

/// What is told of each binding of a server, in order.
pub(crate) type Show<'a> = dyn FnMut(&StoredBinding, Option<&StoredOffer>) + Send + 'a;

/// The offers that were read last: several sources of few connectors are what most servers are made from.
#[derive(Default)]
struct Held(VecDeque<(Offer, bool)>);

impl Held {
    /// What a connector offers. Its templates are read where something is made from them.
    async fn offer(
        &mut self,
        tx: &mut Tx,
        connector: ConnectorId,
        with_templates: bool,
        with_upstream: bool,
    ) -> Result<Option<&Offer>, Error> {
        let is_it =
            |(offer, templates): &(Offer, bool)| offer.stored.connector == connector && (*templates || !with_templates);
        let known = match self.0.iter().position(is_it) {
            Some(at) => self.0.remove(at),
            None => {
                let stored = tx.connector_offer(connector, with_templates, with_upstream).await?;
                self.0.retain(|(offer, _)| offer.stored.connector != connector);
                stored.map(|stored| (aside(|| Offer::read(stored)), with_templates))
            }
        };
        let Some(known) = known else { return Ok(None) };
        self.0.truncate(OFFERS_HELD - 1);
        self.0.push_front(known);
        Ok(self.0.front().map(|(offer, _)| offer))
    }
}

/// Tools as a page shows them.
fn views(tools: &[Tool]) -> Result<Vec<ServerTool>, Error> {
    let definitions = tools
        .iter()
        .filter_map(|tool| tool.definition.as_deref().map(RawValue::get));
    let list = format!("[{}]", definitions.collect::<Vec<_>>().join(","));
    let mut definitions = tool_views(&RawValue::from_string(list).map_err(Error::internal)?)?.into_iter();
    let views = tools.iter().map(|tool| {
        let defined = tool.definition.as_ref().and_then(|_| definitions.next());
        view(tool, defined)
    });
    Ok(views.collect())
}

fn view(tool: &Tool, defined: Option<ToolView>) -> ServerTool {
    let defined = defined.unwrap_or_else(|| ToolView {
        name: String::new(),
        title: None,
        description: None,
        input_schema: Value::Null,
        read_only: false,
        dynamic: false,
    });
    let (status, notice) = told(tool);
    ServerTool {
        source_id: tool.key.source,
        upstream_name: tool.key.tool.clone(),
        default_name: tool.default_name.clone(),
        default_description: defined.description.clone(),
        enabled: tool.enabled,
        status,
        notice,
        tool: ToolView {
            name: tool.name.clone(),
            description: tool.description.clone().or(defined.description),
            dynamic: tool.made.is_some(),
            ..defined
        },
    }
}

/// What becomes of a tool, as a word and as a sentence.
fn told(tool: &Tool) -> (ToolStatus, Option<String>) {
    let (status, notice) = match &tool.fate {
        Fate::Offered => return (ToolStatus::Offered, None),
        Fate::Disabled => (
            ToolStatus::Disabled,
            "It is switched off: clients don't see it and can't call it.".to_owned(),
        ),
        Fate::Blocked => (
            ToolStatus::Blocked,
            "Its service has changed it since it was approved. It can't be called until a superuser accepts that or the service takes it back.".to_owned(),
        ),
        Fate::SwitchedOff(connector) => (
            ToolStatus::SwitchedOff,
            format!("The connector '{connector}' is not activated."),
        ),
        Fate::NameTaken => (
            ToolStatus::Shadowed,
            format!("Another tool has the name '{}': give one of them another.", tool.default_name),
        ),
        Fate::NameReserved(prefix) => (
            ToolStatus::Shadowed,
            format!("Names that begin with '{prefix}__' are another source's: give it a name of its own."),
        ),
        Fate::TemplateGone => (
            ToolStatus::TemplateGone,
            format!("Its connector doesn't offer the template '{}' any more.", tool.upstream_name),
        ),
        Fate::SourceGone => (
            ToolStatus::TemplateGone,
            format!("The source of the template '{}' isn't on this server any more.", tool.upstream_name),
        ),
        Fate::NoRoom => (
            ToolStatus::NoRoom,
            "The server has more tools than a list holds: switch others off.".to_owned(),
        ),
    };
    (status, Some(notice))
}
