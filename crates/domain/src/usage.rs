//! How much is being called.

use serde::{Deserialize, Serialize};

/// Calls over some span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageView {
    /// Finished calls, failed ones among them.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Their mean duration in milliseconds; 0 without calls.
    pub mean_ms: u64,
}
