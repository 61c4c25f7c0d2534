//! The time, injected: the one place that reads the system's clock, and a clock that tests set.

use std::sync::{Arc, Mutex};
use time::{Duration, OffsetDateTime};

/// What time it is. Clones of a fixed clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<Mutex<OffsetDateTime>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands until it is advanced.
    #[must_use]
    pub fn fixed(at: OffsetDateTime) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(at))))
    }

    /// Now, in UTC, to the microsecond, as PostgreSQL keeps it: what was just made looks like what is read again.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the system's clock")]
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            Source::System => {
                let now = OffsetDateTime::now_utc();
                now.replace_microsecond(now.microsecond()).unwrap_or(now)
            }
            Source::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock; the system's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(at) = &self.0 {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }
}
