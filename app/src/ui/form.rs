//! Forms that are whole without scripts and better with them.
//!
//! A form is an `ActionForm` around a [`FormBody`]. Without scripts the browser posts it, the server keeps what was typed
//! and what was wrong in the session, and the next page's form shows both. With scripts the answer comes back to the form
//! itself: an error is shown in place and nothing typed is touched; success moves on to the page that the answer names.

use crate::{
    browser,
    error::AppError,
    layout::use_site,
    outcome::{Done, FormFlash},
};
use leptos::{
    prelude::*,
    server_fn::{ServerFn, client::Client},
};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// The words for an error, given what the form is for.
pub(crate) type Explain = fn(&AppError) -> String;

/// What a form and its fields know of themselves.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    id: StoredValue<String>,
    error: Signal<Option<AppError>>,
    pending: Signal<bool>,
    flash: StoredValue<Option<FormFlash>>,
    explain: Explain,
}

impl FormState {
    /// A form by its name on the page, with its answers and whether one is awaited.
    pub(crate) fn new(
        id: &str,
        explain: Explain,
        answer: impl Fn() -> Option<Option<AppError>> + Send + Sync + 'static,
        pending: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let flash = use_site().flash_of(id);
        let error = flash.as_ref().and_then(|flash| flash.error.clone());
        Self {
            id: StoredValue::new(id.to_owned()),
            error: Signal::derive(move || answer().unwrap_or_else(|| error.clone())),
            pending: Signal::derive(pending),
            flash: StoredValue::new(flash),
            explain,
        }
    }

    /// What was typed before the form was refused.
    pub(crate) fn typed(self, field: &str) -> Option<String> {
        self.flash
            .with_value(|flash| flash.as_ref()?.values.get(field).cloned())
    }

    /// Whether this form was sent before and is shown again.
    pub(crate) fn is_second_try(self) -> bool {
        self.flash.with_value(Option::is_some)
    }

    /// What came of it, where it is for trying something.
    pub(crate) fn trial(self) -> Option<patchbay_domain::tool::ToolTrial> {
        self.flash.with_value(|flash| flash.as_ref()?.trial.clone())
    }

    /// What is wrong with a field.
    pub(crate) fn error_of(self, field: String) -> Signal<Option<String>> {
        Signal::derive(move || self.error.with(|error| error.as_ref()?.of_field(&field)))
    }

    /// The form's own element id.
    pub(crate) fn own_element(self) -> String {
        self.id.with_value(|id| element_id(&format!("{id}-form")))
    }

    /// The element id of a field.
    pub(crate) fn element(self, field: &str) -> String {
        self.id.with_value(|id| element_id(&format!("{id}-{field}")))
    }
}

/// `configuration[notebook]` and `configuration.notebook` are the same element.
fn element_id(name: &str) -> String {
    let dashed: String = name
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

/// A form for a server function whose answer is [`Done`].
pub(crate) fn use_form<S>(id: &str, explain: Explain) -> (ServerAction<S>, FormState)
where
    S: ServerFn<Output = Done, Error = AppError> + Clone + Send + Sync + 'static,
    S::Client: Client<AppError>,
{
    let action = ServerAction::<S>::new();
    let (answer, pending) = (action.value(), action.pending());
    let answer = Signal::derive(move || answer.get());
    let form = FormState::new(
        id,
        explain,
        move || answer.with(|answer| answer.as_ref().map(|answer| answer.as_ref().err().cloned())),
        move || pending.get(),
    );
    go_on_when(answer, form);
    (action, form)
}

/// A form that is always posted plainly, because what it does changes every part of the page: signing in, say.
pub(crate) fn flash_only(id: &str, explain: Explain) -> FormState {
    FormState::new(id, explain, || None, || false)
}

fn go_on_when(answer: Signal<Option<Result<Done, AppError>>>, form: FormState) {
    let site = use_site();
    let navigate = use_navigate();
    Effect::new(move || match answer.get() {
        None => {}
        // What was told before is not about this.
        Some(Err(_)) => site.hush(),
        Some(Ok(done)) => {
            browser::reset(&form.own_element());
            if let Some(notice) = done.notice {
                site.tell(notice, &done.to);
            }
            if site.is_on(&done.to) {
                site.reload();
            }
            if site.is_at(&done.to) {
                browser::scroll_up();
            } else {
                navigate(&done.to, NavigateOptions::default());
            }
        }
    });
}

/// The inside of a form: the alert about what went wrong, and the fields.
#[component]
pub(crate) fn FormBody(form: FormState, children: Children) -> AnyView {
    provide_context(form);
    view! {
        <div class="form-alert" role="alert">
            {move || form.error.get().map(|error| view! { <FormAlert form error/> })}
        </div>
        {children()}
    }
    .into_any()
}

#[component]
fn FormAlert(form: FormState, error: AppError) -> AnyView {
    let text = (form.explain)(&error);
    let detail = match &error {
        // What exactly happened stands beneath words that are about something more general.
        AppError::BadConnector { message } if !text.contains(message) => Some(message.clone()),
        _ => None,
    };
    let request = match &error {
        AppError::Internal { request_id } if !request_id.is_empty() => Some(request_id.clone()),
        _ => None,
    };
    let fields = match &error {
        AppError::Invalid { fields } => fields
            .0
            .iter()
            .map(|(name, error)| (name.clone(), error.to_string()))
            .collect(),
        _ => Vec::new(),
    };
    view! {
        <div class="notice notice-bad">
            <p class="notice-text">{text}</p>
            {detail.map(|detail| view! { <p class="notice-detail">{detail}</p> })}
            {request.map(|id| view! { <p class="notice-detail">"Request " <code>{id}</code></p> })}
            {(!fields.is_empty()).then(|| view! {
                <ul class="notice-list">
                    {fields.into_iter().map(|(name, error)| {
                        let href = format!("#{}", form.element(&name));
                        view! { <li><a href=href rel="external">{readable(&name)}</a>": " {error}</li> }
                    }).collect_view()}
                </ul>
            })}
        </div>
    }
    .into_any()
}

/// `connector_url` and `configuration.connector_url` are read as "Connector url".
fn readable(field: &str) -> String {
    let last = field.rsplit('.').next().unwrap_or(field).replace('_', " ");
    let mut letters = last.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A value that the form sends along.
#[component]
pub(crate) fn Hidden(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}

/// The button that sends the form. It rests while an answer is awaited, and says what takes so long.
#[component]
pub(crate) fn Submit(
    /// What it does.
    label: &'static str,
    /// What is going on when that takes a while.
    #[prop(optional)]
    slow: &'static str,
    /// Whether something is lost by it.
    #[prop(optional)]
    danger: bool,
) -> AnyView {
    let form = expect_context::<FormState>();
    let class = if danger {
        "button button-danger"
    } else {
        "button button-primary"
    };
    view! {
        <div class="submit" class:is-pending=form.pending>
            <button class=class type="submit" disabled=form.pending>
                <span class="spinner" aria-hidden="true"></span>
                {label}
            </button>
            <span role="status">{move || form.pending.get().then(|| view! { <span class="submit-slow">{slow}</span> })}</span>
        </div>
    }
    .into_any()
}
