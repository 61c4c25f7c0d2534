//! What was read from the database, in memory and bounded: loaded once however many ask, never older than the last
//! change that was heard of.

use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter, sync};
use std::{
    fmt,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// Few enough that the largest entry fits into one's share, however many cores there are.
pub(crate) const SHARDS: usize = 8;
/// How many of a cache's loads run at the same time, so that requests for what isn't there leave the database's
/// connections to everybody else.
const LOADS: usize = 4;
/// How long a load may take, waiting for its turn included.
const LOAD_TIME: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 5000 });

/// Why something could not be loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LoadError<E> {
    /// Too much else is being loaded.
    Busy,
    /// The load failed.
    Failed(E),
}

/// A cache that changes may overtake while something is being loaded.
pub(crate) struct Cache<K, V, W> {
    entries: sync::Cache<K, V, W>,
    /// Counts invalidations. A load that began under another count may have read what was just changed.
    epoch: AtomicU64,
    loads: Semaphore,
}

impl<K, V, W> Cache<K, V, W>
where
    K: Hash + Eq + Clone,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    pub(crate) fn new(items: usize, weight: u64, weighter: W) -> Self {
        let mut options = OptionsBuilder::new();
        options
            .estimated_items_capacity(items)
            .weight_capacity(weight)
            .shards(SHARDS);
        let options = options.build().expect("a cache has a capacity");
        let entries = sync::Cache::with_options(
            options,
            weighter,
            DefaultHashBuilder::default(),
            sync::DefaultLifecycle::default(),
        );
        Self {
            entries,
            epoch: AtomicU64::new(0),
            loads: Semaphore::new(LOADS),
        }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key)
    }

    /// What is held, or else what `load` finds. Several callers at once load once; a failure isn't held.
    pub(crate) async fn get_or_load<E>(
        &self,
        key: K,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, LoadError<E>> {
        let began = self.epoch.load(Ordering::SeqCst);
        let in_turn = async {
            let _turn = self.loads.acquire().await.map_err(|_| LoadError::Busy)?;
            load.await.map_err(LoadError::Failed)
        };
        let value = timeout(LOAD_TIME, self.entries.get_or_insert_async(&key, in_turn))
            .await
            .unwrap_or(Err(LoadError::Busy))?;
        // An invalidation first counts, then looks through the entries. So if it missed this one, the count has
        // moved on, and the entry is dropped here; this caller asked before the change and may have the old value.
        if self.epoch.load(Ordering::SeqCst) != began {
            self.entries.remove(&key);
        }
        Ok(value)
    }

    /// Drops what a change makes stale.
    pub(crate) fn invalidate(&self, stale: impl Fn(&K, &V) -> bool) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.entries.retain(|key, value| !stale(key, value));
    }

    /// Drops everything.
    pub(crate) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.entries.clear();
    }
}

impl<K, V, W> fmt::Debug for Cache<K, V, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_cache::UnitWeighter;
    use std::{
        convert::Infallible,
        sync::{Arc, atomic::AtomicUsize},
    };
    use tokio::sync::oneshot;

    type Numbers = Cache<u32, u32, UnitWeighter>;

    fn numbers() -> Arc<Numbers> {
        Arc::new(Cache::new(100, 100, UnitWeighter))
    }

    #[tokio::test]
    async fn what_is_loaded_stays_until_it_changes() {
        let cache = numbers();
        assert_eq!(cache.get_or_load(1, async { Ok::<_, Infallible>(10) }).await, Ok(10));
        assert_eq!(cache.get(&1), Some(10));
        cache.invalidate(|key, _| *key == 2);
        assert_eq!(cache.get(&1), Some(10));
        cache.invalidate(|_, value| *value == 10);
        assert_eq!(cache.get(&1), None);
    }

    #[tokio::test]
    async fn a_failed_load_is_not_held() {
        let cache = numbers();
        assert_eq!(
            cache.get_or_load(1, async { Err(()) }).await,
            Err(LoadError::Failed(()))
        );
        assert_eq!(cache.get_or_load(1, async { Ok::<_, ()>(2) }).await, Ok(2));
    }

    #[tokio::test]
    async fn an_entry_of_nine_tenths_of_a_share_finds_room() {
        #[derive(Clone)]
        struct Itself;
        impl Weighter<u32, u32> for Itself {
            fn weight(&self, _: &u32, value: &u32) -> u64 {
                u64::from(*value)
            }
        }
        let cache = Cache::new(10_000, SHARDS as u64 * 1000, Itself);
        // What is new must be asked for twice before it takes the room of what is used.
        for key in (0..10_000).chain([10_000; 2]) {
            let weight = if key < 10_000 { 10 } else { 900 };
            let loaded = cache.get_or_load(key, async { Ok::<_, Infallible>(weight) }).await;
            assert_eq!(loaded, Ok(weight));
        }
        assert_eq!(cache.get(&10_000), Some(900));
    }

    #[tokio::test]
    async fn loads_take_turns_and_none_waits_for_ever() {
        let cache = numbers();
        let (peak, running) = (AtomicUsize::new(0), Arc::new(()));
        let answers = (0..100).map(|key| {
            cache.get_or_load(key, async {
                let _runs = running.clone();
                peak.fetch_max(Arc::strong_count(&running) - 1, Ordering::SeqCst);
                std::future::pending::<Result<u32, ()>>().await
            })
        });
        let answers = futures::future::join_all(answers).await;
        assert!(answers.iter().all(|answer| *answer == Err(LoadError::Busy)));
        assert_eq!(peak.into_inner(), LOADS);
        let after = cache.get_or_load(1, async { Ok::<_, ()>(1) }).await;
        assert_eq!(after, Ok(1), "the turns are given back");
    }

    #[tokio::test]
    async fn a_change_during_a_load_is_not_lost() {
        let cache = numbers();
        let (loaded, wait) = oneshot::channel();
        let loading = tokio::spawn({
            let cache = cache.clone();
            async move {
                cache
                    .get_or_load(1, async { Ok::<_, Infallible>(wait.await.unwrap()) })
                    .await
            }
        });
        tokio::task::yield_now().await;
        cache.invalidate(|key, _| *key == 1);
        loaded.send(10).unwrap();
        assert_eq!(loading.await.unwrap(), Ok(10));
        assert_eq!(cache.get(&1), None, "the old value must not stay");
    }
}
