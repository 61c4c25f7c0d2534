//! The server's half of a form: what waited for it in the session.

use super::{Alert, FormSeed, Words, element_id, live_form::InPlace};
use crate::{context::FormFlash, layout::Frame};
use leptos::prelude::*;

/// A form of a page: its name, and what was typed into it when it was last sent without scripts. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    id: StoredValue<String>,
    flash: StoredValue<Option<FormFlash>>,
}

/// The form of this name on this page.
pub(crate) fn form(id: &str) -> Form {
    let flash = use_context::<Frame>().and_then(|frame| frame.flash.form);
    Form {
        id: StoredValue::new(id.to_owned()),
        flash: StoredValue::new(flash.filter(|flash| flash.form == id)),
    }
}

impl Form {
    /// What its island has to know.
    pub(crate) fn seed(self) -> FormSeed {
        FormSeed {
            id: self.id.get_value(),
            error: self.flash.with_value(|flash| flash.as_ref()?.error.clone()),
            trial: self.flash.with_value(|flash| flash.as_ref()?.trial.clone()),
        }
    }

    /// Whether it was sent before and is shown again.
    pub(crate) fn is_second_try(self) -> bool {
        self.flash.with_value(Option::is_some)
    }

    /// What was typed.
    pub(crate) fn typed(self, field: &str) -> Option<String> {
        self.flash
            .with_value(|flash| flash.as_ref()?.values.get(field).cloned())
    }

    /// What was wrong with a field.
    pub(crate) fn error_of(self, field: &str) -> Option<String> {
        self.flash
            .with_value(|flash| flash.as_ref()?.error.as_ref()?.of_field(field))
    }

    /// The element id of a field.
    pub(crate) fn element(self, field: &str) -> String {
        self.id.with_value(|id| element_id(id, field))
    }
}

/// A form that is always sent the plain way, because all of the page changes with it: signing in, say.
#[component]
pub(crate) fn PlainForm(
    /// Its state.
    form: Form,
    /// Where it is sent to.
    action: &'static str,
    children: Children,
) -> impl IntoView {
    let FormSeed { id, error, .. } = form.seed();
    view! {
        <form class="form" method="post" action=action>
            <Alert form=id error=Signal::stored(error) words=Words::default()/>
            {children()}
        </form>
    }
}

/// A form that answers in place where there are scripts, and is sent the plain way where there are none.
#[component]
pub(crate) fn InPlaceForm(
    /// Its state.
    form: Form,
    /// Where it is sent to: a server function whose answer is [`crate::outcome::Done`].
    action: &'static str,
    /// What is said when it is refused; mostly what didn't happen, as "The token was not created".
    #[prop(into)]
    words: Words,
    /// How it is laid out.
    #[prop(default = "form")]
    class: &'static str,
    /// Its element id, where buttons outside of it belong to it.
    #[prop(optional)]
    name: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <InPlace seed=form.seed() action=action.to_owned() words class=class.to_owned() name=name.to_owned()>{children()}</InPlace>
    }
}

/// A value that the form sends along.
#[component]
pub(crate) fn Hidden(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}
