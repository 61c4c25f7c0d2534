//! The form of a configuration, from what its connector says about it.

use crate::context::Reply;
use patchbay_domain::{
    connector::{ConnectorMode, ConnectorView},
    field::{FieldError, FieldErrors},
    schema_form::SchemaForm,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The fields that a schema asks for, and some lines of JSON for what it doesn't name.
#[derive(Debug, Clone)]
pub(crate) struct ConfigurationForm {
    /// The fields.
    pub(super) fields: SchemaForm,
    /// The lines of JSON, if there are some.
    pub(super) json: Option<Json>,
}

/// A JSON object, typed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Json {
    /// Whether it is all of the configuration.
    pub(super) is_all: bool,
    /// What stands there at first.
    pub(super) text: String,
}

impl ConfigurationForm {
    /// For this connector, or for one that isn't there yet: then nobody knows what it will ask for.
    pub(crate) fn of(connector: Option<&ConnectorView>) -> Self {
        let nothing = SchemaForm { fields: Vec::new() };
        match connector.map(|it| (it.config_params.as_ref(), it)) {
            Some((Some(schema), it)) => {
                let fields = SchemaForm::parse_with(schema, it.config_ui_schema.as_ref());
                let is_open = fields.fields.is_empty() && schema["additionalProperties"] != Value::Bool(false);
                let json = is_open.then(Json::all);
                Self { fields, json }
            }
            Some((None, it)) if it.summary.mode != ConnectorMode::Deactive => Self {
                fields: nothing,
                json: None,
            },
            _ => Self {
                fields: nothing,
                json: Some(Json::all()),
            },
        }
    }

    /// With what is stored in it. What no field is for can be edited all the same: it may be why the rest doesn't fit.
    #[must_use]
    pub(crate) fn filled(self, stored: &Value) -> Self {
        let beyond = self.fields.beyond(stored);
        let is_all = self.json.is_some();
        let json = (is_all || !beyond.is_empty()).then(|| Json {
            is_all,
            text: serde_json::to_string_pretty(&beyond).unwrap_or_default(),
        });
        Self {
            fields: self.fields.filled(stored),
            json,
        }
    }

    /// Whether there is nothing to configure.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.fields.is_empty() && self.json.is_none()
    }

    /// The configuration that was typed. Errors are named `{prefix}.{field}`, all at once.
    pub(crate) fn read(
        &self,
        prefix: &str,
        typed: &BTreeMap<String, String>,
        json: &str,
    ) -> Result<Value, FieldErrors> {
        let fields = self.fields.to_object(typed, prefix);
        let rest = self.rest(prefix, json);
        match (fields, rest) {
            (Ok(Value::Object(fields)), Ok(mut object)) => {
                object.extend(fields);
                Ok(Value::Object(object))
            }
            (Ok(other), Ok(_)) => Ok(other),
            (Err(mut errors), Err(more)) => {
                errors.0.extend(more.0);
                Err(errors)
            }
            (Err(errors), _) | (_, Err(errors)) => Err(errors),
        }
    }

    /// Notes what was typed, but for secrets.
    pub(crate) fn keep(&self, reply: &mut Reply, prefix: &str, typed: &BTreeMap<String, String>, json: &str) {
        reply.keep_fields(&self.fields, prefix, typed);
        if self.json.is_some() {
            reply.keep_also(&json_field(prefix), json);
        }
    }

    fn rest(&self, prefix: &str, json: &str) -> Result<Map<String, Value>, FieldErrors> {
        if self.json.is_none() || json.trim().is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_str(json) {
            Ok(Value::Object(object)) => Ok(object),
            _ => {
                let expected = "a JSON object".to_owned();
                Err(FieldErrors::one(prefix, FieldError::Malformed { expected }))
            }
        }
    }
}

impl Json {
    fn all() -> Self {
        Self {
            is_all: true,
            text: "{}".to_owned(),
        }
    }
}

/// The field in which the lines of JSON are sent.
pub(super) fn json_field(prefix: &str) -> String {
    format!("{prefix}_json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(schema: &Value) -> ConfigurationForm {
        let fields = SchemaForm::parse(schema);
        ConfigurationForm { fields, json: None }
    }

    fn unknown() -> ConfigurationForm {
        ConfigurationForm::of(None)
    }

    fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn what_nobody_describes_is_typed_as_json() {
        let read = |json: &str| unknown().read("it", &BTreeMap::new(), json);
        assert_eq!(read(r#"{"a":[1]}"#).unwrap(), json!({"a": [1]}));
        assert_eq!(read(" ").unwrap(), json!({}));
        for bad in ["[1]", "{", "null", "1"] {
            assert!(read(bad).unwrap_err().get("it").is_some(), "{bad} was taken");
        }
    }

    #[test]
    fn what_the_schema_does_not_name_any_more_stays_and_can_be_edited() {
        let form = form(&json!({"properties": {"size": {"type": "integer"}}}));
        let filled = form.filled(&json!({"size": 3, "colour": "red"}));
        let json = filled.json.clone().unwrap();
        assert!(!json.is_all);
        let read = filled.read("it", &typed(&[("size", "4")]), &json.text).unwrap();
        assert_eq!(read, json!({"colour": "red", "size": 4}));
        let errors = filled.read("it", &typed(&[("size", "x")]), "{").unwrap_err();
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["it", "it.size"]);
    }

    #[test]
    fn what_is_described_has_no_json() {
        let form = form(&json!({"properties": {"size": {"type": "integer"}}}));
        assert!(form.filled(&json!({"size": 3})).json.is_none());
    }
}
