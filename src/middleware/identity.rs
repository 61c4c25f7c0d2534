//! Finds out who asks: by access or API token when there is one, else by the session's cookie. Static files never come this way, so
//! they cost no query; neither does a request without both.

use crate::rest;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use patchbay_app::context::{CurrentActor, RequestInfo};
use patchbay_engine::{Actor, Engine, Error, error::Unauthenticated};
use tower_sessions::Session;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// Nobody that we know.
    SignedOut,
    /// Somebody with a token that is none. A cookie beside it doesn't count.
    BadToken,
    /// Somebody with an access token or an API token.
    Token(Actor),
    /// Somebody with a session's cookie.
    Cookie(Actor),
}

impl Identity {
    /// The actor, if there is one.
    pub(crate) fn actor(&self) -> Option<&Actor> {
        self.require().ok()
    }

    /// The actor, for handlers that need one.
    pub(crate) fn require(&self) -> Result<&Actor, Error> {
        match self {
            Self::Token(actor) | Self::Cookie(actor) => Ok(actor),
            Self::SignedOut => Err(Unauthenticated::SignedOut.into()),
            Self::BadToken => Err(Unauthenticated::BadToken.into()),
        }
    }
}

/// Gives the request its [`Identity`] for the REST API and its [`CurrentActor`] for the pages.
pub(crate) async fn identify(State(engine): State<Engine>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    let token = bearer(request.headers()).map(str::to_owned);
    let mut identity = match find(&engine, token.as_deref(), session.as_ref()).await {
        Ok(identity) => identity,
        Err(error) => return rest::Error::from(error).into_response(),
    };
    if let (Identity::Token(actor) | Identity::Cookie(actor), Some(info)) =
        (&mut identity, request.extensions().get::<RequestInfo>())
    {
        actor.origin = info.origin();
    }
    request.extensions_mut().insert(CurrentActor(identity.actor().cloned()));
    request.extensions_mut().insert(identity);
    next.run(request).await
}

async fn find(engine: &Engine, token: Option<&str>, session: Option<&Session>) -> Result<Identity, Error> {
    if let Some(token) = token {
        return match engine.actor_of_bearer(token).await {
            Ok(actor) => Ok(Identity::Token(actor)),
            Err(Error::Unauthenticated(_)) => Ok(Identity::BadToken),
            Err(error) => Err(error),
        };
    }
    match session {
        Some(session) => match engine.actor_of_session(session).await? {
            Some(actor) => {
                engine.keep_session(session).await?;
                Ok(Identity::Cookie(actor))
            }
            None => Ok(Identity::SignedOut),
        },
        None => Ok(Identity::SignedOut),
    }
}

/// The token. One that is empty or no text can't be right, but somebody meant to send one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at(value.iter().position(|byte| *byte == b' ').unwrap_or(value.len()));
    scheme
        .eq_ignore_ascii_case(b"bearer")
        .then(|| std::str::from_utf8(token).unwrap_or_default().trim())
}
