//! Counted calls as bars and as sums.

use super::Range;
use crate::ui::{Bar, day_and_hour, day_of};
use patchbay_domain::{
    Timestamp,
    usage::{UsagePoint, UsageStep, UsageView},
};
use std::collections::BTreeMap;

/// A bar for each span of the range, also where nothing was called.
pub(crate) fn bars(range: Range, now: Timestamp, points: &[UsagePoint]) -> Vec<Bar> {
    let mut found: BTreeMap<i64, UsageView> = BTreeMap::new();
    for point in points {
        add(found.entry(point.at.0.unix_timestamp()).or_default(), point.usage);
    }
    let label = |at: Timestamp| match range.step() {
        UsageStep::Day => day_of(at),
        UsageStep::Hour | UsageStep::Minute => day_and_hour(at),
    };
    let spans = range.spans(now).into_iter();
    spans
        .map(|at| {
            let usage = found.get(&at.unix_timestamp()).copied().unwrap_or_default();
            Bar {
                label: label(at.into()),
                calls: usage.calls,
                errors: usage.errors,
                mean_ms: usage.mean_ms,
            }
        })
        .collect()
}

/// Sums by what a point is about, the most called first.
pub(super) fn sums<K: Ord + Clone>(
    points: &[UsagePoint],
    of: impl Fn(&UsagePoint) -> Option<K>,
) -> Vec<(K, UsageView)> {
    let mut sums: BTreeMap<K, UsageView> = BTreeMap::new();
    for point in points {
        if let Some(key) = of(point) {
            add(sums.entry(key).or_default(), point.usage);
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, usage)| std::cmp::Reverse(usage.calls));
    sums
}

/// All of it.
pub(super) fn total(points: &[UsagePoint]) -> UsageView {
    let mut total = UsageView::default();
    points.iter().for_each(|point| add(&mut total, point.usage));
    total
}

fn add(sum: &mut UsageView, more: UsageView) {
    let calls = sum.calls + more.calls;
    // Means weigh as much as the calls that they are of.
    let micros = u128::from(sum.mean_ms) * u128::from(sum.calls) + u128::from(more.mean_ms) * u128::from(more.calls);
    let mean = micros.checked_div(u128::from(calls)).unwrap_or(0);
    sum.mean_ms = u64::try_from(mean).unwrap_or(u64::MAX);
    sum.calls = calls;
    sum.errors += more.errors;
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn point(at: time::OffsetDateTime, tool: &str, calls: u64, mean_ms: u64) -> UsagePoint {
        UsagePoint {
            at: at.into(),
            mcp_server_id: None,
            tool: Some(tool.to_owned()),
            usage: UsageView {
                calls,
                errors: 1,
                mean_ms,
            },
            bytes: 0,
        }
    }

    #[test]
    fn every_span_has_a_bar_and_means_are_weighed() {
        let now = Timestamp(datetime!(2026-11-20 12:34 UTC));
        let points = [
            point(datetime!(2026-11-20 11:00 UTC), "a", 1, 10),
            point(datetime!(2026-11-20 11:00 UTC), "b", 3, 30),
        ];
        let bars = bars(Range::Day, now, &points);
        assert_eq!(bars.len(), 24);
        assert_eq!((bars[22].calls, bars[22].errors, bars[22].mean_ms), (4, 2, 25));
        assert_eq!(bars[22].label, "20 Nov, 11:00");
        assert_eq!(bars[23].calls, 0);
        let tools = sums(&points, |point| point.tool.clone());
        assert_eq!(tools[0].0, "b", "the most called first");
        assert_eq!(total(&points).calls, 4);
    }
}
