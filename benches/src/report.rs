//! The table that is printed.

use std::fmt;

/// Medians over the rounds of one subject.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_micros: f64,
    pub(crate) p99_micros: f64,
    pub(crate) cpu_micros: f64,
}

/// Lines of Markdown, so that a run can be pasted where it is talked about.
#[derive(Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    pub(crate) fn add(&mut self, connections: usize, direct: &Figures, proxy: &Figures, gateway: &Figures) {
        for (name, figures) in [
            ("upstream, directly", direct),
            ("bare proxy", proxy),
            ("gateway", gateway),
        ] {
            self.0.push(format!(
                "| {connections} | {name} | {:.0} | {:.0} | {:.0} | {:.1} |",
                figures.per_second, figures.p50_micros, figures.p99_micros, figures.cpu_micros
            ));
        }
        self.0.push(format!(
            "| {connections} | **gateway / bare proxy** | **{:.2}** | **{:.2}** | **{:.2}** | **{:.2}** |",
            gateway.per_second / proxy.per_second,
            gateway.p50_micros / proxy.p50_micros,
            gateway.p99_micros / proxy.p99_micros,
            gateway.cpu_micros / proxy.cpu_micros
        ));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| connections | what | calls/s | p50 µs | p99 µs | its CPU µs/call |"
        )?;
        writeln!(f, "|---:|---|---:|---:|---:|---:|")?;
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The middle value; the mean of the middle two for an even number.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0].into_iter()), 2.5);
        assert!(median(std::iter::empty()).is_nan());
    }
}
