//! What a person wants to see first: how much there is, how it is called, and what somebody should look at.

use crate::{
    Actor, Engine, Error, connectors::ConnectorFilter, servers::ServerFilter, sources::SourceFilter,
    storage::overview::EndingToken,
};
use patchbay_domain::{
    connector::{ChangesState, ConnectorMode},
    overview::{Attention, Overview},
    page::{MAX_LIMIT, PageRequest},
    server::ServerView,
    source::{BindingState, SourceView},
    usage::UsageView,
};
use time::Duration;

/// How long before its end a token is worth a word.
const TOKEN_WARNING: Duration = Duration::days(7);
/// How long after its end.
const TOKEN_REMINDER: Duration = Duration::days(30);
/// One call in so many must fail before its server is worth a word.
const FAILING_SHARE: u64 = 5;
/// The most things to look at that are told at once.
const ATTENTION_MAX: usize = 20;

impl Engine {
    /// What the actor sees first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn overview(&self, actor: &Actor) -> Result<Overview, Error> {
        // Enough for all of most people's.
        let all = PageRequest {
            limit: Some(MAX_LIMIT),
            cursor: None,
        };
        let servers = self.servers(actor, &ServerFilter::default(), &all).await?;
        let sources = self.sources(actor, &SourceFilter::default(), &all).await?;
        let of = |mode, changes| ConnectorFilter {
            mode,
            changes,
            ..ConnectorFilter::default()
        };
        let now = self.clock().now();
        let mut tx = self.db().begin_as(actor.user).await?;
        let tokens = tx.ending_tokens(now - TOKEN_REMINDER, now + TOKEN_WARNING).await?;
        let changed = if actor.is_superuser() {
            tx.count_connectors(&of(None, Some(ChangesState::Waiting))).await?
        } else {
            0
        };
        Ok(Overview {
            mcp_servers: servers.total,
            sources: sources.total,
            connectors_active: tx.count_connectors(&of(Some(ConnectorMode::Active), None)).await?,
            connectors_waiting: tx.count_connectors(&of(Some(ConnectorMode::Deactive), None)).await?,
            usage: tx.usage(self.usage_since()).await?,
            attention: attention(&servers.items, &sources.items, tokens, changed),
        })
    }
}

/// What should be looked at: what fails clients now, then what will, then what can wait.
fn attention(
    servers: &[ServerView],
    sources: &[SourceView],
    tokens: Vec<EndingToken>,
    connectors_changed: u64,
) -> Vec<Attention> {
    let idle = servers.iter().filter(|server| contributes_nothing(server));
    let idle = idle.map(|server| Attention::ServerWithoutTools {
        mcp_server_id: server.id,
        name: server.name.clone(),
    });
    let failing = servers.iter().filter(|server| is_failing(server.usage));
    let failing = failing.map(|server| Attention::ServerFailing {
        mcp_server_id: server.id,
        name: server.name.clone(),
        usage: server.usage,
    });
    let odd = sources.iter().filter(|source| source.state != BindingState::Ready);
    let odd = odd.map(|source| Attention::Source {
        source_id: source.id,
        name: source.name.clone().unwrap_or_else(|| source.kind.clone()),
        state: source.state,
    });
    let changed = (connectors_changed > 0).then_some(Attention::ConnectorChanges {
        connectors: connectors_changed,
    });
    let tokens = tokens.into_iter().map(|token| match token.server {
        Some((mcp_server_id, mcp_server)) => Attention::ServerToken {
            mcp_server_id,
            mcp_server,
            name: token.name,
            expires_at: token.expires_at.into(),
        },
        None => Attention::ApiToken {
            name: token.name,
            expires_at: token.expires_at.into(),
        },
    });
    let all = failing.chain(idle).chain(odd).chain(changed).chain(tokens);
    all.take(ATTENTION_MAX).collect()
}

fn contributes_nothing(server: &ServerView) -> bool {
    let contributes = |state| matches!(state, BindingState::Ready | BindingState::Misfit);
    !server.bindings.iter().any(|binding| contributes(binding.state))
}

fn is_failing(usage: UsageView) -> bool {
    usage.errors > 0 && usage.errors * FAILING_SHARE >= usage.calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_fails_when_one_call_in_five_does() {
        let usage = |calls, errors| UsageView {
            calls,
            errors,
            mean_ms: 1,
        };
        for (calls, errors, failing) in [(0, 0, false), (1, 1, true), (5, 1, true), (6, 1, false), (100, 0, false)] {
            assert_eq!(is_failing(usage(calls, errors)), failing, "{errors} of {calls}");
        }
    }
}
