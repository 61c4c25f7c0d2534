//! Forms that answer in place.
//!
//! Every form is a real one: without scripts the browser posts it, the server keeps what was typed and what was wrong in the
//! session, and the next page's form shows both. With scripts the same form is sent by one: an error is shown in place and
//! nothing typed is touched; success moves on to the page that the answer names. One island serves them all, and knows none of
//! the server functions.

use super::{Alert, Words, sending::Sending};
use crate::{browser, error::AppError, outcome::Done};
use leptos::prelude::*;
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
    /// What the button says that was pressed last; empty where there is only one.
    pub(crate) pressed: RwSignal<String>,
}

impl LiveForm {
    /// Gives the parts of a form what they need: refused with what (or not), once there is an answer.
    pub(crate) fn provide(seed: &FormSeed, refused: Signal<Option<Option<AppError>>>, pending: Signal<bool>) -> Self {
        let before = seed.error.clone();
        let error = Signal::derive(move || refused.get().unwrap_or_else(|| before.clone()));
        let pressed = RwSignal::new(String::new());
        let form = Self {
            error,
            pending,
            pressed,
        };
        provide_context(form);
        form
    }
}

/// A form that answers in place, for a server function whose answer is [`Done`].
#[island]
pub(crate) fn InPlace(
    /// Its state.
    seed: FormSeed,
    /// Where it is sent to.
    action: String,
    /// The words for an error.
    words: Words,
    /// How it is laid out.
    class: String,
    /// What buttons outside of it name it by; empty where there are none.
    name: String,
    children: Children,
) -> impl IntoView {
    let sending = Sending::<Done>::new();
    let Sending { answer, pending } = sending;
    Effect::new(move || {
        answer.with(|answer| match answer {
            Some(Ok(done)) => browser::visit(&done.to),
            // What was told before is not about this.
            Some(Err(_)) => browser::clear("notices"),
            None => {}
        });
    });
    let moving_on = Signal::derive(move || pending.get() || answer.with(|answer| matches!(answer, Some(Ok(_)))));
    let live = LiveForm::provide(&seed, sending.refused(), moving_on);
    let to = action.clone();
    let name = Some(name).filter(|name| !name.is_empty());
    view! {
        <form id=name class=class method="post" action=action on:submit=move |event| sending.send(&event, to.clone())>
            <Alert form=seed.id error=live.error words/>
            {children()}
        </form>
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
