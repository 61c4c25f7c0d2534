//! What comes of sending a form, and how it reaches the page that is shown next.
//!
//! With scripts a form's answer is a [`Done`] (or an error) that the form itself takes up. Without, the server keeps a
//! [`Flash`] in the session, redirects, and the next page shows it: see `context::reply`.

use crate::error::AppError;
use patchbay_domain::tool::ToolTrial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something to tell a person once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What is told.
    pub text: String,
    /// What else there is to know about it: warnings, say.
    pub details: Vec<String>,
}

impl Notice {
    /// Just a sentence.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            details: Vec::new(),
        }
    }
}

/// A form did what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What to tell about it.
    pub notice: Option<Notice>,
    /// The page to go on with: a path of this site.
    pub to: String,
}

/// A form that was sent without scripts, as the next page shows it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFlash {
    /// Which form of the page it is.
    pub form: String,
    /// What was typed, but for secrets.
    pub values: BTreeMap<String, String>,
    /// Why it was refused, if it was.
    pub error: Option<AppError>,
    /// What came of it, where the form is for trying a tool.
    pub trial: Option<ToolTrial>,
}

/// What waits in the session for the next page, which takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What to tell.
    pub notice: Option<Notice>,
    /// The form to show again.
    pub form: Option<FormFlash>,
}
