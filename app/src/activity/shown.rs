//! What both pages of activity show: the sums, the bars, and a table; or that nothing was called, and what to do about it.

use super::{
    Range,
    series::{bars, total},
    tables::{Row, Sums},
};
use crate::ui::{Chart, EmptyState, Icon, Stat, count};
use leptos::prelude::*;
use patchbay_domain::{Timestamp, usage::UsagePoint};

/// What is told apart in the table, in words.
pub(super) struct Kind {
    /// The table's element id.
    pub(super) id: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// What one of them is.
    pub(super) what: &'static str,
}

/// What is said where nothing was called.
pub(super) struct Nothing {
    /// When something will be.
    pub(super) words: &'static str,
    /// The way there, and what it is called.
    pub(super) way: (String, &'static str),
}

/// Calls in the range.
#[component]
pub(super) fn Calls(
    range: Range,
    now: Timestamp,
    points: Vec<UsagePoint>,
    kind: Kind,
    rows: Vec<Row>,
    nothing: Nothing,
) -> AnyView {
    let usage = total(&points);
    if usage.calls == 0 {
        let (href, label) = nothing.way;
        return view! {
            <EmptyState icon=Icon::Activity title="No calls in this time">
                <p>{nothing.words}</p>
                <p class="actions"><a class="button" href=href>{label}</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let drawn = bars(range, now, &points);
    view! {
        <div class="stats">
            <Stat label="Calls" value=count(usage.calls)/>
            <Stat label="Errors" value=count(usage.errors)/>
            <Stat label="Average time" value=format!("{} ms", count(usage.mean_ms))/>
        </div>
        <Chart id="calls" title=format!("Calls, {}", range.label().to_lowercase()) span="From" bars=drawn/>
        <Sums id=kind.id title=kind.title what=kind.what rows/>
    }
    .into_any()
}
