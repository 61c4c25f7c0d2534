//! Calls over time: bars drawn on the server, and the same numbers as a table for whoever can't see them or wants them exactly.

use super::{count, things};
use leptos::prelude::*;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The span of time, in words.
    pub(crate) label: String,
    /// Finished calls, failed ones among them.
    pub(crate) calls: u64,
    /// Failed ones.
    pub(crate) errors: u64,
    /// Their mean duration in milliseconds.
    pub(crate) mean_ms: u64,
}

/// How wide a bar is, with the space after it, and how high the highest one.
const WIDTH: usize = 12;
const HEIGHT: u64 = 120;

/// Bars, the oldest first.
#[component]
pub(crate) fn Chart(
    /// What is drawn, for whoever hears it; as an element's id, too.
    id: &'static str,
    /// What it is called.
    #[prop(into)]
    title: String,
    /// What a bar stands for.
    #[prop(into)]
    span: String,
    /// The bars.
    bars: Vec<Bar>,
) -> AnyView {
    let top = bars.iter().map(|bar| bar.calls).max().unwrap_or(0);
    let ends = bars.first().zip(bars.last());
    let (first, last) = ends.map_or_else(Default::default, |(first, last)| {
        (first.label.clone(), last.label.clone())
    });
    let calls: u64 = bars.iter().map(|bar| bar.calls).sum();
    let errors: u64 = bars.iter().map(|bar| bar.errors).sum();
    let summary = format!("{}: {}, {}.", title, things(calls, "call"), things(errors, "error"));
    let width = bars.len() * WIDTH;
    let drawn = bars.iter().enumerate().map(|(index, bar)| drawn(index, bar, top));
    let drawn = drawn.collect_view();
    view! {
        <figure class="chart" aria-labelledby=id>
            <figcaption class="chart-head">
                <h2 id=id>{title}</h2>
                <ul class="chart-key">
                    <li class="chart-key-calls">"Calls"</li>
                    <li class="chart-key-errors">"Errors"</li>
                </ul>
            </figcaption>
            <div class="chart-top" aria-hidden="true">{count(top)}</div>
            <svg class="chart-bars" role="img" aria-label=summary viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none">
                {drawn}
            </svg>
            <div class="chart-ends" aria-hidden="true"><span>{first}</span><span>{last}</span></div>
            <details class="chart-table">
                <summary>"As a table"</summary>
                <Numbers span bars/>
            </details>
        </figure>
    }
    .into_any()
}

fn drawn(index: usize, bar: &Bar, top: u64) -> AnyView {
    let x = index * WIDTH + 1;
    let width = WIDTH - 2;
    let of = |n: u64| height(n, top);
    let (good, bad) = (of(bar.calls), of(bar.errors));
    let words = format!(
        "{}: {}, {}",
        bar.label,
        things(bar.calls, "call"),
        things(bar.errors, "error")
    );
    view! {
        <g>
            <title>{words}</title>
            <rect class="chart-ground" x=x y=0 width=width height=HEIGHT></rect>
            <rect class="chart-calls" x=x y=HEIGHT - good width=width height=good></rect>
            <rect class="chart-errors" x=x y=HEIGHT - bad width=width height=bad></rect>
        </g>
    }
    .into_any()
}

/// What isn't nothing can be seen.
fn height(n: u64, top: u64) -> u64 {
    if n == 0 || top == 0 {
        return 0;
    }
    let scaled = u128::from(n) * u128::from(HEIGHT) / u128::from(top);
    u64::try_from(scaled).unwrap_or(HEIGHT).max(2)
}

#[component]
fn Numbers(span: String, bars: Vec<Bar>) -> AnyView {
    let rows = bars.into_iter().rev().filter(|bar| bar.calls > 0);
    let rows: Vec<_> = rows
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row">{bar.label}</th>
                    <td data-label="Calls" class="number">{count(bar.calls)}</td>
                    <td data-label="Errors" class="number">{count(bar.errors)}</td>
                    <td data-label="Average" class="number">{format!("{} ms", count(bar.mean_ms))}</td>
                </tr>
            }
        })
        .collect();
    if rows.is_empty() {
        return view! { <p class="quiet">"No calls in this time."</p> }.into_any();
    }
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">{span}</th>
                    <th scope="col" class="number">"Calls"</th>
                    <th scope="col" class="number">"Errors"</th>
                    <th scope="col" class="number">"Average"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_height_and_the_smallest_can_be_seen() {
        assert_eq!(height(0, 0), 0);
        assert_eq!(height(0, 5), 0);
        assert_eq!(height(5, 5), HEIGHT);
        assert_eq!(height(1, 1_000_000), 2);
        assert_eq!(height(u64::MAX, u64::MAX), HEIGHT);
    }
}
