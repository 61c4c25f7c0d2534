//! What was read from the database, in memory and bounded: loaded once however many ask, never older than the last
//! change that was heard of.

use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter, sync};
use std::{
    fmt,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
};

/// Few enough that the largest entry fits into one's share, however many cores there are.
const SHARDS: usize = 8;

/// A cache that changes may overtake while something is being loaded.
pub(crate) struct Cache<K, V, W> {
    entries: sync::Cache<K, V, W>,
    /// Counts invalidations. A load that began under another count may have read what was just changed.
    epoch: AtomicU64,
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
        }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key)
    }

    /// What is held, or else what `load` finds. Several callers at once load once; a failure isn't held.
    pub(crate) async fn get_or_load<E>(&self, key: K, load: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let began = self.epoch.load(Ordering::SeqCst);
        let value = self.entries.get_or_insert_async(&key, load).await?;
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
    use std::{convert::Infallible, sync::Arc};
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
        assert_eq!(cache.get_or_load(1, async { Err(()) }).await, Err(()));
        assert_eq!(cache.get_or_load(1, async { Ok::<_, ()>(2) }).await, Ok(2));
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
