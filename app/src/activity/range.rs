//! How far back a page of activity looks, and by which spans.

use crate::paths;
use leptos::prelude::*;
use patchbay_domain::{
    Timestamp,
    usage::{UsageQuery, UsageStep},
};
use time::{Duration, OffsetDateTime};

/// How far back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Range {
    /// The last 24 hours, by the hour.
    #[default]
    Day,
    /// The last 7 days, by the hour.
    Week,
    /// The last 90 days, by the day.
    Quarter,
}

impl Range {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Quarter];

    /// The range that the address names; the shortest one where it names none that there is.
    pub(crate) fn parse(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|range| range.word() == word);
        found.unwrap_or_default()
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Quarter => "90d",
        }
    }

    /// What it is called.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Quarter => "Last 90 days",
        }
    }

    /// The spans of time that its calls are counted by.
    pub(crate) fn step(self) -> UsageStep {
        match self {
            Self::Day | Self::Week => UsageStep::Hour,
            Self::Quarter => UsageStep::Day,
        }
    }

    /// When each of its spans begins, the oldest first. The last one isn't over yet.
    pub(crate) fn spans(self, now: Timestamp) -> Vec<OffsetDateTime> {
        let (count, step) = match self {
            Self::Day => (24, Duration::HOUR),
            Self::Week => (7 * 24, Duration::HOUR),
            Self::Quarter => (90, Duration::DAY),
        };
        let seconds = step.whole_seconds();
        let last = now.0.unix_timestamp().div_euclid(seconds) * seconds;
        let last = OffsetDateTime::from_unix_timestamp(last).unwrap_or(now.0);
        (0..count).rev().map(|back| last - step * back).collect()
    }

    /// What to ask for to fill them.
    pub(crate) fn query(self, now: Timestamp) -> UsageQuery {
        UsageQuery {
            step: self.step(),
            from: self.spans(now).first().map(|first| (*first).into()),
            to: Some(now),
            ..UsageQuery::default()
        }
    }
}

/// The choice between ranges.
#[component]
pub(super) fn Ranges(path: String, chosen: Range) -> impl IntoView {
    let links = Range::ALL.map(|range| {
        let word = if range == Range::default() { "" } else { range.word() };
        let href = paths::with_query(&path, &[("range", word)]);
        let current = (range == chosen).then_some("page");
        view! { <a class="range" href=href aria-current=current>{range.label()}</a> }
    });
    view! { <nav class="ranges" aria-label="Time">{links.collect_view()}</nav> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn spans_end_with_the_one_that_is_running() {
        let now = Timestamp(datetime!(2026-11-20 12:34:56 UTC));
        let spans = Range::Day.spans(now);
        assert_eq!(spans.len(), 24);
        assert_eq!(spans[0], datetime!(2026-11-19 13:00 UTC));
        assert_eq!(spans[23], datetime!(2026-11-20 12:00 UTC));
        assert_eq!(Range::Quarter.spans(now)[89], datetime!(2026-11-20 0:00 UTC));
        assert_eq!(Range::Week.query(now).from, Some(spans_first(Range::Week, now)));
    }

    fn spans_first(range: Range, now: Timestamp) -> Timestamp {
        range.spans(now)[0].into()
    }

    #[test]
    fn an_unknown_range_is_the_shortest() {
        assert_eq!(Range::parse("7d"), Range::Week);
        assert_eq!(Range::parse("1y"), Range::Day);
    }
}
