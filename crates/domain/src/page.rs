//! Lists, a page at a time.

use serde::{Deserialize, Serialize};

/// How many entries a page has when nobody says.
pub const DEFAULT_LIMIT: u32 = 50;
/// How many entries a page has at the most.
pub const MAX_LIMIT: u32 = 200;

/// Which page of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// Entries a page, 1 to [`MAX_LIMIT`]; a larger number is taken as the largest.
    pub limit: Option<u32>,
    /// Where the page before this one ended, as its `next_cursor` said. Opaque to callers.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The number of entries to read.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The entries, in the list's order.
    pub items: Vec<T>,
    /// How many entries the whole list has, with the same filters.
    pub total: u64,
    /// Where the next page begins; nothing on the last one.
    pub next_cursor: Option<String>,
}
