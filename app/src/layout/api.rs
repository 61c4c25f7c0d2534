//! What every page shows beside its own things.

use crate::{error::AppError, outcome::Flash};
use leptos::prelude::*;
use patchbay_domain::{
    Timestamp,
    user::{SignUp, UserView},
};
use serde::{Deserialize, Serialize};

/// What every page shows beside its own things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Who is signed in.
    pub(crate) me: Option<UserView>,
    /// The server's clock, so that both sides say the same of the past.
    pub(crate) now: Timestamp,
    /// Who may make an account.
    pub(crate) sign_up: SignUp,
    /// Whether there is no superuser yet.
    pub(crate) needs_set_up: bool,
    /// What waited in the session for this page.
    pub(crate) flash: Flash,
}

/// The frame of the page. Takes what waits in the session away, so it is no GET.
#[server(prefix = "/fn", endpoint = "frame")]
pub(crate) async fn get_frame() -> Result<Frame, AppError> {
    use crate::context;
    let result = async {
        let engine = context::engine();
        let me = match context::actor() {
            Some(actor) => Some(engine.me(&actor).await?),
            None => None,
        };
        let needs_set_up = me.is_none() && engine.needs_set_up().await?;
        let flash = context::take_flash().await?;
        Ok(Frame {
            me,
            now: engine.clock().now().into(),
            sign_up: engine.config().sign_up,
            needs_set_up,
            flash,
        })
    };
    context::answer(result.await)
}
