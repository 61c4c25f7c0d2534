//! All that is wrong with a document, each by its place in it.

use crate::Error;
use patchbay_domain::field::{FieldError, FieldErrors};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How many are told; a document of the wrong kind altogether would have no end of them.
const TOLD_MAX: usize = 500;

/// Something about one place of a document, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportRemark")]
pub struct Remark {
    /// Where, as in `connectors[3].mode`.
    pub path: String,
    /// What.
    pub message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: FieldErrors,
    untold: usize,
}

impl Problems {
    pub(super) fn add(&mut self, path: &str, message: impl Into<String>) {
        self.error(path, FieldError::Refused { reason: message.into() });
    }

    pub(super) fn error(&mut self, path: &str, error: FieldError) {
        if self.errors.0.len() < TOLD_MAX {
            self.errors.add(path, error);
        } else {
            self.untold += 1;
        }
    }

    /// Keeps the value, or notes what is wrong with it.
    pub(super) fn check<T>(&mut self, path: &str, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.error(path, error)).ok()
    }

    /// # Errors
    /// When there is any.
    pub(super) fn none(mut self) -> Result<(), Error> {
        if self.untold > 0 {
            let reason = format!("{} more problems were found.", self.untold);
            self.errors.add("document", FieldError::Refused { reason });
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(self.errors.into())
        }
    }
}
