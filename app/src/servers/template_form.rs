//! The form of a template's arguments, from its schema.

use patchbay_domain::{
    field::{FieldError, FieldErrors},
    schema_form::SchemaForm,
    tool::TemplateView,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The map in which the arguments are sent.
pub(super) const ARGUMENTS: &str = "template_args";
/// The field for the arguments of a template that doesn't say what they are.
pub(super) const AS_JSON: &str = "args_as_json";

/// The form of a template's arguments.
#[derive(Debug)]
pub(super) enum TemplateForm {
    /// The template says what they are.
    Fields(SchemaForm),
    /// It doesn't, so they are typed as JSON.
    Json,
}

impl TemplateForm {
    /// This template's.
    pub(super) fn of(template: &TemplateView) -> Self {
        match &template.input_schema {
            Some(schema) => Self::Fields(SchemaForm::parse_template(schema)),
            None => Self::Json,
        }
    }

    /// The arguments that were typed.
    pub(super) fn read(&self, fields: &BTreeMap<String, String>, json: &str) -> Result<Value, FieldErrors> {
        match self {
            Self::Fields(form) => form.to_object(fields, ARGUMENTS),
            Self::Json => {
                let object = serde_json::from_str(json).ok().filter(Value::is_object);
                object.ok_or_else(|| {
                    let expected = "a JSON object".to_owned();
                    FieldErrors::one(ARGUMENTS, FieldError::Malformed { expected })
                })
            }
        }
    }
}
