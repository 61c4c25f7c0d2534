//! What went wrong with a form, above its fields.

use super::{Words, element_id};
use crate::error::AppError;
use leptos::prelude::*;

/// The place for what went wrong. It is always there, so that screen readers hear of what appears in it.
#[component]
pub(crate) fn Alert(
    /// The form's name on its page.
    #[prop(into)]
    form: String,
    /// What went wrong, if anything did.
    #[prop(into)]
    error: Signal<Option<AppError>>,
    /// The words for it.
    words: Words,
) -> impl IntoView {
    view! {
        <div class="form-alert" role="alert">
            {move || error.get().map(|error| inside(&form, &error, &words))}
        </div>
    }
}

fn inside(form: &str, error: &AppError, words: &Words) -> AnyView {
    let text = words.of(error);
    let way = words.way(error).cloned();
    let detail = match error {
        // What exactly happened stands beneath words that are about something more general.
        AppError::BadConnector { message } if !text.contains(message) => Some(message.clone()),
        AppError::Internal { request_id } | AppError::Refused { request_id, .. } if !request_id.is_empty() => {
            Some(format!("Request {request_id}"))
        }
        _ => None,
    };
    let fields = match error {
        AppError::Invalid { fields } => fields
            .0
            .iter()
            .map(|(name, error)| one(form, name, &error.to_string()))
            .collect(),
        _ => Vec::new(),
    };
    view! {
        <div class="notice notice-bad">
            <p class="notice-text">{text}</p>
            {detail.map(|detail| view! { <p class="notice-detail">{detail}</p> })}
            {way.map(|way| view! { <p class="notice-detail"><a href=way.href>{way.label}</a></p> })}
            {(!fields.is_empty()).then(|| view! { <ul class="notice-list">{fields}</ul> })}
        </div>
    }
    .into_any()
}

fn one(form: &str, name: &str, error: &str) -> AnyView {
    let href = format!("#{}", element_id(form, name));
    view! { <li><a href=href>{readable(name)}</a> {format!(": {error}")}</li> }.into_any()
}

/// `connector_url` and `configuration.connector_url` are read as "Connector url".
fn readable(field: &str) -> String {
    let last = field.rsplit('.').next().unwrap_or(field).replace('_', " ");
    let mut letters = last.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
