//! Points in time: how long ago for reading, exactly on hover and for machines.

use crate::layout::Frame;
use leptos::prelude::*;
use patchbay_domain::Timestamp;
use time::UtcOffset;

/// How long ago something was.
#[component]
pub(crate) fn TimeAgo(at: Timestamp) -> impl IntoView {
    let now = expect_context::<Frame>().now.0.unix_timestamp();
    view! { <time datetime=at.to_string() title=exact(at)>{ago(now, at)}</time> }
}

/// How long it is until something ends.
#[component]
pub(crate) fn TimeLeft(at: Timestamp) -> impl IntoView {
    let now = expect_context::<Frame>().now.0.unix_timestamp();
    view! { <time datetime=at.to_string() title=exact(at)>{left(now, at)}</time> }
}

fn exact(at: Timestamp) -> String {
    let at = at.0.to_offset(UtcOffset::UTC);
    format!(
        "{} {} {}, {:02}:{:02}:{:02} UTC",
        at.day(),
        month(at),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The day alone, as a chart names it: `20 Nov`.
pub(crate) fn day_of(at: Timestamp) -> String {
    let at = at.0.to_offset(UtcOffset::UTC);
    format!("{} {}", at.day(), month(at))
}

/// The day and the time, as a chart names them: `20 Nov, 09:00`.
pub(crate) fn day_and_hour(at: Timestamp) -> String {
    let time = at.0.to_offset(UtcOffset::UTC);
    format!("{}, {:02}:{:02}", day_of(at), time.hour(), time.minute())
}

fn ago(now: i64, at: Timestamp) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    // Clocks differ a little: the near future is now.
    let seconds = (now - at.0.unix_timestamp()).max(0);
    if seconds < MINUTE {
        "just now".to_owned()
    } else if seconds < HOUR {
        count(seconds / MINUTE, "minute")
    } else if seconds < DAY {
        count(seconds / HOUR, "hour")
    } else if seconds < 30 * DAY {
        count(seconds / DAY, "day")
    } else {
        let at = at.0.to_offset(UtcOffset::UTC);
        format!("{} {} {}", at.day(), month(at), at.year())
    }
}

fn count(n: i64, unit: &str) -> String {
    units(n, unit) + " ago"
}

fn left(now: i64, at: Timestamp) -> String {
    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    // To the nearest: what was made a moment ago for a week is left for a week.
    let near = |seconds: i64, unit: i64| (seconds + unit / 2) / unit;
    match at.0.unix_timestamp() - now {
        seconds if seconds <= 0 => "ended".to_owned(),
        seconds if seconds < HOUR => format!("in {}", units(near(seconds, 60).max(1), "minute")),
        seconds if seconds < DAY => format!("in {}", units(near(seconds, HOUR), "hour")),
        seconds if seconds < 100 * DAY => format!("in {}", units(near(seconds, DAY), "day")),
        _ => {
            let at = at.0.to_offset(UtcOffset::UTC);
            format!("{} {} {}", at.day(), month(at), at.year())
        }
    }
}

fn units(n: i64, unit: &str) -> String {
    if n == 1 {
        format!("1 {unit}")
    } else {
        format!("{n} {unit}s")
    }
}

fn month(at: time::OffsetDateTime) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES[usize::from(u8::from(at.month())) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_past_is_counted_and_the_far_past_dated() {
        let at = Timestamp(time::OffsetDateTime::from_unix_timestamp(1_760_000_000).unwrap());
        for (later, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
            (40 * 86_400, "9 Oct 2025"),
        ] {
            assert_eq!(ago(1_760_000_000 + later, at), words);
        }
        assert_eq!(exact(at), "9 Oct 2025, 08:53:20 UTC");
    }

    #[test]
    fn the_near_future_is_counted_and_the_far_future_dated() {
        let at = Timestamp(time::OffsetDateTime::from_unix_timestamp(1_760_000_000).unwrap());
        for (before, words) in [
            (0, "ended"),
            (1, "in 1 minute"),
            (3599, "in 60 minutes"),
            (7199, "in 2 hours"),
            (7 * 86_400 - 2, "in 7 days"),
            (86_400, "in 1 day"),
            (365 * 86_400, "9 Oct 2025"),
        ] {
            assert_eq!(left(1_760_000_000 - before, at), words);
        }
    }
}
