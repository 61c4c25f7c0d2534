//! What a person wants to see first: how much there is, how it is called, and what somebody should look at.

use crate::{
    Actor, Engine, Error,
    aside::apart,
    connectors::ConnectorFilter,
    servers::ServerFilter,
    sources::{METADATA, SourceBrief, SourceFilter},
    storage::{Tx, overview::EndingToken, servers::StoredServer},
    uses::{self, Uses},
};
use patchbay_domain::{
    connector::{ChangesState, ConnectorMode},
    ids::SourceId,
    overview::{Attention, Overview},
    page::MAX_LIMIT,
    source::BindingState,
    usage::UsageView,
};
use std::collections::{BTreeSet, HashSet};
use time::Duration;
use uuid::Uuid;

/// How long before its end a token is worth a word.
const TOKEN_WARNING: Duration = Duration::days(7);
/// How long after its end.
const TOKEN_REMINDER: Duration = Duration::days(30);
/// One call in so many must fail before its server is worth a word.
const FAILING_SHARE: u64 = 5;
/// The most things to look at that are told at once.
const ATTENTION_MAX: usize = 20;
/// How many sources are opened to see whether they fit their connectors.
const LOOKED_INTO_MAX: usize = 32;

impl Engine {
    /// What the actor sees first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn overview(&self, actor: &Actor) -> Result<Overview, Error> {
        let all = ServerFilter::default();
        let mut tx = self.db().begin_as(actor.user).await?;
        // Enough for all of most people's.
        let servers = tx
            .get_user_mcp_servers(&all, None, MAX_LIMIT, self.usage_since())
            .await?;
        let sources = tx.source_briefs().await?;
        let idle = idle_servers(&mut tx, &servers, &sources).await?;
        let doubtful = doubtful(&servers, &sources);
        let stored = tx.sources_by_id(&doubtful).await?;
        let kinds: BTreeSet<String> = stored.iter().map(|source| source.kind.clone()).collect();
        let uses = Uses::load(&mut tx, &[], &kinds.into_iter().collect::<Vec<_>>()).await?;
        let of = |mode, changes| ConnectorFilter {
            mode,
            changes,
            ..ConnectorFilter::default()
        };
        let now = self.clock().now();
        let tokens = tx.ending_tokens(now - TOKEN_REMINDER, now + TOKEN_WARNING).await?;
        let changed = if actor.is_superuser() {
            tx.count_connectors(&of(None, Some(ChangesState::Waiting))).await?
        } else {
            0
        };
        let mut overview = Overview {
            mcp_servers: tx.count_user_mcp_servers(&all).await?,
            sources: tx.count_user_sources(&SourceFilter::default()).await?,
            connectors_active: tx.count_connectors(&of(Some(ConnectorMode::Active), None)).await?,
            connectors_waiting: tx.count_connectors(&of(Some(ConnectorMode::Deactive), None)).await?,
            usage: tx.usage(self.usage_since()).await?,
            attention: Vec::new(),
        };
        drop(tx);
        let engine = self.clone();
        overview.attention = apart(move || {
            let misfits = stored.into_iter().filter(|source| {
                let metadata = engine.readable_metadata(source);
                let used = uses.by_name(&source.kind);
                uses::state(&source.kind, used, METADATA, metadata.as_ref()).0 == BindingState::Misfit
            });
            let misfits = misfits.map(|source| source.id.into()).collect();
            Ok(attention(&servers, &idle, &sources, &misfits, tokens, changed))
        })
        .await?;
        Ok(overview)
    }
}

/// Which servers have no part that contributes tools. That doesn't depend on what is configured.
async fn idle_servers(tx: &mut Tx, servers: &[StoredServer], sources: &[SourceBrief]) -> Result<HashSet<Uuid>, Error> {
    let connectors: BTreeSet<Uuid> = servers.iter().filter_map(|server| server.connector_id).collect();
    let uses = Uses::load(tx, &connectors.into_iter().collect::<Vec<_>>(), &[]).await?;
    let working: HashSet<Uuid> = sources
        .iter()
        .filter(|source| source.idle.is_none())
        .map(|source| source.id.0)
        .collect();
    let is_idle = |server: &&StoredServer| {
        let own = server.connector_id.and_then(|id| uses.by_id(id));
        own.is_none_or(uses::Use::is_switched_off) && server.source_ids.iter().all(|id| !working.contains(id))
    };
    Ok(servers.iter().filter(is_idle).map(|server| server.id).collect())
}

/// Which sources have to be opened to see how they stand: those that servers are made from first.
fn doubtful(servers: &[StoredServer], sources: &[SourceBrief]) -> Vec<Uuid> {
    let used: HashSet<Uuid> = servers.iter().flat_map(|server| &server.source_ids).copied().collect();
    let working = || {
        let working = sources.iter().filter(|source| source.idle.is_none());
        working.map(|source| source.id.0)
    };
    let of_servers = working().filter(|id| used.contains(id));
    let others = working().filter(|id| !used.contains(id));
    of_servers.chain(others).take(LOOKED_INTO_MAX).collect()
}

/// What should be looked at: what fails clients now, then what will, then what can wait.
fn attention(
    servers: &[StoredServer],
    idle: &HashSet<Uuid>,
    sources: &[SourceBrief],
    misfits: &HashSet<SourceId>,
    tokens: Vec<EndingToken>,
    connectors_changed: u64,
) -> Vec<Attention> {
    let idle = servers.iter().filter(|server| idle.contains(&server.id));
    let idle = idle.map(|server| Attention::ServerWithoutTools {
        mcp_server_id: server.id.into(),
        name: server.name.clone(),
    });
    let failing = servers.iter().filter(|server| is_failing(server.usage()));
    let failing = failing.map(|server| Attention::ServerFailing {
        mcp_server_id: server.id.into(),
        name: server.name.clone(),
        usage: server.usage(),
    });
    let odd = sources.iter().filter_map(|source| {
        let misfit = misfits.contains(&source.id).then_some(BindingState::Misfit);
        Some(Attention::Source {
            source_id: source.id,
            name: source.name.clone().unwrap_or_else(|| source.kind.clone()),
            state: source.idle.or(misfit)?,
        })
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
        for (calls, errors, failing) in [
            (0, 0, false),
            (1, 1, true),
            (5, 1, true),
            (6, 1, false),
            (100, 0, false),
        ] {
            assert_eq!(is_failing(usage(calls, errors)), failing, "{errors} of {calls}");
        }
    }
}
