//! What all parts of a page know.

use crate::{
    context::{self, Flash},
    error::AppError,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use patchbay_domain::{
    Timestamp,
    user::{SignUp, UserView},
};
use patchbay_engine::Error;
use serde::{Deserialize, Serialize};

/// What all parts of a page know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Who is signed in.
    pub(crate) me: Option<UserView>,
    /// When the page was made.
    pub(crate) now: Timestamp,
    /// Who may make an account.
    pub(crate) sign_up: SignUp,
    /// Whether there is no superuser yet.
    pub(crate) needs_set_up: bool,
    /// What waited in the session for this page.
    pub(crate) flash: Flash,
}

impl Frame {
    /// Whether whoever is signed in keeps the catalogue.
    pub(crate) fn is_superuser(&self) -> bool {
        self.me.as_ref().is_some_and(UserView::is_superuser)
    }
}

type Loaded = OnceResource<Result<Frame, AppError>>;

/// Begins to load the frame, once for all parts of the page.
pub(crate) fn provide_frame() {
    let frame: Loaded = OnceResource::new_blocking(async { load().await.map_err(|error| context::public(&error)) });
    provide_context(frame);
}

/// The frame, to be awaited.
pub(crate) fn use_frame() -> Loaded {
    expect_context()
}

/// The path and query of this page.
pub(crate) fn here() -> String {
    let location = use_location();
    let search = location.search.get_untracked();
    let query = if search.is_empty() {
        String::new()
    } else {
        format!("?{search}")
    };
    location.pathname.get_untracked() + &query
}

async fn load() -> Result<Frame, Error> {
    let engine = context::engine();
    let me = match context::actor() {
        Some(actor) => Some(engine.me(&actor).await?),
        None => None,
    };
    Ok(Frame {
        needs_set_up: me.is_none() && engine.needs_set_up().await?,
        me,
        now: engine.clock().now().into(),
        sign_up: engine.config().sign_up,
        flash: context::take_flash().await?,
    })
}
