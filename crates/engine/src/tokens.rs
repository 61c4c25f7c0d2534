//! Tokens that open an MCP server's endpoint: shown once, stored as a hash, several for a server.

use crate::{
    Actor, Engine, Error,
    audit::{Entry, Subject},
    error::{Conflict, NotFound},
    random,
    servers::check_server,
    storage::{Tx, server_tokens::NewToken},
};
use patchbay_domain::{
    account::CreateToken,
    field::{FieldError, FieldErrors},
    ids::{ServerId, ServerTokenId, UserId},
    server::{CreatedServerToken, ServerTokenView, TokenName},
};
use secrecy::ExposeSecret;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

pub use crate::random::{can_be_token, token_hash};

/// What every server token begins with, so that people and scanners recognise one.
pub const SERVER_TOKEN_PREFIX: &str = "mcp_token_";

/// How many tokens open one server at once. Every one is a row that the gateway may hold in memory.
const TOKENS_MAX: usize = 100;

/// The name of the token that a new server comes with.
pub(crate) const FIRST_TOKEN_NAME: &str = "First token";

/// How much of a token is kept to tell it from others.
const SHOWN_CHARACTERS: usize = SERVER_TOKEN_PREFIX.len() + 4;

/// A token to be made, checked.
pub(crate) struct NewServerToken<'a> {
    pub(crate) name: &'a str,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

impl Engine {
    /// The tokens that open a server, newest first.
    ///
    /// # Errors
    /// [`NotFound::Server`], or a failing database.
    pub async fn server_tokens(&self, actor: &Actor, server: ServerId) -> Result<Vec<ServerTokenView>, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, server).await?;
        tx.server_tokens(server).await
    }

    /// One more token for a server. The answer is its only sight.
    ///
    /// # Errors
    /// [`NotFound::Server`], refused fields, [`Conflict::TokenLimit`], or a failing database.
    pub async fn create_server_token(
        &self,
        actor: &Actor,
        server: ServerId,
        new: CreateToken,
    ) -> Result<CreatedServerToken, Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, server).await?;
        let mut errors = FieldErrors::default();
        let name = errors.check("name", TokenName::parse(&new.name));
        let expires_at = new.expires_at.map(|at| at.0);
        if expires_at.is_some_and(|at| at <= self.clock().now()) {
            let reason = "This is over: give a time in the future.".into();
            errors.add("expires_at", FieldError::Refused { reason });
        }
        let (Some(name), true) = (name, errors.is_empty()) else {
            return Err(errors.into());
        };
        // Nobody else adds one meanwhile.
        tx.lock_server(server).await?;
        if tx.server_tokens(server).await?.len() >= TOKENS_MAX {
            return Err(Conflict::TokenLimit(TOKENS_MAX).into());
        }
        let new = NewServerToken {
            name: name.as_str(),
            expires_at,
        };
        let token = self.add_token(&mut tx, actor.user, server, &new).await?;
        let mut after = json!({ "server_id": server });
        if let Some(at) = token.view.expires_at {
            after["expires_at"] = json!(at);
        }
        let entry = Entry::new("token.create", Subject::server_token(token.view.id, &token.view.name)).after(after);
        self.commit(tx, &actor.who(), vec![entry]).await?;
        Ok(token)
    }

    /// Makes a token worthless, at once and for good.
    ///
    /// # Errors
    /// [`NotFound::Server`], [`NotFound::Token`], or a failing database.
    pub async fn revoke_server_token(
        &self,
        actor: &Actor,
        server: ServerId,
        token: ServerTokenId,
    ) -> Result<(), Error> {
        let mut tx = self.db().begin_as(actor.user).await?;
        check_server(&mut tx, server).await?;
        let revoked = tx.revoke_server_token(server, token, self.clock().now()).await?;
        let name = revoked.ok_or(NotFound::Token)?;
        let entry =
            Entry::new("token.revoke", Subject::server_token(token, &name)).after(json!({ "server_id": server }));
        self.commit(tx, &actor.who(), vec![entry]).await
    }

    pub(crate) async fn add_token(
        &self,
        tx: &mut Tx,
        user: UserId,
        server: ServerId,
        new: &NewServerToken<'_>,
    ) -> Result<CreatedServerToken, Error> {
        let token = random::token(SERVER_TOKEN_PREFIX);
        let text = token.expose_secret();
        let row = NewToken {
            id: ServerTokenId(Uuid::new_v4()),
            server,
            user,
            name: new.name,
            expires_at: new.expires_at,
            prefix: &text[..SHOWN_CHARACTERS],
            hash: random::token_hash(text),
        };
        let view = tx.insert_server_token(&row).await?;
        Ok(CreatedServerToken {
            view,
            token: text.to_owned(),
        })
    }
}
