//! Numbers as people read them.

/// A number as people read it: 12,345.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 tool`, `2 tools`.
#[cfg(feature = "ssr")]
pub(crate) fn things(n: impl Into<u64>, one: &str) -> String {
    let n = n.into();
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_things_have_their_plural() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
        assert_eq!(things(1_u32, "tool"), "1 tool");
        assert_eq!(things(0_u32, "tool"), "0 tools");
    }
}
