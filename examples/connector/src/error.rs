//! What a tool call can fail with, in words that a language model can act on.
//!
//! These become tool results with `isError`, not protocol errors: a client shows a tool result to its model, which
//! can then try again with better arguments. What stops the process from starting is in `server.rs`.

use rmcp::model::{ContentBlock, IntoContents};

/// Why a tool call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error(
        "There is no note with id {id} in the notebook \"{notebook}\". list_notes and search_notes give valid ids."
    )]
    NoSuchNote { id: u64, notebook: String },

    #[error(
        "This source is read-only (read_only is on in its configuration): its notes can be read, not added or deleted."
    )]
    ReadOnly,

    #[error("\"{field}\" must not be empty.")]
    Empty { field: &'static str },

    #[error("\"{field}\" is too long: {length} characters, at most {max} are allowed.")]
    TooLong {
        field: &'static str,
        length: usize,
        max: usize,
    },

    #[error("Too many tags: {count}, at most {max} are allowed.")]
    TooManyTags { count: usize, max: usize },

    #[error("The notes file is full ({max} notes). Delete notes that are no longer needed first.")]
    Full { max: usize },

    #[error("This source's configuration is not valid: {0}. Its owner can correct it.")]
    Configuration(String),

    #[error("The notes file could not be written. Nothing was changed.")]
    Save(#[source] std::io::Error),

    #[error("The connector failed while it worked on this call. Its log says more.")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl IntoContents for ToolError {
    fn into_contents(self) -> Vec<ContentBlock> {
        // The cause is for whoever runs the connector: it may name paths that are none of the caller's business.
        if let Some(cause) = std::error::Error::source(&self) {
            tracing::error!(%cause, "{self}");
        }
        vec![ContentBlock::text(self.to_string())]
    }
}
