//! What the overview shows.

use crate::error::AppError;
use leptos::prelude::*;
use patchbay_domain::{server::ServerView, usage::UsageView};
use serde::{Deserialize, Serialize};

/// How much there is of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    /// The person's MCP servers.
    pub(crate) servers: u64,
    /// Connectors that servers can be made from.
    pub(crate) connectors_active: u64,
    /// Connectors that a superuser has yet to activate.
    pub(crate) connectors_waiting: u64,
    /// The person's calls in the last 24 hours.
    pub(crate) usage: UsageView,
}

/// What the overview shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OverviewData {
    /// The numbers.
    pub(crate) numbers: Numbers,
    /// The newest servers of the person.
    pub(crate) servers: Vec<ServerView>,
}

/// How things are for whoever asks.
#[server(prefix = "/fn", endpoint = "overview")]
pub(crate) async fn get_overview() -> Result<OverviewData, AppError> {
    use crate::context;
    use patchbay_domain::page::PageRequest;
    let result = async {
        let (engine, actor) = context::signed_in()?;
        let newest = PageRequest {
            limit: Some(5),
            cursor: None,
        };
        let servers = engine.servers(&actor, &newest).await?.items;
        let all = engine.overview(&actor).await?;
        let numbers = Numbers {
            servers: all.servers,
            connectors_active: all.connectors_active,
            connectors_waiting: all.connectors_waiting,
            usage: all.usage,
        };
        Ok(OverviewData { numbers, servers })
    };
    context::answer(result.await)
}
