//! Making an account for oneself: where that is open, or with an invitation.

use super::{Proven, words};
use crate::{
    Engine, Error,
    audit::{Entry, Subject, Who},
    error::Denied,
    random,
    storage::invitations::Invited,
};
use patchbay_domain::{
    field::{FieldError, FieldErrors},
    user::{Email, SignUp},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

impl Engine {
    /// Makes an account for whoever asks. Where sign-up is open an invitation isn't needed, but counts if there is one: it
    /// may give roles. Where it is closed, none opens it.
    ///
    /// # Errors
    /// [`Denied::SignUpClosed`], [`Denied::BadInvitation`], refused fields, a known address, or a failing database.
    /// What is refused leaves the invitation as it was.
    pub async fn sign_up(
        &self,
        who: &Who,
        email: &str,
        password: &SecretString,
        invitation: Option<&SecretString>,
    ) -> Result<Proven, Error> {
        let invitation = invitation.filter(|token| !token.expose_secret().trim().is_empty());
        let invited = match (self.config().sign_up, invitation) {
            (SignUp::Closed, _) | (SignUp::Invite, None) => return Err(Denied::SignUpClosed.into()),
            (SignUp::Open, None) => None,
            // Before the password is hashed, which is work that only a valid invitation should cause.
            (SignUp::Open | SignUp::Invite, Some(token)) => Some(self.invited(token, email).await?),
        };
        let (email, hash) = self.new_credentials(email, password).await?;
        let roles = invited.as_ref().map_or(&[][..], |invited| &invited.roles);
        let mut worker = self.db().worker().await?;
        if let Some(invited) = &invited
            && !worker.delete_invitation(invited.id).await?
        {
            // Somebody was faster.
            return Err(Denied::BadInvitation.into());
        }
        let user = worker.create_user(email.as_str(), &hash, roles).await?;
        let after = json!({ "roles": words(&user.roles), "invitation_id": invited.map(|invited| invited.id) });
        let entry = Entry::new("user.sign_up", Subject::user(user.id, &user.email)).after(after);
        self.commit_worker(worker, &who.known_as(user.id), vec![entry]).await?;
        Ok(Proven::by(user, &hash))
    }

    /// What this invitation is good for, if it is for this address.
    async fn invited(&self, token: &SecretString, email: &str) -> Result<Invited, Error> {
        let hash = random::token_hash(token.expose_secret().trim());
        let found = self.db().worker().await?.invitation(&hash, self.clock().now()).await?;
        let invited = found.ok_or(Denied::BadInvitation)?;
        if let (Some(bound), Ok(email)) = (&invited.email, Email::parse(email))
            && bound.to_lowercase() != email.as_str().to_lowercase()
        {
            let reason = "This invitation is for another address.".to_owned();
            return Err(FieldErrors::one("email", FieldError::Refused { reason }).into());
        }
        Ok(invited)
    }
}
