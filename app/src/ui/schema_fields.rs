//! The fields of a form that a JSON Schema asks for.

use super::{Control, Field, Form};
use leptos::prelude::*;
use patchbay_domain::schema_form::{FieldKind, MASK, SchemaField, SchemaForm};

/// The fields, sent as `{prefix}[{key}]`.
#[component]
pub(crate) fn SchemaFields(
    /// The form that they are a part of.
    form: Form,
    /// Which ones.
    fields: SchemaForm,
    /// The name of the map that they are sent in.
    #[prop(into)]
    prefix: String,
) -> AnyView {
    let fields = fields.fields.into_iter();
    fields.map(|field| one(form, field, &prefix)).collect_view().into_any()
}

fn one(form: Form, field: SchemaField, prefix: &str) -> AnyView {
    let control = match field.kind {
        FieldKind::Open(kind) if *kind == FieldKind::Json => Control::Json,
        // A number can't be typed into a field for numbers when it may be something else.
        FieldKind::Text | FieldKind::Open(_) => Control::Line("text"),
        // A secret that is no text is typed like one: its mask is.
        FieldKind::Password | FieldKind::Masked(_) => Control::Line("password"),
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
    let is_stored = field.default.as_deref() == Some(MASK);
    let help = match field.help {
        Some(help) if is_stored => Some(format!("{help} {}", stored(form))),
        None if is_stored => Some(stored(form).to_owned()),
        help => help,
    };
    let mark_optional = !field.required && control != Control::Tick;
    view! {
        <Field
            form
            name=format!("{prefix}[{}]", field.key)
            error_key=format!("{prefix}.{}", field.name)
            label=field.label
            control=control
            help=help.unwrap_or_default()
            placeholder=field.placeholder.unwrap_or_default()
            value=field.default.unwrap_or_default()
            required=field.required
            mark_optional=mark_optional
            autocomplete=autocomplete
        />
    }
    .into_any()
}

/// What is said about a secret that is stored. What was typed in its place isn't kept for a second try.
fn stored(form: Form) -> &'static str {
    if form.is_second_try() {
        "Stored, and not shown. If you typed another one, type it again."
    } else {
        "Stored, and not shown. It stays as it is unless you type another one."
    }
}
