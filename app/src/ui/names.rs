//! Some names of many.

use super::count;

/// How many names are read before the rest is only counted.
const NAMES: usize = 10;

/// The first of `total` names, and how many more there are.
pub(crate) fn names(mut first: Vec<String>, total: u64) -> String {
    first.truncate(NAMES);
    let beyond = total.saturating_sub(first.len() as u64);
    let names = first.join(", ");
    if beyond > 0 {
        format!("{names} and {} more", count(beyond))
    } else {
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_first_names_is_counted() {
        let users = |listed: usize, total| names((0..listed).map(|n| format!("u{n}")).collect(), total);
        assert_eq!(users(2, 2), "u0, u1");
        assert_eq!(users(1, 1001), "u0 and 1,000 more");
        assert!(users(50, 60).ends_with("u9 and 50 more"));
    }
}
