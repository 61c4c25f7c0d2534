//! How long a token may be good for, as forms ask it.

use patchbay_domain::{
    Timestamp,
    field::{FieldError, FieldErrors},
};
use time::{Duration, OffsetDateTime};

/// What the form sends, and what people read.
pub(crate) const EXPIRIES: [(&str, &str); 4] = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("never", "Never"),
];

/// What is chosen at first.
pub(crate) const EXPIRY: &str = "90";

/// When a token ends that may be good for this long; nothing for never. The field's name is `expires`.
pub(crate) fn expiry(choice: &str, now: OffsetDateTime) -> Result<Option<Timestamp>, FieldErrors> {
    let expected = || format!("one of {}", EXPIRIES.map(|(word, _)| word).join(", "));
    let unknown = || FieldErrors::one("expires", FieldError::Malformed { expected: expected() });
    let (word, _) = EXPIRIES
        .into_iter()
        .find(|(word, _)| *word == choice)
        .ok_or_else(unknown)?;
    Ok(word.parse().ok().map(|days| (now + Duration::days(days)).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_when_that_was_chosen_and_at_no_time_of_ones_own() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let after = |choice| expiry(choice, now).unwrap().map(|at| (at.0 - now).whole_days());
        assert_eq!(
            EXPIRIES.map(|(word, _)| after(word)),
            [Some(30), Some(90), Some(365), None]
        );
        assert!(expiry("", now).is_err());
        assert!(expiry("99999", now).is_err());
    }
}
