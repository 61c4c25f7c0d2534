//! Sources: a user's configured uses of connectors. What a server makes of them is [`crate::servers`]' matter.

mod change;
mod test;
mod view;

pub(crate) use change::not_edited;

use crate::{Engine, configuration, uses::Use};
use patchbay_domain::{
    ids::{SourceId, UserId},
    source::BindingState,
};
use serde_json::{Map, Value, json};

/// How many sources a user can have.
pub(crate) const SOURCES_MAX: u32 = 1000;
/// The field of a request, and the name that errors of a source's configuration begin with.
pub(crate) const METADATA: &str = "source_metadata";

/// Which sources a list shows.
#[derive(Debug, Clone, Default)]
pub struct SourceFilter {
    /// Part of a name or type, whatever its case.
    pub q: Option<String>,
    /// Only those of this type.
    pub kind: Option<String>,
}

impl SourceFilter {
    /// What is searched for; nothing when that is everything.
    pub(crate) fn needle(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }
}

/// A source that is only named, without a look at its configuration.
#[derive(Debug, Clone)]
pub struct SourceBrief {
    /// Its identifier.
    pub id: SourceId,
    /// The name of the connector that it is a use of.
    pub kind: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Why it contributes no tools; nothing where its connector is there and switched on.
    pub idle: Option<BindingState>,
}

/// A source to be stored: checked and sealed.
#[derive(Debug)]
pub(crate) struct NewSource<'a> {
    pub(crate) id: SourceId,
    pub(crate) user: UserId,
    pub(crate) kind: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) metadata: &'a SealedMetadata,
}

/// A source's configuration as it is stored.
#[derive(Debug)]
pub(crate) struct SealedMetadata {
    pub(crate) sealed: Vec<u8>,
    /// JSON pointers, as JSON, to what was secret in it when it was sealed.
    pub(crate) secret_places: String,
    /// JSON that anybody may read who reads the database.
    pub(crate) shown: String,
}

/// What binds a source's sealed configuration to its row.
pub(crate) fn metadata_purpose(id: SourceId) -> String {
    format!("sources.sealed_metadata:{id}")
}

impl Engine {
    /// Seals a source's configuration, with what is secret in it by its JSON pointers.
    pub(crate) fn seal_metadata(
        &self,
        id: SourceId,
        metadata: &Value,
        schema: Option<&Value>,
        secret_places: &[String],
    ) -> SealedMetadata {
        let shown = configuration::masked(schema, secret_places, metadata.clone());
        SealedMetadata {
            sealed: self
                .vault()
                .seal(&metadata_purpose(id), metadata.to_string().as_bytes()),
            secret_places: json!(secret_places).to_string(),
            shown: storable(shown).to_string(),
        }
    }
}

/// What is secret by the schema of today, if anybody can say.
fn places_by_schema(used: Option<&Use>, metadata: &Value) -> Vec<String> {
    let schema = used.and_then(|used| used.schema.as_ref());
    schema.map_or_else(Vec::new, |schema| configuration::secret_places(Some(schema), metadata))
}

/// The same without the one character that `jsonb` doesn't take.
fn storable(value: Value) -> Value {
    let replaced = |text: &str| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(text) => replaced(&text).into(),
        Value::Array(items) => items.into_iter().map(storable).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, field)| (replaced(&key), storable(field)));
            fields.collect::<Map<_, _>>().into()
        }
        other => other,
    }
}
