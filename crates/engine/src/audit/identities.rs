//! Forgetting who somebody was: emails and addresses go, the rows they belonged to stay.

use super::{Entry, Subject, Who};
use crate::{Engine, Error, error::NotFound};
use patchbay_domain::ids::UserId;
use serde_json::json;

impl Engine {
    /// Erases a person's email and addresses from the log; how many rows named them. The chain stays whole, because
    /// macs don't cover what can be erased.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase_identities(&self, who: &Who, user: UserId) -> Result<u64, Error> {
        let mut worker = self.db().worker().await?;
        let erased = worker.erase_identities(user).await?;
        if erased > 0 {
            let entry = Entry::new("audit.erase", Subject::erased_user(user)).after(json!({ "rows": erased }));
            self.commit_worker(worker, who, vec![entry]).await?;
        }
        Ok(erased)
    }

    /// The person with this id or email: an account, or one that the log still names.
    ///
    /// # Errors
    /// [`NotFound::User`], or a failing database.
    pub async fn find_person(&self, id_or_email: &str) -> Result<UserId, Error> {
        let text = id_or_email.trim();
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        if text.contains('\0') {
            return Err(NotFound::User.into());
        }
        let found = self.db().worker().await?.find_person(text).await?;
        found.ok_or_else(|| NotFound::User.into())
    }
}
