//! What can go wrong, and the words, codes and HTTP statuses for it.
//!
//! `Display` gives the public sentence: it never holds a secret, SQL or an address inside this machine. What only
//! the operator should read is the source of [`Error::Internal`] and goes to the log.

use crate::upstream::manifest::ManifestError;
use patchbay_domain::{field::FieldErrors, ids::ConnectorRef};
use std::time::Duration;
use thiserror::Error as ThisError;

/// Why a use-case failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// Fields of the request were refused. 422.
    #[error("Some fields need another look. {0}")]
    Invalid(FieldErrors),
    /// Nobody is signed in, or not as they say. 401.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// Signed in, but not allowed. 403.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such thing, or it isn't theirs. 404.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It can't be done as things are. 409.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Asked too often. 429.
    #[error("Too many attempts. Try again in {} seconds.", retry_after.as_secs().max(1))]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// A connector's service gave no usable definitions. 400.
    #[error(transparent)]
    BadConnector(#[from] ManifestError),
    /// Every endpoint is held by a server. 503.
    #[error("No available domains in MCP_GATEWAY_URL_POOLS")]
    PoolExhausted,
    /// A fault of ours or of what we run on. 500.
    #[error("Something went wrong on our side.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why nobody counts as signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Unauthenticated {
    /// The one answer for a wrong password and for an unknown address.
    #[error("Email or password is wrong.")]
    BadCredentials,
    /// No session.
    #[error("Sign in first.")]
    SignedOut,
    /// An access token that is forged, ended or revoked.
    #[error("The access token is not valid.")]
    BadToken,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Denied {
    /// Only superusers keep the catalogue.
    #[error("Access denied. Superuser role required.")]
    Superuser,
    /// Accounts are by invitation, or not made at all.
    #[error("Sign-up is closed. Ask whoever runs this Patchbay for an account.")]
    SignUpClosed,
    /// The first superuser exists.
    #[error("This Patchbay is set up already. Sign in instead.")]
    SetUpDone,
    /// The set-up link was used, has ended or was never given out.
    #[error("This set-up link is not valid any more. Restart Patchbay for a new one.")]
    BadSetUpToken,
}

/// What isn't there.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum NotFound {
    /// A connector of the catalogue.
    #[error("Connector with ID {0} not found")]
    Connector(ConnectorRef),
    /// An MCP server.
    #[error("MCP server not found")]
    Server,
    /// A server's token.
    #[error("Token not found")]
    Token,
    /// A connector's logo.
    #[error("This connector has no logo")]
    Logo,
    /// A user.
    #[error("User not found")]
    User,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Conflict {
    /// Names are unique in the catalogue.
    #[error("Connector with name '{0}' already exists")]
    ConnectorName(String),
    /// Addresses are unique, whatever their case.
    #[error("An account with this email already exists")]
    Email,
    /// Servers are made from active connectors only.
    #[error("Connector '{name}' is not active: servers can't be made from it now")]
    ConnectorNotActive {
        /// The connector's name.
        name: String,
    },
    /// The most servers that one user can have.
    #[error("Maximum {0} MCP servers allowed, deleted ones included")]
    ServerLimit(u32),
    /// The most tokens that one server can have.
    #[error("Maximum {0} tokens for an MCP server: revoke one first")]
    TokenLimit(usize),
}

impl Error {
    /// A fault of ours, for the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The HTTP status of this error, at every door that speaks HTTP.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::BadConnector(_) => 400,
            Self::Unauthenticated(_) => 401,
            Self::Denied(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) => 422,
            Self::RateLimited { .. } => 429,
            Self::Internal(_) => 500,
            Self::PoolExhausted => 503,
        }
    }

    /// The word that programs read.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_FIELDS",
            Self::Unauthenticated(Unauthenticated::BadCredentials) => "BAD_CREDENTIALS",
            Self::Unauthenticated(Unauthenticated::SignedOut) => "SIGNED_OUT",
            Self::Unauthenticated(Unauthenticated::BadToken) => "BAD_TOKEN",
            Self::Denied(Denied::Superuser) => "SUPERUSER_REQUIRED",
            Self::Denied(Denied::SignUpClosed) => "SIGN_UP_CLOSED",
            Self::Denied(Denied::SetUpDone) => "SET_UP_DONE",
            Self::Denied(Denied::BadSetUpToken) => "BAD_SET_UP_TOKEN",
            Self::NotFound(NotFound::Connector(_)) => "CONNECTOR_NOT_FOUND",
            Self::NotFound(NotFound::Server) => "MCP_SERVER_NOT_FOUND",
            Self::NotFound(NotFound::Token) => "TOKEN_NOT_FOUND",
            Self::NotFound(NotFound::Logo) => "LOGO_NOT_FOUND",
            Self::NotFound(NotFound::User) => "USER_NOT_FOUND",
            Self::Conflict(Conflict::ConnectorName(_)) => "CONNECTOR_NAME_TAKEN",
            Self::Conflict(Conflict::Email) => "EMAIL_TAKEN",
            Self::Conflict(Conflict::ConnectorNotActive { .. }) => "CONNECTOR_NOT_ACTIVE",
            Self::Conflict(Conflict::ServerLimit(_)) => "MCP_SERVER_LIMIT_REACHED",
            Self::Conflict(Conflict::TokenLimit(_)) => "TOKEN_LIMIT_REACHED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::BadConnector(error) => error.code(),
            Self::PoolExhausted => "POOL_EXHAUSTED",
            Self::Internal(_) => "INTERNAL",
        }
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
