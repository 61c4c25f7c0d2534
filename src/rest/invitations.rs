//! `/api/invitations`: links that make an account, for superusers.

use super::{
    Endpoint, Error, List,
    extract::{Caller, OptionalJson, PageQuery, Path, Query, id},
};
use crate::state::AppState;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    routing::{delete, get, post},
};
use patchbay_domain::{
    account::{CreateInvitation, CreatedInvitation, InvitationView},
    ids::InvitationId,
};
use patchbay_engine::error::NotFound;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/invitations", get(list)).doc("list_invitations", |doc| {
            doc.summary("List open invitations")
                .superuser()
                .query::<PageQuery>()
                .list::<InvitationView>("invitations", "Those that weren't used, without their links")
        }),
        Endpoint::new(Method::POST, "/api/invitations", post(create))
            .once()
            .doc("create_invitation", |doc| {
                doc.summary("Invite somebody")
                    .about("Good for seven days, once. With an `email`, the account can only be made for that address.")
                    .superuser()
                    .optional_body::<CreateInvitation>()
                    .answer::<CreatedInvitation>(201, "The invitation with its link; this is the link's only sight")
                    .fails(409, "INVITATION_LIMIT_REACHED", "Too many are open: revoke one first.")
                    .fails(403, "SESSION_REQUIRED", "An API token gives nobody roles.")
            }),
        Endpoint::new(Method::DELETE, "/api/invitations/{id}", delete(revoke)).doc("revoke_invitation", |doc| {
            doc.summary("Revoke an invitation")
                .superuser()
                .no_content("Its link is worth nothing from now on.")
        }),
    ]
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<InvitationView>>, Error> {
    let page = state.engine.invitations(&actor, &page.into()).await?;
    Ok(axum::Json(List::page("invitations", page)))
}

/// The answer is the one sight of the link.
async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    OptionalJson(new): OptionalJson<CreateInvitation>,
) -> Result<(StatusCode, axum::Json<CreatedInvitation>), Error> {
    let created = state.engine.create_invitation(&actor, new).await?;
    Ok((StatusCode::CREATED, axum::Json(created)))
}

async fn revoke(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    actor.require_superuser()?;
    let invitation: InvitationId = id(&text, NotFound::Invitation)?;
    state.engine.revoke_invitation(&actor, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}
