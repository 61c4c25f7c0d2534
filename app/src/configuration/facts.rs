//! A configuration, for reading.

use super::form::ConfigurationForm;
use leptos::prelude::*;
use patchbay_domain::schema_form::{FieldKind, MASK};
use serde_json::Value;

/// What is configured, by the names that the form uses; secrets are named and not shown.
#[component]
pub(crate) fn ConfigurationFacts(
    /// The form, without what is stored.
    form: ConfigurationForm,
    /// What is stored, with its masks.
    stored: Value,
) -> AnyView {
    let beyond = form.fields.beyond(&stored);
    let named = form.fields.fields.into_iter().filter_map(|field| {
        let value = stored.get(&field.name)?.clone();
        let is_secret = field.kind == FieldKind::Password;
        Some((field.label, value, is_secret))
    });
    let others = beyond.into_iter().map(|(name, value)| (name, value, false));
    let settings: Vec<_> = named.chain(others).collect();
    if settings.is_empty() {
        return view! { <p class="configured-none">"Nothing is configured."</p> }.into_any();
    }
    view! {
        <dl class="configured">
            {settings.into_iter().map(|(name, value, is_secret)| view! {
                <div><dt>{name}</dt><dd>{shown(&value, is_secret)}</dd></div>
            }).collect_view()}
        </dl>
    }
    .into_any()
}

fn shown(value: &Value, is_secret: bool) -> AnyView {
    match value {
        Value::String(text) if is_secret || text == MASK => {
            view! { <span class="configured-secret">"Stored, and not shown"</span> }.into_any()
        }
        Value::String(text) => view! { <span class="configured-text">{text.clone()}</span> }.into_any(),
        Value::Bool(true) => "Yes".into_any(),
        Value::Bool(false) => "No".into_any(),
        Value::Number(number) => number.to_string().into_any(),
        other => view! { <code class="configured-text">{other.to_string()}</code> }.into_any(),
    }
}
