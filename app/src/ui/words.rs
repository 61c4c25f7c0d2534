//! The words for what went wrong with a form, handed to its island as plain data.

use crate::error::AppError;
use serde::{Deserialize, Serialize};

/// The words for an error, given what the form is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    /// What didn't happen; said before the error's own words, unless it is empty.
    failed: String,
    /// What is said in the place of both, when the error is of that kind.
    instead: Vec<(Kind, String)>,
    /// A way on from an error of that kind.
    ways: Vec<(Kind, Way)>,
}

/// A way on: a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Way {
    /// What it says.
    pub(crate) label: String,
    /// Where it leads to.
    pub(crate) href: String,
}

/// Errors that some forms have words of their own for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A connector's service gave no usable definitions.
    BadConnector,
    /// Signed in, but not allowed.
    Denied,
    /// There is no such thing.
    NotFound,
    /// It can't be done as things are.
    Conflict,
    /// It isn't any more what the form was filled in for.
    Edited,
}

impl Words {
    /// What is said for this error.
    pub(crate) fn of(&self, error: &AppError) -> String {
        let kind = Kind::of(error);
        let instead = self.instead.iter().find(|(of, _)| Some(*of) == kind);
        match instead {
            Some((_, words)) => words.clone(),
            None if self.failed.is_empty() => error.to_string(),
            None => format!("{}: {error}", self.failed),
        }
    }

    /// The way on from this error, if the form knows one.
    pub(crate) fn way(&self, error: &AppError) -> Option<&Way> {
        let kind = Kind::of(error);
        let way = self.ways.iter().find(|(of, _)| Some(*of) == kind);
        way.map(|(_, way)| way)
    }
}

impl Kind {
    fn of(error: &AppError) -> Option<Self> {
        match error {
            AppError::BadConnector { .. } => Some(Self::BadConnector),
            AppError::Denied { .. } => Some(Self::Denied),
            AppError::NotFound { .. } => Some(Self::NotFound),
            AppError::Conflict { .. } => Some(Self::Conflict),
            AppError::Edited { .. } => Some(Self::Edited),
            _ => None,
        }
    }
}

#[cfg(feature = "ssr")]
impl Words {
    /// Words of its own for one kind of error.
    #[must_use]
    pub(crate) fn instead(mut self, of: Kind, words: &str) -> Self {
        self.instead.push((of, words.to_owned()));
        self
    }

    /// A way on from one kind of error.
    #[must_use]
    pub(crate) fn with_way(mut self, from: Kind, label: &str, href: String) -> Self {
        let label = label.to_owned();
        self.ways.push((from, Way { label, href }));
        self
    }
}

/// What didn't happen: "The token was not created".
#[cfg(feature = "ssr")]
impl From<&str> for Words {
    fn from(failed: &str) -> Self {
        Self {
            failed: failed.to_owned(),
            ..Self::default()
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_after_what_did_not_happen_or_by_words_of_its_own() {
        let (malformed, denied) = (AppError::Malformed, AppError::Denied { message: "No.".into() });
        let plain = Words::default();
        assert_eq!(plain.of(&denied), "No.");
        let words = Words::from("The token was not created").instead(Kind::Denied, "Not yours.");
        assert_eq!(words.of(&denied), "Not yours.");
        assert_eq!(words.of(&malformed), format!("The token was not created: {malformed}"));
        let words = words.with_way(Kind::Denied, "Ask", "/ask".into());
        assert_eq!(words.way(&denied).map(|way| way.href.as_str()), Some("/ask"));
        assert_eq!(words.way(&malformed), None);
    }
}
