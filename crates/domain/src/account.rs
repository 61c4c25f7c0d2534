//! What belongs to an account beside the person: sessions, tokens for programs, the second factor, invitations.

use crate::{
    Timestamp,
    ids::{ApiTokenId, InvitationId, SessionId, UserId},
    user::Role,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A signed-in browser or program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionView {
    /// Its identifier.
    pub id: SessionId,
    /// What the browser or program says it is.
    pub device: String,
    /// The network address that it was begun from, where that is known.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last used, within some minutes.
    pub last_used_at: Timestamp,
    /// When it ends if it isn't used.
    pub expires_at: Timestamp,
}

/// A token that programs sign in with, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiTokenView {
    /// Its identifier.
    pub id: ApiTokenId,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters, to tell it from others.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, within a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// `POST /api/tokens`, and `POST /api/mcp-servers/{id}/tokens`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What its owner calls it, in one line.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = crate::server::NAME_MAX)))]
    pub name: String,
    /// When it ends by itself; never when nobody says. In the future.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A new token, with its one sight.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedApiToken {
    /// The token's row.
    #[serde(flatten)]
    pub view: ApiTokenView,
    /// What a program sends as `Authorization: Bearer`. Not stored; this is its only sight.
    pub token: String,
}

impl fmt::Debug for CreatedApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiToken")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

/// A second factor that waits for its first code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecondFactorOffer {
    /// The shared secret in base32, to be typed into an authenticator.
    pub secret: String,
    /// The same as an `otpauth://` URI, which is what the picture holds.
    pub uri: String,
    /// The URI as a QR code: an SVG document.
    pub qr_svg: String,
}

impl fmt::Debug for SecondFactorOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactorOffer").finish_non_exhaustive()
    }
}

/// Codes that stand in for a second factor, once each. Not stored; this is their only sight.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCodes").finish_non_exhaustive()
    }
}

/// An invitation that hasn't been used, without its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationView {
    /// Its identifier.
    pub id: InvitationId,
    /// The one address that an account can be made for; nothing for any.
    pub email: Option<String>,
    /// What the new account may do.
    pub roles: Vec<Role>,
    /// The address of who made it; nothing where that account is gone, or where it was made from the command line.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// `POST /api/invitations`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    /// The one address that the account can be made for; nothing, or an empty text, for any.
    #[serde(default)]
    pub email: Option<String>,
    /// What the new account may do.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// A new invitation, with the one sight of its link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub view: InvitationView,
    /// The token that the link holds.
    pub token: String,
    /// The page that makes the account. Its token stands behind the `#`, where it reaches no log.
    pub link: String,
}

impl fmt::Debug for CreatedInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedInvitation")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

/// A link for somebody who lost their password, with its one sight.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedResetLink {
    /// Whose password it sets.
    pub user_id: UserId,
    /// The token that the link holds.
    pub token: String,
    /// The page that sets the password. Its token stands behind the `#`, where it reaches no log.
    pub link: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for CreatedResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedResetLink")
            .field("user_id", &self.user_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What an account owns, before it is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Belongings {
    /// MCP servers, deleted ones included.
    pub mcp_servers: u64,
    /// Tokens that open them.
    pub mcp_server_tokens: u64,
    /// Sources.
    pub sources: u64,
    /// Tokens that programs sign in with.
    pub api_tokens: u64,
    /// Sessions, this one among them.
    pub sessions: u64,
}
