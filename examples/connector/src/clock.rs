//! The time, behind a function, so that tests can say what time it is.

use time::OffsetDateTime;

/// Tells the time.
pub(crate) type Clock = fn() -> OffsetDateTime;

/// The system's clock, in whole seconds: nobody reads a note's microseconds.
pub(crate) fn system() -> OffsetDateTime {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let now = OffsetDateTime::now_utc();
    now.truncate_to_second()
}
