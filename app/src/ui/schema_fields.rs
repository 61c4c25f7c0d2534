//! The fields of a form that a JSON Schema asks for.

use super::{Control, Field, Form};
use leptos::prelude::*;
use patchbay_domain::schema_form::{FieldKind, SchemaField, SchemaForm};

/// The fields, sent as `{prefix}[{key}]`.
#[component]
pub(crate) fn SchemaFields(
    /// The form that they are a part of.
    form: Form,
    /// Which ones.
    fields: SchemaForm,
    /// The name of the map that they are sent in.
    prefix: &'static str,
) -> impl IntoView {
    fields
        .fields
        .into_iter()
        .map(|field| one(form, field, prefix))
        .collect_view()
}

fn one(form: Form, field: SchemaField, prefix: &str) -> impl IntoView {
    let control = match field.kind {
        FieldKind::Open(kind) if *kind == FieldKind::Json => Control::Json,
        // A number can't be typed into a field for numbers when it may be something else.
        FieldKind::Text | FieldKind::Open(_) => Control::Line("text"),
        FieldKind::Password => Control::Line("password"),
        FieldKind::TextArea => Control::Lines,
        FieldKind::Number(bounds) => Control::Number { bounds, whole: false },
        FieldKind::Integer(bounds) => Control::Number { bounds, whole: true },
        FieldKind::Checkbox => Control::Tick,
        FieldKind::Select(choices) => {
            Control::Select(choices.into_iter().map(|choice| (choice.text, choice.label)).collect())
        }
        FieldKind::Json => Control::Json,
    };
    // A new password is the browser's cue not to fill in the person's own.
    let autocomplete = if control == Control::Line("password") {
        "new-password"
    } else {
        "off"
    };
    let mark_optional = !field.required && control != Control::Tick;
    view! {
        <Field
            form
            name=format!("{prefix}[{}]", field.key)
            error_key=format!("{prefix}.{}", field.name)
            label=field.label
            control=control
            help=field.help.unwrap_or_default()
            placeholder=field.placeholder.unwrap_or_default()
            value=field.default.unwrap_or_default()
            required=field.required
            mark_optional=mark_optional
            autocomplete=autocomplete
        />
    }
}
