//! What can go wrong, and the words, codes and HTTP statuses for it.
//!
//! `Display` gives the public sentence: it never holds a secret, SQL or an address inside this machine. What only
//! the operator should read is the source of [`Error::Internal`] and goes to the log.

use crate::upstream::manifest::ManifestError;
use patchbay_domain::{
    connector::ConnectorMode,
    field::FieldErrors,
    ids::{ConnectorRef, SourceId},
};
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
    /// Only tools that an owner made can be deleted; a connector's own are its own. 400.
    #[error("'{0}' is the connector's own tool: only tools made from templates can be deleted")]
    StaticTool(String),
    /// What should name a source can't be an id. 400.
    #[error("Invalid source ID format")]
    InvalidSourceId,
    /// A source that a server should be made from isn't there, or isn't theirs. 400.
    #[error("Source ID {0} not found or does not belong to user")]
    UnknownSource(SourceId),
    /// It is not the version any more that the change was made for. 412.
    #[error("This was changed since you looked at it: look again.")]
    Edited,
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
    /// The password is right, and a code from the second factor is needed, too.
    #[error("This account asks for a code from its second factor, too.")]
    SecondFactorRequired,
    /// A code that isn't right, has ended, or was used.
    #[error("This code is not right, or was used already.")]
    BadCode,
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
    /// Only admins keep order among everybody's servers.
    #[error("Access denied. Admin role required.")]
    Admin,
    /// What only a signed-in person may do, so that a token that leaked can't make itself at home.
    #[error("An API token can't do this: sign in with email and password.")]
    SessionNeeded,
    /// The invitation was used, revoked, has ended or was never made.
    #[error("This invitation is not valid any more. Ask whoever sent it for a new one.")]
    BadInvitation,
    /// The link for a lost password was used, replaced, has ended or was never made.
    #[error("This link is not valid any more. Ask a superuser for a new one.")]
    BadResetLink,
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
    /// A server's tool.
    #[error("Tool not found")]
    Tool,
    /// A connector's logo.
    #[error("This connector has no logo")]
    Logo,
    /// A version of a connector's definitions.
    #[error("This connector has no such version")]
    Version,
    /// A user.
    #[error("User not found")]
    User,
    /// A user's source.
    #[error("Source not found")]
    Source,
    /// A user's session.
    #[error("Session not found")]
    Session,
    /// An invitation.
    #[error("Invitation not found")]
    Invitation,
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
    /// A mode can't follow that mode by hand.
    #[error("Connector '{name}' can't go from {from} to {to}: {reason}")]
    ModeChange {
        /// The connector's name.
        name: String,
        /// Its mode.
        from: ConnectorMode,
        /// What it should have become.
        to: ConnectorMode,
        /// What to do instead.
        reason: &'static str,
    },
    /// A connector that is switched off isn't asked for its definitions.
    #[error("Connector '{name}' is switched off: activate it first")]
    ConnectorDeactive {
        /// The connector's name.
        name: String,
    },
    /// What follows its service can't go back by itself.
    #[error("Connector '{name}' follows its service, so an earlier version would not stay: make it active first")]
    ConnectorFollows {
        /// The connector's name.
        name: String,
    },
    /// Servers would go with it, or lose its tools.
    #[error("Connector '{name}' is used by {servers} MCP server{}: delete {} first, or force it", if *servers == 1 { "" } else { "s" }, if *servers == 1 { "it" } else { "them" })]
    ConnectorInUse {
        /// The connector's name.
        name: String,
        /// How many servers are made from it or from sources of its type.
        servers: u64,
    },
    /// Somebody decided, or the service changed again, since the difference was looked at.
    #[error("The changes are not the ones that you looked at any more: look again")]
    ChangesMoved,
    /// The service says what is in force.
    #[error("There are no changes to decide on")]
    NoChanges,
    /// The most servers that one user can have.
    #[error("Maximum {0} MCP servers allowed, deleted ones included")]
    ServerLimit(u32),
    /// The most tokens that one server can have.
    #[error("Maximum {0} tokens for an MCP server: revoke one first")]
    TokenLimit(usize),
    /// A server's tools have different names.
    #[error("This MCP server has a tool named '{0}' already")]
    ToolName(String),
    /// The most tokens for programs that one user can have.
    #[error("Maximum {0} API tokens: revoke one first")]
    ApiTokenLimit(usize),
    /// The most sources that one user can have.
    #[error("Maximum {0} sources: delete one first")]
    SourceLimit(u32),
    /// The most invitations that can be open.
    #[error("Maximum {0} open invitations: revoke one first")]
    InvitationLimit(u32),
    /// Nobody would be left who keeps the catalogue and the users.
    #[error("This is the last superuser: make another one first")]
    LastSuperuser,
    /// One's own account is changed where one shows that it is one's own.
    #[error("This is your own account: use its own page, which asks for your password")]
    OwnAccount,
    /// A second factor is replaced by taking it away first.
    #[error("This account has a second factor already: remove it first")]
    SecondFactorOn,
    /// There is nothing to confirm, or to remove.
    #[error("This account has no second factor")]
    NoSecondFactor,
    /// A request took too long, and was sent again with the same key meanwhile.
    #[error("Another request with the same Idempotency-Key took over from this one")]
    TakenOver,
    /// The most dynamic tools that one server can have.
    #[error("Maximum {0} dynamic tools for an MCP server: delete one first")]
    ToolLimit(usize),
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
            Self::BadConnector(_) | Self::StaticTool(_) | Self::InvalidSourceId | Self::UnknownSource(_) => 400,
            Self::Unauthenticated(_) => 401,
            Self::Denied(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Edited => 412,
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
            Self::Unauthenticated(Unauthenticated::SecondFactorRequired) => "SECOND_FACTOR_REQUIRED",
            Self::Unauthenticated(Unauthenticated::BadCode) => "BAD_CODE",
            Self::Denied(Denied::Admin) => "ADMIN_REQUIRED",
            Self::Denied(Denied::SessionNeeded) => "SESSION_REQUIRED",
            Self::Denied(Denied::BadInvitation) => "BAD_INVITATION",
            Self::Denied(Denied::BadResetLink) => "BAD_RESET_LINK",
            Self::Denied(Denied::Superuser) => "SUPERUSER_REQUIRED",
            Self::Denied(Denied::SignUpClosed) => "SIGN_UP_CLOSED",
            Self::Denied(Denied::SetUpDone) => "SET_UP_DONE",
            Self::Denied(Denied::BadSetUpToken) => "BAD_SET_UP_TOKEN",
            Self::NotFound(NotFound::Connector(_)) => "CONNECTOR_NOT_FOUND",
            Self::NotFound(NotFound::Server) => "MCP_SERVER_NOT_FOUND",
            Self::NotFound(NotFound::Token) => "TOKEN_NOT_FOUND",
            Self::NotFound(NotFound::Tool) => "TOOL_NOT_FOUND",
            Self::NotFound(NotFound::Logo) => "LOGO_NOT_FOUND",
            Self::NotFound(NotFound::User) => "USER_NOT_FOUND",
            Self::NotFound(NotFound::Source) | Self::UnknownSource(_) => "SOURCE_NOT_FOUND",
            Self::NotFound(NotFound::Session) => "SESSION_NOT_FOUND",
            Self::NotFound(NotFound::Invitation) => "INVITATION_NOT_FOUND",
            Self::NotFound(NotFound::Version) => "VERSION_NOT_FOUND",
            Self::Conflict(Conflict::ConnectorName(_)) => "CONNECTOR_NAME_TAKEN",
            Self::Conflict(Conflict::Email) => "EMAIL_TAKEN",
            Self::Conflict(Conflict::ConnectorNotActive { .. }) => "CONNECTOR_NOT_ACTIVE",
            Self::Conflict(Conflict::ModeChange { .. }) => "MODE_CHANGE_REFUSED",
            Self::Conflict(Conflict::ConnectorDeactive { .. }) => "CONNECTOR_DEACTIVE",
            Self::Conflict(Conflict::ConnectorFollows { .. }) => "CONNECTOR_FOLLOWS",
            Self::Conflict(Conflict::ConnectorInUse { .. }) => "CONNECTOR_IN_USE",
            Self::Conflict(Conflict::ChangesMoved) => "CHANGES_MOVED",
            Self::Conflict(Conflict::NoChanges) => "NO_CHANGES",
            Self::Conflict(Conflict::ServerLimit(_)) => "MCP_SERVER_LIMIT_REACHED",
            Self::Conflict(Conflict::TokenLimit(_)) => "TOKEN_LIMIT_REACHED",
            Self::Conflict(Conflict::ToolName(_)) => "TOOL_NAME_TAKEN",
            Self::Conflict(Conflict::ToolLimit(_)) => "TOOL_LIMIT_REACHED",
            Self::Conflict(Conflict::ApiTokenLimit(_)) => "API_TOKEN_LIMIT_REACHED",
            Self::Conflict(Conflict::SourceLimit(_)) => "SOURCE_LIMIT_REACHED",
            Self::Conflict(Conflict::InvitationLimit(_)) => "INVITATION_LIMIT_REACHED",
            Self::Conflict(Conflict::LastSuperuser) => "LAST_SUPERUSER",
            Self::Conflict(Conflict::OwnAccount) => "OWN_ACCOUNT",
            Self::Conflict(Conflict::SecondFactorOn) => "SECOND_FACTOR_ON",
            Self::Conflict(Conflict::NoSecondFactor) => "NO_SECOND_FACTOR",
            Self::Conflict(Conflict::TakenOver) => "IDEMPOTENCY_KEY_TAKEN_OVER",
            Self::InvalidSourceId => "INVALID_SOURCE_ID",
            Self::Edited => "EDITED_MEANWHILE",
            Self::StaticTool(_) => "STATIC_TOOL",
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
