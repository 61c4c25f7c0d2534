//! Trying a source: its connector's service is asked for its tools, with the source's configuration, as a call would come.

use super::METADATA;
use crate::{
    Actor, Engine, Error,
    connectors::tool_views,
    error::NotFound,
    storage::connectors::StandingConnector,
    upstream::{CallError, Discovered, FetchError, Target},
    uses::{self, Uses},
};
use patchbay_domain::{
    ids::{ConnectorRef, SourceId},
    source::{BindingState, SourceTest},
};
use serde_json::{json, value::RawValue};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// For all of a test.
const BUDGET: Duration = Duration::from_secs(10);
/// What people are told where the server itself can't ask; the rest is in its log.
const NOT_ASKED: &str =
    "The connector's service can't be asked: its secret or its address can't be used. Tell its superuser.";

/// What is needed to ask.
struct Asking {
    target: Target,
    source: Option<Box<RawValue>>,
    /// What is odd about the source, and no reason not to ask.
    notice: Option<String>,
}

impl Engine {
    /// Asks the service of a source's connector for its tools, with the source's configuration. Whatever comes of that is
    /// an answer, not an error.
    ///
    /// # Errors
    /// [`NotFound::Source`], or a failing database.
    pub async fn test_source(&self, actor: &Actor, id: SourceId) -> Result<SourceTest, Error> {
        let asking = match self.asking(actor, id).await? {
            Ok(asking) => asking,
            Err(failed) => return Ok(failed),
        };
        // No transaction is open while we wait for somebody else's service.
        let begun = Instant::now();
        let answer = self
            .upstream()
            .discover_for(&asking.target, asking.source.as_deref(), BUDGET)
            .await;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let test = match answer {
            Ok(discovered) => passed(&discovered, asking.notice)?,
            Err(error) => failed(code(&error), message(&error)),
        };
        Ok(SourceTest { took_ms, ..test })
    }

    /// What to ask; or what came of the test when there is nobody to be asked.
    async fn asking(&self, actor: &Actor, id: SourceId) -> Result<Result<Asking, SourceTest>, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        let stored = tx.get_source_by_id(id).await?.ok_or(NotFound::Source)?;
        let uses = Uses::load(&mut tx, &[], std::slice::from_ref(&stored.kind)).await?;
        let used = uses.by_name(&stored.kind);
        let metadata = self.readable_metadata(&stored);
        let (state, notice) = uses::state(&stored.kind, used, METADATA, metadata.as_ref());
        let code = match state {
            BindingState::NoConnector => "NO_CONNECTOR",
            BindingState::SwitchedOff => "CONNECTOR_DEACTIVE",
            BindingState::Ready | BindingState::Misfit => "INVALID_CONFIGURATION",
        };
        let connector = match used {
            Some(used) => tx.standing_connector(ConnectorRef::Id(used.connector.id)).await?,
            None => None,
        };
        let usable = used.filter(|used| !used.is_switched_off());
        let (Some(metadata), Some(used), Some(connector)) = (metadata, usable, &connector) else {
            return Ok(Err(failed(code, notice.unwrap_or_default())));
        };
        let target = match self.target(connector) {
            Ok(Some(target)) => target,
            Ok(None) => return Ok(Err(failed(code, notice.unwrap_or_default()))),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(connector_id = %connector.id, error, "a connector's service can't be asked");
                return Ok(Err(failed("CONNECTION_FAILED", NOT_ASKED.to_owned())));
            }
        };
        // As for calls: a connector that asks for nothing is told nothing.
        let source = used.schema.as_ref().map(|_| {
            let source = json!({"id": id, "type": stored.kind, "metadata": metadata});
            serde_json::value::to_raw_value(&source).map_err(Error::internal)
        });
        Ok(Ok(Asking {
            target,
            source: source.transpose()?,
            notice,
        }))
    }

    /// Where its service is, and what shows it who asks; nothing for one that was never activated.
    fn target(&self, connector: &StandingConnector) -> Result<Option<Target>, Error> {
        let Some(url) = connector.mcp_url.as_deref() else {
            return Ok(None);
        };
        Ok(Some(Target {
            url: Url::parse(url).map_err(Error::internal)?,
            authorization: self.credential(connector)?,
        }))
    }
}

fn passed(discovered: &Discovered, notice: Option<String>) -> Result<SourceTest, Error> {
    let tools = serde_json::value::to_raw_value(&discovered.tools).map_err(Error::internal)?;
    let tools = tool_views(&tools)?;
    let nothing = tools.is_empty().then(|| "Connected but no tools found.".to_owned());
    Ok(SourceTest {
        success: true,
        error_code: None,
        error_message: notice.or(nothing),
        tools,
        took_ms: 0,
    })
}

fn failed(code: &str, message: String) -> SourceTest {
    SourceTest {
        success: false,
        error_code: Some(code.to_owned()),
        error_message: Some(message),
        tools: Vec::new(),
        took_ms: 0,
    }
}

fn code(error: &CallError) -> &'static str {
    match error {
        CallError::Transport(FetchError::Timeout) => "TIMEOUT",
        CallError::Transport(_) | CallError::Unanswered | CallError::SessionGone | CallError::Moved(_) => {
            "CONNECTION_FAILED"
        }
        CallError::Unauthorized(_) => "AUTH_FAILED",
        CallError::Rpc { .. } => "SERVICE_ERROR",
        CallError::Status(_)
        | CallError::NotMcp
        | CallError::Version(_)
        | CallError::OldTransport
        | CallError::EraChanged { .. } => "INVALID_MCP_SERVER",
    }
}

fn message(error: &CallError) -> String {
    match error {
        CallError::Transport(FetchError::Timeout) => "Connection timed out after 10 seconds.".to_owned(),
        error => format!("The connector's service can't be used. {error}."),
    }
}
