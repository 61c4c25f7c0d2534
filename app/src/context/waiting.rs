//! What waits for one certain page, sealed as a flash is: a secret at its only sight, or the second step of two.

use super::{
    flash::{self, Flash, KEPT_FOR},
    session,
};
use crate::outcome::Notice;
use patchbay_domain::ids::UserId;
use patchbay_engine::Error;
use serde::{Serialize, de::DeserializeOwned};
use time::Duration;

/// What may wait, each under a key of its own, so that other pages leave it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Somebody whose password was right, for their code.
    SignIn,
    /// A second factor, for its first code.
    SecondFactor,
    /// New recovery codes.
    RecoveryCodes,
    /// A new API token.
    ApiToken,
    /// A new invitation's link.
    Invitation,
    /// A new link for the lost password of this user.
    ResetLink(UserId),
}

impl Waiting {
    fn key(self) -> String {
        match self {
            Self::SignIn => "waiting:sign_in".to_owned(),
            Self::SecondFactor => "waiting:second_factor".to_owned(),
            Self::RecoveryCodes => "waiting:recovery_codes".to_owned(),
            Self::ApiToken => "waiting:api_token".to_owned(),
            Self::Invitation => "waiting:invitation".to_owned(),
            Self::ResetLink(user) => format!("waiting:reset_link:{user}"),
        }
    }

    fn time(self) -> Duration {
        match self {
            // As good as a password.
            Self::SignIn => Duration::minutes(5),
            _ => KEPT_FOR,
        }
    }
}

/// Keeps it for its page.
pub(crate) async fn keep<T: Serialize>(waiting: Waiting, what: &T) -> Result<(), Error> {
    flash::keep_for(&waiting.key(), waiting.time(), what).await
}

/// Keeps it for its page, which is nobody's.
pub(crate) async fn keep_for_nobody<T: Serialize>(waiting: Waiting, what: &T) -> Result<(), Error> {
    flash::seal(&waiting.key(), waiting.time(), what, None).await
}

/// Takes it away, if it waits.
pub(crate) async fn take<T: DeserializeOwned>(waiting: Waiting) -> Result<Option<T>, Error> {
    flash::take(&waiting.key()).await
}

/// Looks at it, if it waits, and leaves it there.
pub(crate) async fn look_at<T: DeserializeOwned>(waiting: Waiting) -> Result<Option<T>, Error> {
    flash::look(&waiting.key()).await
}

/// Ends what the browser keeps of who was signed in, with something to tell whoever it is now.
pub(crate) async fn leave_telling(text: &str) -> Result<(), Error> {
    session()?.flush().await.map_err(Error::internal)?;
    let notice = Notice {
        text: text.to_owned(),
        details: Vec::new(),
    };
    flash::keep_flash_for_nobody(&Flash {
        notice: Some(notice),
        form: None,
    })
    .await
}
