//! Counting calls in memory, so that a call costs no query; written in batches, none lost on a graceful stop.

use patchbay_domain::ids::{ServerId, ServerTokenId};
use patchbay_engine::{Clock, Engine, gateway::UsageRecord};
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// Calls at the same time seldom wait for each other.
const SHARDS: usize = 16;
/// How often counts are tried to be written when the process stops, and how long it waits in between.
const LAST_TRIES: usize = 4;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    server: ServerId,
    token: Option<ServerTokenId>,
    tool: Arc<str>,
    /// Minutes since 1970.
    minute: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: u64,
    errors: u64,
    micros: u64,
    bytes: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.micros += other.micros;
        self.bytes += other.bytes;
    }
}

type Shard = HashMap<Key, Counts>;

/// All counts that aren't written yet.
#[derive(Debug)]
pub(crate) struct Usage {
    shards: [Mutex<Shard>; SHARDS],
    clock: Clock,
}

impl Usage {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            shards: Default::default(),
            clock,
        }
    }

    /// Begins to count a call. It is counted when the meter is finished or dropped; then it has failed.
    pub(crate) fn meter(self: &Arc<Self>, server: ServerId, token: Option<ServerTokenId>, tool: &Arc<str>) -> Meter {
        Meter {
            usage: self.clone(),
            server,
            token,
            tool: tool.clone(),
            began: Instant::now(),
            bytes: 0,
            finished: false,
        }
    }

    /// Writes what was counted since the last time, and tells whether that worked. What can't be written is kept.
    pub(crate) async fn flush(&self, engine: &Engine) -> bool {
        let taken = self.take();
        if taken.is_empty() {
            return true;
        }
        let records: Vec<UsageRecord> = taken.iter().map(|(key, counts)| record(key, *counts)).collect();
        if let Err(error) = engine.record_usage(&records).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                calls = taken.len(),
                "usage can't be written yet"
            );
            for (key, counts) in taken {
                self.add(key, counts);
            }
            return false;
        }
        true
    }

    /// The same when there is no next time: a database that is busy, or just restarted, gets a few chances.
    pub(crate) async fn flush_last(&self, engine: &Engine) {
        for _ in 0..LAST_TRIES {
            if self.flush(engine).await {
                return;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// Calls and errors that aren't written yet.
    #[cfg(test)]
    pub(crate) fn totals(&self) -> (u64, u64) {
        let sum = |(calls, errors), counts: &Counts| (calls + counts.calls, errors + counts.errors);
        self.shards
            .iter()
            .flat_map(|shard| lock(shard).values().copied().collect::<Vec<_>>())
            .fold((0, 0), |totals, counts| sum(totals, &counts))
    }

    fn take(&self) -> Shard {
        let mut all = Shard::new();
        for shard in &self.shards {
            for (key, counts) in std::mem::take(&mut *lock(shard)) {
                all.entry(key).or_default().add(counts);
            }
        }
        all
    }

    fn add(&self, key: Key, counts: Counts) {
        let mut hasher = DefaultHasher::new();
        (key.server, key.token).hash(&mut hasher);
        let shard = &self.shards[hasher.finish() as usize % SHARDS];
        match lock(shard).entry(key) {
            Entry::Occupied(mut entry) => entry.get_mut().add(counts),
            Entry::Vacant(entry) => drop(entry.insert(counts)),
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn record(key: &Key, counts: Counts) -> UsageRecord {
    UsageRecord {
        server: key.server,
        token: key.token,
        tool: key.tool.to_string(),
        minute: OffsetDateTime::from_unix_timestamp(key.minute * 60).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        calls: counts.calls,
        errors: counts.errors,
        total_micros: counts.micros,
        bytes: counts.bytes,
    }
}

/// One call that is being counted.
#[derive(Debug)]
pub(crate) struct Meter {
    usage: Arc<Usage>,
    server: ServerId,
    token: Option<ServerTokenId>,
    tool: Arc<str>,
    began: Instant,
    bytes: u64,
    finished: bool,
}

impl Meter {
    /// Counts bytes that went to the client.
    pub(crate) fn bytes(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Counts the call.
    pub(crate) fn finish(mut self, failed: bool) {
        self.count(failed);
    }

    fn count(&mut self, failed: bool) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let key = Key {
            server: self.server,
            token: self.token,
            tool: self.tool.clone(),
            minute: self.usage.clock.now().unix_timestamp().div_euclid(60),
        };
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.usage.add(
            key,
            Counts {
                calls: 1,
                errors: u64::from(failed),
                micros,
                bytes: self.bytes,
            },
        );
    }
}

impl Drop for Meter {
    /// A call whose client left, or that never got its answer.
    fn drop(&mut self) {
        self.count(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::Uuid;

    #[test]
    fn calls_are_counted_by_server_token_tool_and_minute() {
        let clock = Clock::fixed(datetime!(2026-11-20 12:00:30 UTC));
        let usage = Arc::new(Usage::new(clock.clone()));
        let (server, token) = (ServerId(Uuid::from_u128(1)), Some(ServerTokenId(Uuid::from_u128(2))));
        let tool: Arc<str> = "add".into();
        let mut first = usage.meter(server, token, &tool);
        first.bytes(10);
        first.finish(false);
        usage.meter(server, token, &tool).finish(true);
        drop(usage.meter(server, None, &tool));
        clock.advance(time::Duration::seconds(31));
        usage.meter(server, token, &tool).finish(false);

        let mut records: Vec<UsageRecord> = usage.take().iter().map(|(key, counts)| record(key, *counts)).collect();
        records.sort_by_key(|record| (record.minute, record.token));
        let seen: Vec<_> = records
            .iter()
            .map(|r| (r.token, r.minute, r.calls, r.errors, r.bytes))
            .collect();
        assert_eq!(
            seen,
            [
                (None, datetime!(2026-11-20 12:00 UTC), 1, 1, 0),
                (token, datetime!(2026-11-20 12:00 UTC), 2, 1, 10),
                (token, datetime!(2026-11-20 12:01 UTC), 1, 0, 0),
            ]
        );
        assert!(usage.take().is_empty(), "nothing is counted twice");
    }
}
