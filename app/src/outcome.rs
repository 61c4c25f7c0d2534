//! What comes of sending a form.

use serde::{Deserialize, Serialize};

/// A form did what it is for. What there is to tell about it waits in the session for the page to go on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// The page to go on with: a path of this site.
    pub(crate) to: String,
}

/// Something to tell a person once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// What is told.
    pub(crate) text: String,
    /// What else there is to know about it: warnings, say.
    pub(crate) details: Vec<String>,
}
