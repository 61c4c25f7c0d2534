//! Making invitations, and taking them back.

use super::{super::invitations::PATH, read_role, superuser};
use crate::{
    context::{self, Next, Reply, Waiting},
    error::AppError,
    outcome::Done,
    paths,
};
use leptos::prelude::*;
use patchbay_domain::{account, ids::InvitationId};
use patchbay_engine::error::NotFound;

/// The name of the form that makes an invitation.
pub(in crate::users) const INVITE: &str = "invite";
/// The name of the form that revokes one; there is one on a page.
pub(in crate::users) const REVOKE_INVITATION: &str = "revoke-invitation";

/// Makes an invitation. Its link is shown on the page, once.
#[server(prefix = "/fn", endpoint = "users/invite")]
pub(crate) async fn create_invitation(#[server(default)] email: String, role: String) -> Result<Done, AppError> {
    let reply = Reply::new(INVITE, PATH).keep("email", &email).keep("role", &role);
    let result = async {
        let (engine, actor) = superuser()?;
        let new = account::CreateInvitation {
            email: Some(email),
            roles: read_role(&role)?,
        };
        let created = engine.create_invitation(&actor, new).await?;
        context::keep(Waiting::Invitation, &created.link).await?;
        Ok(Next::to(PATH))
    };
    reply.finish(result.await).await
}

/// Revokes an invitation.
#[server(prefix = "/fn", endpoint = "users/revoke-invitation")]
pub(crate) async fn revoke_invitation(invitation_id: String) -> Result<Done, AppError> {
    let reply = Reply::new(
        REVOKE_INVITATION,
        paths::with_query(PATH, &[("revoke", &invitation_id)]),
    );
    let result = async {
        let (engine, actor) = superuser()?;
        let id: InvitationId = invitation_id.parse().map_err(|_| NotFound::Invitation)?;
        engine.revoke_invitation(&actor, id).await?;
        Ok(Next::to(PATH).telling("Invitation revoked."))
    };
    reply.finish(result.await).await
}
