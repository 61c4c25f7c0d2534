//! What one source of this connector is configured with.
//!
//! Patchbay stores a configuration per source, checks it against [`params_schema`], and sends it along with every
//! call as `_meta["dev.patchbay/source"]`. So one running connector serves many differently configured sources and
//! keeps nothing about any of them. A call without that key (another MCP client, say) gets the defaults.

use rmcp::model::RequestMetaObject;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ToolError;

/// The key in a request's `_meta` that carries the source.
pub(crate) const SOURCE_KEY: &str = "dev.patchbay/source";

const NOTEBOOK_MAX: usize = 64;
const SIGNATURE_MAX: usize = 200;
const RESULTS_DEFAULT: usize = 20;
const RESULTS_MAX: usize = 100;

/// A source's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The notebook that is used; there is no way to reach another one.
    pub(crate) notebook: String,
    /// Whether writing is refused.
    pub(crate) read_only: bool,
    /// How many notes a list or a search returns at most.
    pub(crate) max_results: usize,
    /// What is put below new notes; may be empty.
    pub(crate) signature: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notebook: "main".to_owned(),
            read_only: false,
            max_results: RESULTS_DEFAULT,
            signature: String::new(),
        }
    }
}

/// The value under [`SOURCE_KEY`], as far as it matters here: its `id` and `type` are left unread.
#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    metadata: Option<Settings>,
}

impl Settings {
    /// The settings that a call came with.
    pub(crate) fn of_call(meta: &RequestMetaObject) -> Result<Self, ToolError> {
        let Some(source) = meta.get(SOURCE_KEY) else {
            return Ok(Self::default());
        };
        let source = Source::deserialize(source).map_err(|error| ToolError::Configuration(error.to_string()))?;
        let mut settings = source.metadata.unwrap_or_default();
        settings.notebook = settings.notebook.trim().to_owned();
        settings.signature = settings.signature.trim().to_owned();
        settings.check()?;
        Ok(settings)
    }

    /// The same, for a call that writes.
    pub(crate) fn of_write(meta: &RequestMetaObject) -> Result<Self, ToolError> {
        let settings = Self::of_call(meta)?;
        if settings.read_only {
            Err(ToolError::ReadOnly)
        } else {
            Ok(settings)
        }
    }

    // Patchbay has checked all this already, but it isn't the only one who can call.
    fn check(&self) -> Result<(), ToolError> {
        let wrong = |what: String| Err(ToolError::Configuration(what));
        if !(1..=NOTEBOOK_MAX).contains(&self.notebook.chars().count()) {
            return wrong(format!("notebook must have 1 to {NOTEBOOK_MAX} characters"));
        }
        if !(1..=RESULTS_MAX).contains(&self.max_results) {
            return wrong(format!("max_results must be from 1 to {RESULTS_MAX}"));
        }
        if self.signature.chars().count() > SIGNATURE_MAX {
            return wrong(format!("signature must have at most {SIGNATURE_MAX} characters"));
        }
        Ok(())
    }
}

/// The JSON Schema of the configuration, from which Patchbay makes its form.
pub(crate) fn params_schema() -> Value {
    let defaults = Settings::default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Notes",
        "properties": {
            "notebook": {
                "type": "string",
                "title": "Notebook",
                "description": "Which notebook to use. Sources with the same notebook share its notes; one that doesn't exist yet begins empty.",
                "default": defaults.notebook,
                "examples": ["main", "work"],
                "minLength": 1,
                "maxLength": NOTEBOOK_MAX,
            },
            "read_only": {
                "type": "boolean",
                "title": "Read-only",
                "description": "Refuse to add, change and delete notes.",
                "default": defaults.read_only,
            },
            "max_results": {
                "type": "integer",
                "title": "Most results",
                "description": "How many notes a list or a search returns at most.",
                "default": defaults.max_results,
                "minimum": 1,
                "maximum": RESULTS_MAX,
            },
            "signature": {
                "type": "string",
                "format": "textarea",
                "title": "Signature",
                "description": "Put below the text of every new note. Leave empty for none.",
                "examples": ["— written by an agent"],
                "maxLength": SIGNATURE_MAX,
            },
        },
        "required": ["notebook"],
        "additionalProperties": false,
    })
}

/// How the form is laid out, for clients that read more than the schema.
pub(crate) fn ui_schema() -> Value {
    json!({
        "ui:order": ["notebook", "read_only", "max_results", "signature"],
        "notebook": { "ui:placeholder": "main" },
        "read_only": { "ui:widget": "checkbox" },
        "max_results": { "ui:widget": "updown" },
        "signature": { "ui:widget": "textarea", "ui:placeholder": "— written by an agent" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(value: Value) -> RequestMetaObject {
        serde_json::from_value(value).unwrap()
    }

    fn sent(metadata: &Value) -> RequestMetaObject {
        meta(json!({ SOURCE_KEY: { "id": "7f", "type": "notes", "metadata": metadata } }))
    }

    #[test]
    fn a_call_without_a_source_gets_the_defaults() {
        assert_eq!(
            Settings::of_call(&meta(json!({ "progressToken": 1 }))).unwrap(),
            Settings::default()
        );
        assert_eq!(
            Settings::of_call(&meta(json!({ SOURCE_KEY: { "id": "7f" } }))).unwrap(),
            Settings::default()
        );
        assert_eq!(Settings::of_call(&sent(&Value::Null)).unwrap(), Settings::default());
    }

    #[test]
    fn what_the_source_says_is_used_and_the_rest_stays_default() {
        let settings = Settings::of_call(&sent(&json!({ "notebook": " work ", "max_results": 3 }))).unwrap();
        assert_eq!(
            settings,
            Settings {
                notebook: "work".to_owned(),
                max_results: 3,
                ..Settings::default()
            }
        );
    }

    #[test]
    fn a_wrong_configuration_is_named_as_such() {
        for metadata in [
            json!({ "notebook": " " }),
            json!({ "notebook": "n".repeat(NOTEBOOK_MAX + 1) }),
            json!({ "notebook": 5 }),
            json!({ "max_results": 0 }),
            json!({ "max_results": RESULTS_MAX + 1 }),
            json!({ "max_results": "many" }),
            json!({ "signature": "s".repeat(SIGNATURE_MAX + 1) }),
            json!("main"),
        ] {
            let error = Settings::of_call(&sent(&metadata)).unwrap_err();
            assert!(matches!(error, ToolError::Configuration(_)), "{metadata}: {error}");
        }
    }

    #[test]
    fn a_read_only_source_is_refused_writing_only() {
        let read_only = sent(&json!({ "notebook": "main", "read_only": true }));
        assert!(Settings::of_call(&read_only).unwrap().read_only);
        assert!(matches!(Settings::of_write(&read_only), Err(ToolError::ReadOnly)));
    }

    #[test]
    fn the_schema_has_the_fields_in_the_forms_order_and_the_defaults_of_the_settings() {
        let schema = params_schema();
        let properties = schema["properties"].as_object().unwrap();
        let order: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(order, ["notebook", "read_only", "max_results", "signature"]);
        assert_eq!(json!(order), ui_schema()["ui:order"]);
        let defaults = properties
            .iter()
            .filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())))
            .collect();
        assert_eq!(
            Settings::of_call(&sent(&Value::Object(defaults))).unwrap(),
            Settings::default()
        );
    }
}
