//! Where one is signed in, and signing out there.

use super::{
    super::{
        Endpoint, Error, List,
        extract::{Caller, PageQuery, Path, Query, id},
    },
    account::Ended,
};
use crate::{middleware::identity::Identity, state::AppState};
use axum::{
    Extension,
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get},
};
use patchbay_domain::{account::SessionView, ids::SessionId};
use patchbay_engine::error::NotFound;
use tower_sessions::Session;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/auth/sessions", get(list)).doc("list_sessions", |doc| {
            doc.summary("List one's sessions")
                .query::<PageQuery>()
                .list::<SessionView>("sessions", "Where one is signed in, what was used last first")
        }),
        Endpoint::new(Method::DELETE, "/api/auth/sessions", delete(revoke_others)).doc("end_other_sessions", |doc| {
            doc.summary("Sign out everywhere else")
                .about("An API token has no session of its own: with one, all of them end.")
                .answer::<Ended>(200, "How many sessions that ended")
        }),
        Endpoint::new(Method::DELETE, "/api/auth/sessions/{id}", delete(revoke)).doc("end_session", |doc| {
            doc.summary("End one session").owner().no_content("It is over.")
        }),
    ]
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<SessionView>>, Error> {
    let page = state.engine.sessions(&actor, &page.into()).await?;
    Ok(axum::Json(List::page("sessions", page)))
}

/// Ends all sessions but the one that asks.
async fn revoke_others(State(state): State<AppState>, Caller(actor): Caller) -> Result<axum::Json<Ended>, Error> {
    let sessions_ended = state.engine.revoke_other_sessions(&actor).await?;
    Ok(axum::Json(Ended { sessions_ended }))
}

async fn revoke(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Extension(identity): Extension<Identity>,
    Extension(session): Extension<Session>,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    let ended: SessionId = id(&text, NotFound::Session)?;
    state.engine.revoke_session(&actor, ended).await?;
    if matches!(identity, Identity::Cookie(_)) && actor.session == Some(ended) {
        // It was this one: the browser is told to forget it, too.
        state.engine.end_session(None, &session).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
