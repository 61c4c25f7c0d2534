//! What went wrong, as the browser is told. Closed and public: no sources, no SQL, no secrets.
//!
//! The one place where the engine's errors become these is `context::error_table`, on the server. The words for what a
//! person was just doing stand with that form (see `ui::Alert`).

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use patchbay_domain::field::{FieldError, FieldErrors};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a page could not be had or a form was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AppError {
    /// Fields of the form were refused.
    Invalid {
        /// Which ones, and why.
        fields: FieldErrors,
    },
    /// What was sent is not a form of ours.
    Malformed,
    /// A connector's service gave no usable definitions.
    BadConnector {
        /// What exactly happened.
        message: String,
    },
    /// The session has ended, or there was none.
    SignedOut,
    /// The one answer for a wrong password and for an unknown address.
    BadCredentials,
    /// Signed in, but not allowed.
    Denied {
        /// By what rule.
        message: String,
    },
    /// There is no such thing, or it isn't theirs.
    NotFound {
        /// What is missing.
        message: String,
    },
    /// It can't be done as things are.
    Conflict {
        /// The field whose value stands in the way, if one does.
        field: Option<String>,
        /// What stands in the way.
        message: String,
    },
    /// It is not the version any more that the form was filled in for.
    Edited {
        /// The sentence for it.
        message: String,
    },
    /// The password is right, and a code from the second factor is needed, too.
    NeedsCode,
    /// Asked too often.
    RateLimited {
        /// When to try again.
        seconds: u64,
    },
    /// Nothing is left to give out.
    Exhausted {
        /// Of what.
        message: String,
    },
    /// A fault of ours.
    Internal {
        /// What the operator can find it by.
        request_id: String,
    },
    /// What was sent was refused before any form of ours was asked.
    Refused {
        /// Why.
        message: String,
        /// What the operator can find it by.
        request_id: String,
    },
    /// The browser got no usable answer.
    Unreachable,
}

impl AppError {
    /// The HTTP status that goes with it.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::BadConnector { .. } | Self::Refused { .. } => 400,
            Self::SignedOut | Self::BadCredentials | Self::NeedsCode => 401,
            Self::Denied { .. } => 403,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::Edited { .. } => 412,
            Self::Invalid { .. } => 422,
            Self::RateLimited { .. } => 429,
            Self::Internal { .. } => 500,
            Self::Exhausted { .. } | Self::Unreachable => 503,
        }
    }

    /// What is wrong with one field of the form, in words.
    #[must_use]
    pub fn of_field(&self, name: &str) -> Option<String> {
        match self {
            Self::Invalid { fields } => fields.get(name).map(ToString::to_string),
            Self::Conflict { field: Some(field), .. } if field == name => Some(FieldError::Taken.to_string()),
            _ => None,
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { .. } => f.write_str("Some fields need another look."),
            Self::Malformed => f.write_str("The form was incomplete. Reload the page and try again."),
            Self::NeedsCode => f.write_str("This account asks for a code from its second factor, too."),
            Self::SignedOut => f.write_str("Your session has ended. Sign in again."),
            Self::BadCredentials => f.write_str("Email or password is wrong."),
            Self::BadConnector { message }
            | Self::Denied { message }
            | Self::NotFound { message }
            | Self::Conflict { message, .. }
            | Self::Edited { message }
            | Self::Exhausted { message }
            | Self::Refused { message, .. } => f.write_str(message),
            Self::RateLimited { seconds } => write!(f, "Too many attempts. Try again in {seconds} seconds."),
            Self::Internal { .. } => f.write_str("Something went wrong on our side."),
            Self::Unreachable => f.write_str("Patchbay doesn't answer. Check your connection and try again."),
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Malformed,
            _ => Self::Unreachable,
        }
    }
}
