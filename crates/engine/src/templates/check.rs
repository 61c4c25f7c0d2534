//! A template's arguments against its input schema, before anything is filled in: what is fixed must be right already,
//! what a placeholder stands for can't be judged yet.

use super::{
    placeholders::{Part, count, parts},
    schema::Input,
};
use crate::configuration::sentence;
use jsonschema::{ValidationError, error::ValidationErrorKind as Kind};
use patchbay_domain::field::{FieldError, FieldErrors};
use serde_json::{Map, Value};

/// The field that errors are named after.
const FIELD: &str = "template_args";
/// The most field errors that one answer carries.
const ERRORS_MAX: usize = 20;

/// Notes what the schema refuses, whatever is filled in. A schema that can't be used judges nothing: the upstream does.
pub(super) fn check(args: &Map<String, Value>, inputs: &[Input], schema: &Value, errors: &mut FieldErrors) {
    let Ok(validator) = jsonschema::validator_for(schema) else {
        return;
    };
    let args = Value::Object(args.clone());
    let refused = validator.iter_errors(&args).filter(|error| is_certain(error, inputs));
    for error in refused.take(ERRORS_MAX) {
        let path = format!("{FIELD}{}", error.instance_path().as_str().replace('/', "."));
        match error.kind() {
            Kind::Required { property } => match property.as_str() {
                Some(name) => errors.add(&format!("{path}.{name}"), FieldError::Required),
                None => errors.add(&path, FieldError::Required),
            },
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(ERRORS_MAX) {
                    let reason = "The template has no such argument.".into();
                    errors.add(&format!("{path}.{name}"), FieldError::Refused { reason });
                }
            }
            _ => {
                let reason = sentence(&error.masked().to_string());
                errors.add(&path, FieldError::Refused { reason });
            }
        }
    }
}

/// Whether it stays an error, whatever is filled in.
fn is_certain(error: &ValidationError<'_>, inputs: &[Input]) -> bool {
    let instance = error.instance();
    if count(instance) == 0 {
        return true;
    }
    match error.kind() {
        Kind::Type { .. } => match &**instance {
            // A text it will be, unless a value of another type takes its whole place.
            Value::String(text) => match *parts(text) {
                [Part::Placeholder(name)] => inputs.iter().any(|input| input.name == name && input.text),
                _ => true,
            },
            _ => true,
        },
        Kind::Required { .. }
        | Kind::AdditionalProperties { .. }
        | Kind::AdditionalItems { .. }
        | Kind::PropertyNames { .. }
        | Kind::MinItems { .. }
        | Kind::MaxItems { .. }
        | Kind::MinProperties { .. }
        | Kind::MaxProperties { .. }
        | Kind::FalseSchema => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{budget::Budget, schema::inputs};
    use serde_json::json;

    fn refused(args: &Value) -> Vec<String> {
        let schema = json!({
            "type": "object",
            "required": ["tag"],
            "additionalProperties": false,
            "properties": {
                "tag": {"type": "string", "minLength": 3, "pattern": "^[a-z]+$"},
                "max": {"type": "integer", "maximum": 5},
                "kind": {"enum": ["a", "b"]},
                "list": {"type": "array", "maxItems": 1, "items": {"type": "string"}},
                "either": {"oneOf": [{"type": "integer"}, {"type": "boolean"}]},
            },
        });
        let args = args.as_object().unwrap();
        let mut errors = FieldErrors::default();
        let inputs = inputs(args, Some(&schema), &mut Budget::new(usize::MAX)).unwrap();
        check(args, &inputs, &schema, &mut errors);
        errors.0.into_keys().collect()
    }

    #[test]
    fn what_is_fixed_must_be_right_already() {
        assert_eq!(
            refused(&json!({"tag": "abc", "max": 3, "kind": "a", "list": ["x"]})),
            [""; 0]
        );
        for (args, field) in [
            (json!({}), "template_args.tag"),
            (json!({"tag": 1}), "template_args.tag"),
            (json!({"tag": "ab"}), "template_args.tag"),
            (json!({"tag": "abc", "max": 9}), "template_args.max"),
            (json!({"tag": "abc", "kind": "c"}), "template_args.kind"),
            (json!({"tag": "abc", "list": [1]}), "template_args.list.0"),
            (json!({"tag": "abc", "tga": "{x}"}), "template_args.tga"),
        ] {
            assert_eq!(refused(&args), [field], "{args}");
        }
    }

    #[test]
    fn what_is_filled_in_later_is_judged_as_far_as_it_is_certain() {
        let fine = json!({"tag": "{t}", "max": "{n}", "kind": "{k}", "list": ["{i}"], "either": "{e}"});
        assert_eq!(refused(&fine), [""; 0]);
        for (args, field) in [
            (json!({"tag": "{t}", "max": "No. {n}"}), "template_args.max"),
            (json!({"tag": "{t}", "list": ["{i}", "{j}"]}), "template_args.list"),
            (json!({"tag": "{t}", "list": {"a": "{i}"}}), "template_args.list"),
            (json!({"tag": "{n}", "max": "{n}"}), "template_args.max"),
        ] {
            assert_eq!(refused(&args), [field], "{args}");
        }
    }
}
