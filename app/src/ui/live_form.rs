//! Forms that answer in place.
//!
//! Every form is a real one: without scripts the browser posts it, the server keeps what was typed and what was wrong in the
//! session, and the next page's form shows both. With scripts the form is an island around an `ActionForm`: an error is shown
//! in place and nothing typed is touched; success moves on to the page that the answer names.

use crate::{browser, error::AppError, outcome::Done};
use leptos::{
    prelude::*,
    server_fn::{ServerFn, client::Client},
};
use patchbay_domain::tool::ToolTrial;
use serde::{Deserialize, Serialize};

/// What a form's island is given by the page around it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FormSeed {
    /// The form's name on its page.
    pub(crate) id: String,
    /// What was wrong when it was last sent without scripts.
    pub(crate) error: Option<AppError>,
    /// What came of trying a tool without scripts.
    pub(crate) trial: Option<ToolTrial>,
}

/// What the parts of a form know of it. In the context of what stands inside its island.
#[derive(Clone, Copy)]
pub(crate) struct LiveForm {
    /// Why it was last refused, if it was.
    pub(crate) error: Signal<Option<AppError>>,
    /// Whether an answer, or the page after it, is awaited.
    pub(crate) pending: Signal<bool>,
}

/// A form for a server function whose answer is [`Done`].
pub(crate) fn live_form<S>(seed: &FormSeed) -> (ServerAction<S>, LiveForm)
where
    S: ServerFn<Output = Done, Error = AppError> + Clone + Send + Sync + 'static,
    S::Client: Client<AppError>,
{
    let action = ServerAction::<S>::new();
    let (answer, pending) = (action.value(), action.pending());
    let form = LiveForm::new(seed, Signal::derive(move || answer.get()), pending.into());
    (action, form)
}

impl LiveForm {
    fn new(seed: &FormSeed, answer: Signal<Option<Result<Done, AppError>>>, waiting: Signal<bool>) -> Self {
        Effect::new(move || {
            match answer.get() {
                Some(Ok(done)) => browser::visit(&done.to),
                // What was told before is not about this.
                Some(Err(_)) => browser::clear("notices"),
                None => {}
            }
        });
        let refused = Signal::derive(move || answer.with(|answer| Some(answer.as_ref()?.as_ref().err().cloned())));
        let moving_on = Signal::derive(move || waiting.get() || answer.with(|answer| matches!(answer, Some(Ok(_)))));
        Self::provide(seed, refused, moving_on)
    }

    /// For a form whose answer is something else: refused with what (or not), once there is an answer.
    pub(crate) fn provide(seed: &FormSeed, refused: Signal<Option<Option<AppError>>>, pending: Signal<bool>) -> Self {
        let before = seed.error.clone();
        let error = Signal::derive(move || refused.get().unwrap_or_else(|| before.clone()));
        let form = Self { error, pending };
        provide_context(form);
        form
    }
}

/// The element id of a form's field; `configuration[notebook]` and `configuration.notebook` are the same one.
pub(crate) fn element_id(form: &str, field: &str) -> String {
    let dashed: String = format!("{form}-{field}")
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '_' {
                letter
            } else {
                '-'
            }
        })
        .collect();
    dashed.trim_end_matches('-').to_owned()
}
