//! Checking a configuration: its form, and whether it fits a JSON Schema.

use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::{Map, Value};

/// The most field errors that one answer carries.
pub(super) const ERRORS_MAX: usize = 20;
/// The largest configuration, as JSON text.
pub const BYTES_MAX: usize = 64 * 1024;

/// Whether it is an object, and not too large.
pub(crate) fn check_form(field: &str, configuration: &Value) -> Result<(), FieldErrors> {
    let error = if !configuration.is_object() {
        FieldError::Malformed {
            expected: "a JSON object".into(),
        }
    } else if configuration.to_string().len() > BYTES_MAX {
        FieldError::Refused {
            reason: "At most 64 KiB as JSON.".into(),
        }
    } else {
        return Ok(());
    };
    Err(FieldErrors::one(field, error))
}

/// A schema, made ready to check configurations with.
pub(crate) enum Checker {
    /// Nothing may be configured.
    Closed,
    /// The connector's schema can't be used.
    Broken,
    Ready(Box<jsonschema::Validator>),
}

impl Checker {
    pub(crate) fn of(schema: Option<&Value>) -> Self {
        match schema.map(jsonschema::validator_for) {
            None => Self::Closed,
            Some(Err(_)) => Self::Broken,
            Some(Ok(validator)) => Self::Ready(Box::new(validator)),
        }
    }

    /// Checks a configuration. Field errors are named `<field>.<path>`; the schema itself was checked when the connector
    /// was activated. Values are never repeated in an error: they may be secret.
    pub(crate) fn check(&self, field: &str, configuration: &Value) -> Result<(), FieldErrors> {
        let refused = |reason: &str| {
            let reason = reason.to_owned();
            Err(FieldErrors::one(field, FieldError::Refused { reason }))
        };
        check_form(field, configuration)?;
        let is_empty = configuration.as_object().is_none_or(Map::is_empty);
        let validator = match self {
            Self::Closed if is_empty => return Ok(()),
            Self::Closed => return refused("This connector takes no configuration."),
            Self::Broken => return refused("The connector's own schema can't be used. Tell its superuser."),
            Self::Ready(validator) => validator,
        };
        let mut errors = FieldErrors::default();
        for error in validator.iter_errors(configuration).take(ERRORS_MAX) {
            let mut path = format!("{field}{}", error.instance_path().as_str().replace('/', "."));
            let field_error = match error.kind() {
                jsonschema::error::ValidationErrorKind::Required { property } => {
                    if let Some(name) = property.as_str() {
                        path = format!("{path}.{name}");
                    }
                    FieldError::Required
                }
                _ => FieldError::Refused {
                    reason: sentence(&error.masked().to_string()),
                },
            };
            errors.add(&path, field_error);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

pub(crate) fn sentence(text: &str) -> String {
    let mut text = text.replacen("value", "This value", usize::from(text.starts_with("value")));
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_breaks_the_schema_is_named_and_never_repeated() {
        let schema = json!({
            "type": "object",
            "required": ["notebook"],
            "properties": {"notebook": {"type": "string"}, "max": {"type": "integer", "maximum": 5}, "key": {"maxLength": 3}},
            "additionalProperties": false
        });
        let check =
            |schema: Option<&Value>, configuration: &Value| Checker::of(schema).check("configuration", configuration);
        assert_eq!(check(Some(&schema), &json!({"notebook": "main"})), Ok(()));
        let errors = check(Some(&schema), &json!({"max": 9, "key": "hunter2"})).unwrap_err();
        assert_eq!(errors.get("configuration.notebook"), Some(&FieldError::Required));
        assert!(errors.get("configuration.max").is_some());
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
        assert!(check(Some(&schema), &json!([])).is_err());
        assert!(check(None, &json!({})).is_ok());
        assert!(check(None, &json!({"a": 1})).is_err());
    }

    #[test]
    fn a_configuration_is_an_object_of_a_bounded_size() {
        assert!(check_form("f", &json!({"a": "b"})).is_ok());
        for bad in [json!([]), json!(null), json!("{}"), json!({"a": "b".repeat(64 * 1024)})] {
            assert!(check_form("f", &bad).unwrap_err().get("f").is_some());
        }
    }
}
